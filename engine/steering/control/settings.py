"""What a user asks of one trait, as a frozen value that may be swapped at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from engine.errors import OutOfRange, UnknownName
from engine.steering.control.laws import (
    DECAYS,
    ClosedLoop,
    Constant,
    Decay,
    Law,
    Off,
    ThreeCases,
)
from engine.steering.probes.probe import DIRECTIONS, Direction, ProbeCard
from engine.steering.spec import ARMS, MODES, Arm, Mode

Threshold = Literal["paper", "calibrated"]
THRESHOLDS: tuple[Threshold, ...] = get_args(Threshold)

STRONGEST = 10.0
MOST_STEPS = 1000
EVERY: dict[Arm, int] = {"none": 1, "iti": 1, "smitin": 5, "closed-loop": 2}
"""How many steps lie between two pushes where nothing else is said."""

PACE = 50.0
"""The steps a second that the controller's times are stated for."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a trait is pushed, beside what the user turns; the defaults are the probe's own.

    ``heads`` is how many of the best heads are pushed, "all" for every one, None for what the
    probe advises; ``every`` the steps between two pushes, None for what the arm uses.
    ``soft`` weighs heads by accuracy (the constant arm never does). ``limit`` bounds the
    gate. Raises `OutOfRange` and `UnknownName`.
    """

    heads: int | Literal["all"] | None = None
    every: int | None = None
    direction: Direction = "mean"
    matched: bool = True
    seed: int = 0
    soft: bool = True
    exponent: float = 3.0
    threshold: Threshold = "calibrated"
    decay: Decay = "difference"
    limit: float = 1.0

    def __post_init__(self) -> None:
        _known("direction", self.direction, DIRECTIONS)
        _known("threshold", self.threshold, THRESHOLDS)
        _known("decay", self.decay, DECAYS)
        if self.heads not in (None, "all"):
            _between("The number of heads", self.heads, 1, 2**20)
        if self.every is not None:
            _between("The number of steps between pushes", self.every, 1, MOST_STEPS)
        _between("The exponent of the heads' weights", self.exponent, 0, 20)
        _between("The limit of a gate", self.limit, 0, 2)
        _between("A seed", self.seed, 0, 2**63)


@dataclass(frozen=True, slots=True)
class TraitSetting:
    """One trait as the user has set it.

    ``strength`` is in spreads of the probe's examples, 0 to 10. ``target`` is how sure the
    meter is to be, 0 to 1, of what is asked for: where the trait is removed, of its absence.
    Raises `OutOfRange` and `UnknownName`.
    """

    name: str
    mode: Mode = "off"
    strength: float = 4.0
    target: float = 0.8
    arm: Arm = "closed-loop"
    tuning: Tuning = field(default_factory=Tuning)

    def __post_init__(self) -> None:
        _known("mode", self.mode, MODES)
        _known("arm", self.arm, ARMS)
        _between(f"The strength of {self.name}", self.strength, 0, STRONGEST)
        _between(f"The target of {self.name}", self.target, 0, 1)

    @classmethod
    def signed(
        cls,
        name: str,
        strength: float,
        *,
        target: float = 0.8,
        arm: Arm = "closed-loop",
        tuning: Tuning | None = None,
    ) -> TraitSetting:
        """Return the setting of a strength from -10 to 10; below 0 the trait is removed."""
        if not _is_between(strength, -STRONGEST, STRONGEST):
            raise OutOfRange(
                f"The strength of {name} is {strength!r:.40}.", "Use a number from -10 to 10."
            )
        mode: Mode = "add" if strength > 0 else "remove" if strength < 0 else "off"
        return cls(name, mode, abs(strength), target, arm, tuning or Tuning())

    @property
    def active(self) -> bool:
        """Whether anything may be pushed."""
        return self.mode != "off" and self.arm != "none" and self.strength > 0

    @property
    def sign(self) -> int:
        """1 where the trait is added, -1 where it is removed, 0 where it is let be."""
        return {"add": 1, "off": 0, "remove": -1}[self.mode]

    @property
    def aim(self) -> float:
        """The confidence in the trait that the meter is to show."""
        return 1 - self.target if self.mode == "remove" else self.target


def law(setting: TraitSetting, card: ProbeCard, pace: float = PACE, start: float = 0.0) -> Law:
    """Return a fresh control law for a setting.

    ``pace`` is the model's steps a second, ``start`` the gate that a closed loop takes over.
    """
    arm, tuning = setting.arm, setting.tuning
    every = tuning.every or EVERY[arm]
    if not setting.active:
        return Off()
    if arm == "iti":
        return Constant(every)
    if arm == "smitin":
        return ThreeCases(threshold(setting, card), every, tuning.decay, limit=tuning.limit)
    times = pace / PACE
    return ClosedLoop(
        setting.target,
        every,
        settling=50.0 * times,
        smoothing=12.0 * times,
        rate=0.04 / times,
        limit=tuning.limit,
        start=start,
    )


def threshold(setting: TraitSetting, card: ProbeCard) -> float:
    """Return the threshold that the three-case rule of a setting compares with.

    Where the trait is removed the published threshold is one for its absence, as it comes from
    accuracies; the calibrated one is the same mark on the meter, seen from the other side.
    """
    if setting.tuning.threshold == "paper":
        return card.paper_threshold
    return 1 - card.threshold if setting.mode == "remove" else card.threshold


def _known(kind: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UnknownName(kind, str(name), names)


def _between(what: str, value: object, low: float, high: float) -> None:
    if not _is_between(value, low, high):
        raise OutOfRange(f"{what} is {value!r:.40}.", f"Use a number from {low} to {high}.")


def _is_between(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and low <= value <= high
