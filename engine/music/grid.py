"""Metrical grids as data: where in a measure an onset may stand, and how weak each place is.

`GRIDS` is the table of them. A metre has one grid, and one of quarter notes a fine one beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from engine.errors import UnknownName

QUARTER, EIGHTH, DOTTED_QUARTER = Fraction(1), Fraction(1, 2), Fraction(3, 2)


@dataclass(frozen=True)
class Grid:
    """The ticks of one measure.

    ``positions`` are the ticks of a beat in fractions of the beat, not necessarily equally
    spaced. ``beat`` is a beat's length in quarter notes: a quarter, an eighth, or in compound
    metres a dotted quarter. ``weights`` holds one metrical weakness per tick, high where an
    onset is syncopated. ``groups`` are the pulse groups: how many beats each has, the first of
    which is stressed.
    """

    name: str
    beats: int = field(repr=False)
    beat: Fraction = field(repr=False)
    positions: tuple[Fraction, ...] = field(repr=False)
    weights: tuple[float, ...] = field(repr=False)
    groups: tuple[int, ...] = field(repr=False)

    def __hash__(self) -> int:
        return hash(self.name)

    @cached_property
    def ticks(self) -> int:
        """The number of ticks in a measure."""
        return self.beats * len(self.positions)

    @cached_property
    def length(self) -> Fraction:
        """The length of a measure in quarter notes."""
        return self.beats * self.beat

    @cached_property
    def quarters(self) -> float:
        """The same as a float, for what counts time and not notes."""
        return float(self.length)

    @property
    def compound(self) -> bool:
        """Whether a beat has three parts."""
        return self.beat == DOTTED_QUARTER

    @property
    def denominator(self) -> int:
        """The lower number of the time signature: which part of a whole note is counted."""
        return 4 if self.beat == QUARTER else 8

    @property
    def numerator(self) -> int:
        """The upper number of the time signature: how many of them a measure has."""
        return int(self.length * self.denominator / 4)

    @property
    def metre(self) -> str:
        """The time signature, as ``6/8``."""
        return f"{self.numerator}/{self.denominator}"

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

    @cached_property
    def pulses(self) -> tuple[Fraction, ...]:
        """Where a metronome strikes, in quarter notes from the start of the measure.

        It strikes the beats, and of beats shorter than a quarter the first of each group.
        """
        if self.beat >= QUARTER:
            return tuple(beat * self.beat for beat in range(self.beats))
        return tuple(at * self.beat for at in accumulate(self.groups[:-1], initial=0))

    @cached_property
    def families(self) -> tuple[tuple[Fraction, ...], ...]:
        """The ways in which a beat can be divided, as positions in it, the usual one first."""
        if self.compound:
            return (self.positions,)
        even = tuple(each for each in self.positions if each.denominator % 3)
        half = {Fraction(1, 2)} if Fraction(1, 6) in self.positions else set[Fraction]()
        triplets = tuple(each for each in self.positions if each not in even or each in {0, *half})
        return (even, triplets) if len(triplets) > 1 else (even,)

    @cached_property
    def shortest(self) -> Fraction:
        """The length of the shortest even part of a beat, in quarter notes."""
        return self.families[0][1] * self.beat

    def nearest(self, onset: Fraction) -> int:
        """Return the tick nearest to ``onset`` (quarter notes); ``ticks`` stands for the end."""
        return min(range(self.ticks + 1), key=lambda tick: abs(self.edges[tick] - onset))


MEASURE, GROUP, BEAT = 0.20, 0.25, 0.67
"""The weakness of the first tick of a measure, of a pulse group, and of another beat."""

_PARTS = {EIGHTH: 0.5, Fraction(1, 4): 1.0}
"""That of eighths and sixteenths within a beat; triplets and what is shorter have `_OFF`."""

_OFF = 2.0


def _parts(*names: str) -> tuple[Fraction, ...]:
    return tuple(sorted({Fraction(name) for name in names}))


_COARSE = _parts("0", "1/4", "1/3", "1/2", "2/3", "3/4")
"""The union of a sixteenth grid and an eighth-triplet grid."""

_FINE = _parts("0", "1/8", "1/6", "1/4", "1/3", "3/8", "1/2", "5/8", "2/3", "3/4", "5/6", "7/8")
"""The union of a thirty-second grid and a sixteenth-triplet grid."""

_SIXTHS = _parts("0", "1/6", "1/3", "1/2", "2/3", "5/6")
"""The sixteenths of a dotted quarter; the fourth of them is the second of two duplets."""

_HALVES = _parts("0", "1/2")
"""The sixteenths of an eighth."""

_ROWS: tuple[tuple[str, Fraction, tuple[int, ...], tuple[Fraction, ...]], ...] = (
    ("2/4", QUARTER, (2,), _COARSE),
    ("3/4", QUARTER, (3,), _COARSE),
    ("4/4", QUARTER, (2, 2), _COARSE),
    ("5/4", QUARTER, (3, 2), _COARSE),
    ("6/8", DOTTED_QUARTER, (2,), _SIXTHS),
    ("9/8", DOTTED_QUARTER, (3,), _SIXTHS),
    ("12/8", DOTTED_QUARTER, (2, 2), _SIXTHS),
    ("7/8", EIGHTH, (2, 2, 3), _HALVES),
    ("2/4 fine", QUARTER, (2,), _FINE),
    ("3/4 fine", QUARTER, (3,), _FINE),
    ("4/4 fine", QUARTER, (2, 2), _FINE),
    ("5/4 fine", QUARTER, (3, 2), _FINE),
)
"""Of each grid its name, its beat, the beats of its pulse groups, and its positions."""


def _grid(name: str, beat: Fraction, groups: tuple[int, ...], parts: tuple[Fraction, ...]) -> Grid:
    # The weights of 4/4 are those of Bryan-Kinns et al. 2021, after Toussaint's metrical
    # complexity. The others carry them over, level by level: measure, pulse group, beat, eighth,
    # sixteenth, and what lies between.
    within = [
        _OFF if beat == QUARTER and part.denominator % 3 == 0 else _weight(part * beat)
        for part in parts[1:]
    ]
    weights: list[float] = []
    for group in groups:
        for number in range(group):
            weights += [(GROUP if weights else MEASURE) if number == 0 else BEAT, *within]
    return Grid(name, sum(groups), beat, parts, tuple(weights), groups)


def _weight(place: Fraction) -> float:
    return next((weakness for part, weakness in _PARTS.items() if place % part == 0), _OFF)


GRIDS: dict[str, Grid] = {row[0]: _grid(*row) for row in _ROWS}
"""Every grid that a measure can have, by its name."""

FOUR_QUARTERS = GRIDS["4/4"]
"""Four quarter notes of six unequal ticks: what a measure has until another is chosen.

The model of measures was made for it; it also reads 2/2, and tunes in 2/4 in pairs of measures.
"""


def grid_of(name: str) -> Grid:
    """Return the grid of a name; raises `UnknownName`."""
    if name not in GRIDS:
        raise UnknownName("metre", name, tuple(GRIDS))
    return GRIDS[name]
