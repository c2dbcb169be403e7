"""Control laws: from what the meter says to how much of the push is given."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

Decay = Literal["difference", "proportional"]
DECAYS: tuple[Decay, ...] = get_args(Decay)

_FLOOR = 0.02
"""Confidences are taken to lie between this and 1 minus this: further out probes only boast."""


class Law(Protocol):
    """Decides the gate of one trait, 0 to its limit; numbers only, no tensors.

    ``confidence`` is how sure the meter is of what is asked for: where a trait is removed, 1
    minus the confidence in the trait.
    """

    @property
    def every(self) -> int:
        """How many steps lie between two pushes; `decide` is called as often."""

    def observe(self, confidence: float) -> None:
        """Take a confidence that was read while nothing was pushed, or the best there is."""

    def decide(self) -> float:
        """Return the gate that is in force from now on."""

    def retune(self, target: float, ratio: float) -> None:
        """Take a new target, and what the strength is multiplied with, without a jump."""


@dataclass(slots=True)
class Off:
    """Never pushes."""

    every: int = 1

    def observe(self, confidence: float) -> None:
        """Needs no reading."""

    def decide(self) -> float:
        """Return 0."""
        return 0.0

    def retune(self, target: float, ratio: float) -> None:
        """Have nothing to tune."""


@dataclass(slots=True)
class Constant:
    """Inference-time intervention: the whole push, whatever the meter says."""

    every: int = 1

    def observe(self, confidence: float) -> None:
        """Needs no reading."""

    def decide(self) -> float:
        """Return 1."""
        return 1.0

    def retune(self, target: float, ratio: float) -> None:
        """Have nothing to tune."""


@dataclass(slots=True)
class ThreeCases:
    """SMITIN: stop where the trait is heard, restart where it is missed, decay between.

    ``decay`` is one of the two readings of the published rule: "difference" multiplies the
    gate with 1 - (C(t) - C(t-s)), so that it grows again where the meter falls;
    "proportional" with 1 - ``rate`` x C(t). The gate lies between 0 and ``limit``.
    """

    threshold: float
    every: int = 5
    decay: Decay = "difference"
    rate: float = 0.1
    limit: float = 1.0
    _gate: float = field(default=0.0, init=False)
    _heard: float | None = field(default=None, init=False)
    _before: float | None = field(default=None, init=False)

    def observe(self, confidence: float) -> None:
        """Keep the confidence for the next decision."""
        self._heard = confidence

    def decide(self) -> float:
        """Apply the rule to what was heard last; nothing is pushed before anything is heard."""
        now, before = self._heard, self._before
        if now is None:
            return 0.0
        if now >= self.threshold:
            self._gate = 0.0
        elif self._gate == 0.0:
            self._gate = min(1.0, self.limit)
        elif self.decay == "difference":
            self._gate *= 1 - (now - (now if before is None else before))
        else:
            self._gate *= 1 - self.rate * now
        self._gate = min(max(self._gate, 0.0), self.limit)
        self._before = now
        return self._gate

    def retune(self, target: float, ratio: float) -> None:
        """Have a threshold and no target; a new strength is met by the rule itself."""


@dataclass(slots=True)
class ClosedLoop:
    """Holds the confidence at ``target``: a proportional-integral controller.

    It works on the logit of the confidence, smoothed over ``smoothing`` steps. ``gain`` is the
    gate per logit of error, ``settling`` the steps in which the integral adds as much again.
    The gate lies between 0 and ``limit`` and moves by at most ``rate`` a step. The integral
    is held back while the gate cannot follow; a new strength leaves the push in force as it
    is. ``start`` is the gate to begin with.
    """

    target: float
    every: int = 2
    gain: float = 0.25
    settling: float = 50.0
    smoothing: float = 12.0
    rate: float = 0.04
    limit: float = 1.0
    start: float = 0.0
    _gate: float = field(init=False)
    _integral: float | None = field(default=None, init=False)
    _smoothed: float | None = field(default=None, init=False)
    _sum: float = field(default=0.0, init=False)
    _count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._gate = min(max(self.start, 0.0), self.limit)

    def observe(self, confidence: float) -> None:
        """Add the confidence to those since the last decision."""
        self._sum += logit(confidence)
        self._count += 1

    def decide(self) -> float:
        """Move the gate towards where the target is met, and return it."""
        if self._count:
            heard = self._sum / self._count
            self._sum, self._count = 0.0, 0
            share = 1 - math.exp(-self.every / self.smoothing)
            before = heard if self._smoothed is None else self._smoothed
            self._smoothed = before + share * (heard - before)
        if self._smoothed is None:
            return self._gate
        error = logit(self.target) - self._smoothed
        pull = self.gain * error
        if self._integral is None:
            # A gate that is taken over goes on from where it was; a new one from its error.
            self._integral = self._gate - pull if self._gate else 0.0
        wanted = pull + self._integral + pull * self.every / self.settling
        most = self.rate * self.every
        reached = min(max(wanted, self._gate - most, 0.0), self._gate + most, self.limit)
        if reached == wanted:
            self._integral += pull * self.every / self.settling
        elif (wanted > reached) != (error > 0):
            # Where the gate cannot follow, the integral may only come back.
            self._integral += pull * self.every / self.settling
        self._gate = reached
        return self._gate

    def retune(self, target: float, ratio: float) -> None:
        """Go on from the push in force: ``ratio`` is the new strength over the old.

        A new target pulls at once, as fast as the gate may move.
        """
        if ratio > 0 and self._gate > 0:
            gate = min(self._gate / ratio, self.limit)
            if self._integral is not None and ratio != 1:
                self._integral += gate - self._gate
            self._gate = gate
        self.target = target


def logit(confidence: float) -> float:
    """Return the logit of a confidence; far out it goes no further."""
    held = min(max(confidence, _FLOOR), 1 - _FLOOR)
    return math.log(held / (1 - held))
