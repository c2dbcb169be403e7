"""Modulation: controllers that gauges move: which message, on which channel, over which range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import OutOfRange
from engine.text import printable

ModulationKind = Literal["cc", "cc14", "bend"]
MODULATION_KINDS: tuple[ModulationKind, ...] = get_args(ModulationKind)

LAST_CONTROL = 119
"""The last controller: 120 to 127 are channel mode messages, which silence and reset."""

LAST_PAIRED = 31
"""The last controller that has a low byte, 32 above it."""

CENTRE = 8192
"""The pitch bend that bends nothing."""

_REACH = 3.0
"""A gauge runs from minus to plus this."""


@dataclass(frozen=True, slots=True)
class Modulation:
    """What the gauge of a ``dimension`` moves on a MIDI ``channel`` (0-15).

    ``kind`` is ``cc`` (controller ``number`` 0-119, values to 127), ``cc14`` (``number`` 0-31
    with its low byte 32 above, values to 16383) or ``bend`` (pitch bend, to 16383, where 8192
    bends nothing). The gauge at -3 sends ``low``, at 3 ``high``, which may be the smaller.
    Raises `OutOfRange` for what lies outside these ranges.
    """

    dimension: int
    kind: ModulationKind = "cc"
    channel: int = 0
    number: int = 0
    low: int = 0
    high: int = 127

    def __post_init__(self) -> None:
        if self.kind not in MODULATION_KINDS:
            raise OutOfRange(f"There is no controller of kind {printable(str(self.kind))[:40]!r}.")
        last = {"cc": LAST_CONTROL, "cc14": LAST_PAIRED, "bend": 0}[self.kind]
        for name, value, high in (
            ("dimension", self.dimension, 1023),
            ("channel", self.channel, 15),
            ("controller", self.number, last),
            ("value of a controller", self.low, self.most),
            ("value of a controller", self.high, self.most),
        ):
            if not 0 <= value <= high:
                raise OutOfRange(f"A {name} lies from 0 to {high} here; {value} does not.")

    @property
    def most(self) -> int:
        """The largest value there is."""
        return 127 if self.kind == "cc" else 16_383

    @property
    def targets(self) -> frozenset[tuple[int, int]]:
        """The channel with each controller that it writes to; -1 stands for pitch bend."""
        numbers = {"cc": (self.number,), "cc14": (self.number, self.number + 32), "bend": (-1,)}
        return frozenset((self.channel, number) for number in numbers[self.kind])

    @property
    def name(self) -> str:
        """What it is called, with numbers as users count them: ``CC 74 ch 1``."""
        what = {"cc": f"CC {self.number}", "cc14": f"CC {self.number}/{self.number + 32}"}
        return f"{what.get(self.kind, 'bend')} ch {self.channel + 1}"

    def at(self, gauge: float) -> int:
        """Return the value that a gauge's position sends."""
        share = (max(-_REACH, min(_REACH, gauge)) + _REACH) / (2 * _REACH)
        return round(self.low + (self.high - self.low) * share)

    def messages(self, value: int) -> list[bytes]:
        """Return the MIDI messages of a value, in the order to send."""
        status, low, high = 0xB0 | self.channel, value & 0x7F, value >> 7
        if self.kind == "cc":
            return [bytes((status, self.number, value))]
        if self.kind == "bend":
            return [bytes((0xE0 | self.channel, low, high))]
        # The high byte first: it sets the low one back to 0.
        return [bytes((status, self.number, high)), bytes((status, self.number + 32, low))]


def check(modulations: tuple[Modulation, ...]) -> None:
    """Raise `OutOfRange` where a gauge moves two, or two gauges move the same."""
    taken: dict[tuple[int, int], Modulation] = {}
    for modulation in modulations:
        if sum(other.dimension == modulation.dimension for other in modulations) > 1:
            raise OutOfRange(f"Gauge {modulation.dimension} moves two controllers.")
        for target in modulation.targets:
            if target in taken:
                raise OutOfRange(
                    f"{modulation.name} is moved by another gauge already ({taken[target].name}).",
                    "Choose another controller or channel, or remove the other first.",
                )
            taken[target] = modulation
