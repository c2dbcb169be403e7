"""Controller maps: which control of a device moves what, how far, and along which curve."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.errors import OutOfRange
from engine.midi.controllers.controls import LAST, Control
from engine.midi.controllers.relative_encoders import ENCODINGS, Encoding
from engine.midi.controllers.targets import Target

Takeover = Literal["pickup", "jump"]
"""Whether a knob waits until it stands where its target does, or takes it at once."""

TAKEOVERS: tuple[Takeover, ...] = ("pickup", "jump")

CURVES = ("linear", "exponential", "s-shape")
STEEPEST = 10.0
"""The highest exponent of a curve that is one; its inverse is the lowest."""

MOST = 1024
"""How many bindings a map has at most."""

_RISE = 16.0
"""How many times steeper the exponential curve ends than it begins."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One control and what it moves.

    The control covers ``low`` to ``high`` of the target's values (None: the usual range; it
    may run downwards) along ``curve``: a name, or the exponent of a power. ``threshold`` is
    the share of its way that a knob at rest must move to be heard, ``step`` the share of the
    range that one step of a knob without ends is worth. Raises `OutOfRange`.
    """

    control: Control
    target: Target
    low: float | None = None
    high: float | None = None
    curve: str | float = "linear"
    takeover: Takeover = "pickup"
    encoding: Encoding = "absolute"
    threshold: float = 0.01
    step: float = 0.01

    def __post_init__(self) -> None:
        control, sort = self.control, self.target.sort
        _within("A channel", control.channel + 1, 1, 16)
        _within(f"The number of a {control.kind}", control.number, 0, LAST[control.kind])
        for name, value in (("low", self.low), ("high", self.high)):
            if value is not None and sort.pressed:
                raise OutOfRange(f"{self.target} is done at a press and has no {name}.")
            if value is not None:
                _within(f"{name} of {self.target}", value, sort.least, sort.most)
        if not sort.pressed and self.range[0] == self.range[1]:
            raise OutOfRange(f"low and high of {self.target} are both {self.range[0]:g}.")
        if isinstance(self.curve, str):
            _one_of("A curve", self.curve, (*CURVES, "an exponent"), CURVES)
        else:
            _within("The exponent of a curve", self.curve, 1 / STEEPEST, STEEPEST)
        _one_of("A takeover", self.takeover, TAKEOVERS)
        _one_of("An encoding", self.encoding, ENCODINGS)
        if self.encoding != "absolute" and control.kind != "cc":
            raise OutOfRange(f"Only a cc counts in steps, and this is a {control.kind}.")
        _within("A threshold", self.threshold, 0, 0.5)
        _within("A step", self.step, 0.0001, 0.5)

    @property
    def range(self) -> tuple[float, float]:
        """The values at both ends of the control's way."""
        sort = self.target.sort
        low = sort.low if self.low is None else float(self.low)
        return low, sort.high if self.high is None else float(self.high)

    def value(self, place: float) -> float:
        """Return the target's value where the control stands at ``place``, from 0 to 1."""
        low, high = self.range
        share = _bent(self.curve, max(0.0, min(1.0, place)))
        value = low + (high - low) * share
        return float(round(value)) if self.target.sort.whole else round(value, 4) + 0.0

    def place(self, value: float) -> float:
        """Return where the control stands for a value; the nearer end where it is out of reach."""
        low, high = self.range
        return _straight(self.curve, max(0.0, min(1.0, (value - low) / (high - low))))


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """The bindings of one device.

    ``device`` is a part of the name of its port, in any case; an empty one fits no port by
    itself. ``note`` says what the player should know of the map. ``feedback`` tells whether
    the device listens: its faders and rings are moved where a value changes elsewhere.
    """

    device: str
    bindings: tuple[Binding, ...] = ()
    note: str = ""
    feedback: bool = False

    def bound(self, control: Control) -> Binding | None:
        """Return the binding of a control: the first, where a file has several."""
        return next((each for each in self.bindings if each.control == control), None)

    def with_binding(self, binding: Binding) -> tuple[DeviceMap, tuple[Binding, ...]]:
        """Return the map with a binding, and those that gave way: of its control, of its target."""
        kept: list[Binding] = []
        gone: list[Binding] = []
        put = False
        for each in self.bindings:
            if each.control != binding.control and each.target != binding.target:
                kept.append(each)
                continue
            if (each.control, each.target) != (binding.control, binding.target):
                gone.append(each)
            if not put:
                kept.append(binding)
                put = True
        if not put:
            kept.append(binding)
        return replace(self, bindings=tuple(kept)), tuple(gone)

    def without(self, target: Target) -> DeviceMap:
        """Return the map with nothing that moves the target."""
        kept = tuple(each for each in self.bindings if each.target != target)
        return replace(self, bindings=kept)

    def clashes(self) -> Iterator[str]:
        """Describe which controls are bound twice, and which targets have several controls."""
        controls: dict[Control, Binding] = {}
        targets: dict[Target, Binding] = {}
        for each in self.bindings:
            first = controls.setdefault(each.control, each)
            if first is not each:
                yield (
                    f"{each.control} moves both {first.target} and {each.target}; "
                    f"{first.target} keeps it."
                )
                continue
            first = targets.setdefault(each.target, each)
            if first is not each:
                yield f"{each.target} is moved by both {first.control} and {each.control}."


def device_of(port: str) -> str:
    """Return the name of the device behind a port: without its system and what changes.

    JACK's bridge to ALSA puts a client number in brackets, another at each plugging.
    """
    return re.sub(r"\s*\[\d+\]", "", port.partition(":")[2] or port).strip()


def fitting(port: str, maps: Iterable[DeviceMap]) -> DeviceMap | None:
    """Return the map for a port: the one that names the most of it, the earlier of equals."""
    device = device_of(port).casefold()
    fits = [each for each in maps if each.device and each.device.casefold() in device]
    return max(fits, key=lambda each: len(each.device), default=None)


def _bent(curve: str | float, place: float) -> float:
    if isinstance(curve, float | int):
        return float(place**curve)
    if curve == "exponential":
        return float((_RISE**place - 1) / (_RISE - 1))
    if curve == "s-shape":
        return place * place * (3 - 2 * place)
    return place


def _straight(curve: str | float, share: float) -> float:
    if isinstance(curve, float | int):
        return float(share ** (1 / curve))
    if curve == "exponential":
        return math.log(1 + share * (_RISE - 1), _RISE)
    if curve == "s-shape":
        # The root between 0 and 1 of 3 x^2 - 2 x^3 = share.
        return 0.5 - math.sin(math.asin(1 - 2 * share) / 3)
    return share


def _within(what: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise OutOfRange(f"{what} is {value:g}.", f"Use a number from {low:g} to {high:g}.")


def _one_of(
    what: str, value: str, shown: tuple[str, ...], known: tuple[str, ...] | None = None
) -> None:
    if value not in (known or shown):
        raise OutOfRange(f"{what} is {value!r}.", f"It is {', '.join(shown[:-1])} or {shown[-1]}.")
