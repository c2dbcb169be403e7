"""Groove: how far what is heard lies from the grid, by swing and by small deviations."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from itertools import pairwise
from typing import Literal, get_args

from engine.errors import OutOfRange
from engine.music.grid import Grid

SwingUnit = Literal["eighths", "sixteenths"]
SWING_UNITS: tuple[SwingUnit, ...] = get_args(SwingUnit)

STRAIGHT, MOST_SWING = 50.0, 75.0
"""The range of swing in per cent: the share of a pair that its first note has."""

MOST_TIMING = 50.0
"""The most that humanising moves an onset, in milliseconds."""

MOST_VELOCITY = 40
"""The most that humanising changes a velocity."""

LARGEST_SEED = 2**63 - 1

_SHARE = 0.4
"""The share of the gap to the next tick that a note may move into; two make less than one."""

_TRIPLET = {Fraction(1, 3), Fraction(2, 3)}
_SIXTHS = {Fraction(1, 6), Fraction(5, 6)}


@dataclass(frozen=True, slots=True)
class Groove:
    """How notes are moved when they are sounded; the default moves none.

    ``swing`` is in per cent (50: even, 66.7: triplets, 75: dotted), of pairs of ``unit``.
    ``timing`` (milliseconds) and ``velocity`` are the most by which a note deviates either
    way. How much of it a note gets hangs on ``seed``, its slot and its tick alone. Raises
    `OutOfRange` for what lies outside these ranges.
    """

    swing: float = STRAIGHT
    unit: SwingUnit = "eighths"
    timing: float = 0.0
    velocity: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("swing", self.swing, STRAIGHT, MOST_SWING),
            ("timing", self.timing, 0.0, MOST_TIMING),
            ("deviation of velocity", self.velocity, 0, MOST_VELOCITY),
            ("seed", self.seed, 0, LARGEST_SEED),
        ):
            if not low <= value <= high:
                raise OutOfRange(f"A {name} lies from {low:.0f} to {high:.0f}; {value} does not.")
        if self.unit not in SWING_UNITS:
            raise OutOfRange(f"Swing is of eighths or sixteenths, not {str(self.unit)[:40]!r}.")

    def onsets(self, grid: Grid, struck: Collection[int]) -> tuple[float, ...]:
        """Return where each tick of a measure is heard, swung, in quarter notes from its start.

        ``struck`` are the ticks at which something starts. A quarter note whose only parts
        are triplets is left as it is: it swings already, and so do eighths that are counted in
        threes, or are beats themselves. Order is kept, and so is the start of each quarter note.
        """
        if self.swing == STRAIGHT or (self.unit == "eighths" and grid.denominator == 8):
            return grid.places
        return self.swung(grid.onsets, [grid.onsets[tick] for tick in struck])

    def swung(
        self, places: Collection[Fraction], struck: Collection[Fraction]
    ) -> tuple[float, ...]:
        """Return where each place of a measure is heard, as `onsets` has it of ticks."""
        if self.swing == STRAIGHT:
            return tuple(map(float, places))
        parts: dict[int, set[Fraction]] = {}
        for onset in struck:
            parts.setdefault(math.floor(onset), set()).add(onset % 1)
        even = {beat for beat, found in parts.items() if _ternary(found - {0})}
        return tuple(
            float(onset) if math.floor(onset) in even else self._swung(onset) for onset in places
        )

    def moves(self, grid: Grid, slot: int, tick: int, tempo: float) -> float:
        """Return how much later than swung a note is heard, in quarter notes.

        At ``tempo`` (quarter notes a minute) it is at most ``timing``, and less where the next
        tick of the grid is so near that notes could change places.
        """
        if not self.timing:
            return 0.0
        slope = 2 - self.swing / 50
        gaps = [float(after - before) for before, after in pairwise(grid.edges)]
        # What grid lies before a measure is not known here.
        earliest = _SHARE * slope * (gaps[tick - 1] if tick else min(gaps))
        latest = _SHARE * slope * gaps[tick]
        wanted = self._draw(slot, tick)[0] * self.timing / 1000 * tempo / 60
        return max(-earliest, min(latest, wanted))

    def louder(self, slot: int, tick: int) -> int:
        """Return by how much a note's velocity deviates."""
        return round(self._draw(slot, tick)[1] * self.velocity) if self.velocity else 0

    def _swung(self, onset: Fraction) -> float:
        pair = 1.0 if self.unit == "eighths" else 0.5
        first = self.swing / 100
        number, within = divmod(float(onset) / pair, 1)
        moved = 2 * first * within if within <= 0.5 else first + (within - 0.5) * 2 * (1 - first)
        return (number + moved) * pair

    def straightened(self, position: float) -> float:
        """Return where in quarter notes a position would be without the swing."""
        pair = 1.0 if self.unit == "eighths" else 0.5
        first = self.swing / 100
        number, within = divmod(position / pair, 1)
        even = within / (2 * first) if within <= first else 1 - (1 - within) / (2 * (1 - first))
        return (number + even) * pair

    def _draw(self, slot: int, tick: int) -> tuple[float, float]:
        # A hash, not a sequence: what a note gets does not hang on the notes before it.
        drawn = blake2b(b"%d %d %d" % (self.seed, slot, tick), digest_size=8).digest()
        parts = (int.from_bytes(drawn[:4], "big"), int.from_bytes(drawn[4:], "big"))
        return parts[0] / 2**31 - 1, parts[1] / 2**31 - 1


def swing_text(groove: Groove) -> str:
    """Return the swing as a text that a MIDI file can carry; `swing_of` reads it."""
    return f"swing: {groove.swing:g} % of {groove.unit}"


_SWING_TEXT = re.compile(r"swing: (\d{2}(?:\.\d{1,6})?) % of (eighths|sixteenths)")


def swing_of(text: str) -> Groove | None:
    """Return the swing that a text says, or None where it says none."""
    found = _SWING_TEXT.fullmatch(text)
    if found is None or not STRAIGHT <= float(found[1]) <= MOST_SWING:
        return None
    return Groove(swing=float(found[1]), unit="eighths" if found[2] == "eighths" else "sixteenths")


def _ternary(parts: set[Fraction]) -> bool:
    """Return whether the parts of a quarter note are triplets, of eighths or of sixteenths."""
    half = {Fraction(1, 2)} if parts & _SIXTHS else set[Fraction]()
    return bool(parts) and parts <= _TRIPLET | _SIXTHS | half


PLAIN = Groove()
"""What is heard is what is written."""
