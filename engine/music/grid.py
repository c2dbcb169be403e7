"""Metrical grids as data: where in a measure an onset may stand, and how weak each place is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


@dataclass(frozen=True)
class Grid:
    """The ticks of one measure.

    ``positions`` are the ticks of a beat in fractions of the beat, not necessarily equally
    spaced. ``beat`` is a beat's length in quarter notes. ``weights`` holds one metrical
    weakness per tick, high where an onset is syncopated.
    """

    name: str
    beats: int
    beat: Fraction
    positions: tuple[Fraction, ...]
    weights: tuple[float, ...]

    @property
    def ticks(self) -> int:
        """The number of ticks in a measure."""
        return self.beats * len(self.positions)

    @property
    def length(self) -> Fraction:
        """The length of a measure in quarter notes."""
        return self.beats * self.beat

    @cached_property
    def onsets(self) -> tuple[Fraction, ...]:
        """The start of each tick in quarter notes from the start of the measure."""
        return tuple(
            (beat + position) * self.beat
            for beat in range(self.beats)
            for position in self.positions
        )

    @cached_property
    def places(self) -> tuple[float, ...]:
        """The same as floats, for what counts time and not notes."""
        return tuple(map(float, self.onsets))

    @cached_property
    def edges(self) -> tuple[Fraction, ...]:
        """The starts of all ticks, then the end of the measure, in quarter notes."""
        return (*self.onsets, self.length)

    def nearest(self, onset: Fraction) -> int:
        """Return the tick nearest to ``onset`` (quarter notes); ``ticks`` stands for the end."""
        return min(range(self.ticks + 1), key=lambda tick: abs(self.edges[tick] - onset))


def _weights(first_of_beat: tuple[float, ...], rest: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(weight for first in first_of_beat for weight in (first, *rest))


FOUR_QUARTERS = Grid(
    name="4/4",
    beats=4,
    beat=Fraction(1),
    # The union of a sixteenth grid and an eighth-triplet grid.
    positions=(
        Fraction(0),
        Fraction(1, 4),
        Fraction(1, 3),
        Fraction(1, 2),
        Fraction(2, 3),
        Fraction(3, 4),
    ),
    # Bryan-Kinns et al. 2021, after Toussaint's metrical complexity.
    weights=_weights((0.20, 0.67, 0.25, 0.67), (1.0, 2.0, 0.5, 2.0, 1.0)),
)
"""Four quarter notes of six unequal ticks: 4/4, 2/2, and 2/4 measures in pairs."""
