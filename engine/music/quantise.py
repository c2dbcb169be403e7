"""From notes as they were played to measures on the grid, and what is left of the playing.

A beat is read as sixteenths or as triplets, whichever its notes lie nearer to; that a hand
lags a little makes no triplet. A measure's tokens stand on the grid always. What strength
leaves of the deviations is kept beside them as a touch, with the velocity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.grid_fitting import Account, folded
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import MOST_OFF, Touch, Touches

SPREAD = 0.02
"""How far a hand is off its place, in seconds: the standard deviation that is reckoned with."""

RARE = 2.0
"""How much rarer a beat of triplets is held to be than one of sixteenths, in nats.

In the training tunes it is 3.4; less keeps more triplets and, on validation tunes played with a
spread of 20 ms at 100, costs nothing: 97% of measures come back, 82% by the nearest place alone.
"""

CROWDED = 12.0
"""What it costs to read a beat so that two of its notes fall on one place, in nats."""

ARTICULATION = 0.25
SHARE = 0.2
"""A gap before the next note is no rest but a way of playing where it is shorter than a
sixteenth (in quarter notes), or than this share of the time to the next note."""

DECIMALS = 4
"""Deviations are rounded so that a song file stays short: 0.1 ms at the slowest tempo is less."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of one voice: ``start`` and ``end`` in quarter notes, pitch, velocity 1-127."""

    start: float
    end: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class PlayedMeasure:
    """A measure that was played, how each of its notes was, and the ticks that were played over.

    ``over`` says of each tick whether a note sounds in it. ``folded`` counts the notes that
    came in by octaves, ``crowded`` those left out where two fell on one place.
    """

    measure: Measure
    touches: Touches
    over: tuple[bool, ...]
    folded: int = 0
    crowded: int = 0

    @property
    def untouched(self) -> bool:
        """Whether nothing sounds in it."""
        return not any(self.over)


@dataclass(slots=True)
class _Placed:
    place: Fraction
    note: PlayedNote
    crowded: int = 0


def quantise(
    notes: Sequence[PlayedNote],
    measures: int,
    *,
    pace: float,
    strength: float = 1.0,
    grid: Grid = FOUR_QUARTERS,
) -> list[PlayedMeasure]:
    """Return ``measures`` measures from position 0 on, made of the notes of one voice.

    ``notes`` come in order and do not overlap; those that are nearest to a place before the
    first measure or after the last are left out. ``pace`` is seconds a quarter note,
    ``strength`` runs from 0 (every note sounds when it was played) to 1 (all on the grid).
    Raises `OutOfRange` for a strength outside.
    """
    if not 0 <= strength <= 1:
        raise OutOfRange(f"A quantise strength lies from 0 to 1; {strength} does not.")
    tokens = [HOLD] * (measures * grid.ticks)
    over = [False] * len(tokens)
    touches: dict[int, Touch] = {}
    accounts = [Account() for _ in range(measures)]
    placed = _placed(notes, pace, grid)
    ticks = _Ticks(grid)
    free = 0
    for at, each in enumerate(placed):
        following = placed[at + 1] if at + 1 < len(placed) else None
        start = ticks.of(each.place)
        end = ticks.of(_end(each, following, grid))
        if not 0 <= start < len(tokens):
            continue
        if free < start:
            tokens[free] = REST
        note = each.note
        account = accounts[start // grid.ticks]
        account.crowded += each.crowded
        tokens[start] = folded(note.pitch, account)
        deviation = (1 - strength) * (note.start - float(each.place))
        deviation = round(max(-MOST_OFF, min(MOST_OFF, deviation)), DECIMALS) + 0.0
        touches[start] = Touch(note.velocity, deviation)
        free = min(end, len(tokens))
        over[start:free] = [True] * (free - start)
    if free < len(tokens):
        tokens[free] = REST
    return [
        _measure(number * grid.ticks, tokens, over, touches, grid, account)
        for number, account in enumerate(accounts)
    ]


class _Ticks:
    """Counts ticks from position 0 on; places before it have negative ones."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._of = {onset: tick for tick, onset in enumerate(grid.onsets)}

    def of(self, place: Fraction) -> int:
        measure, within = divmod(place, self._grid.length)
        return int(measure) * self._grid.ticks + self._of[within]


def _measure(
    first: int,
    tokens: list[int],
    over: list[bool],
    touches: dict[int, Touch],
    grid: Grid,
    account: Account,
) -> PlayedMeasure:
    bar = tokens[first : first + grid.ticks]
    if bar[0] == HOLD and not over[first]:
        bar[0] = REST
    measure = Measure.from_tokens(bar, grid)
    return PlayedMeasure(
        measure,
        tuple(touches[first + tick] for tick, token in enumerate(measure.tokens) if token > REST),
        tuple(over[first : first + grid.ticks]),
        account.folded,
        account.crowded,
    )


def _placed(notes: Iterable[PlayedNote], pace: float, grid: Grid) -> list[_Placed]:
    beat = float(grid.beat)
    found: list[_Placed] = []
    for number, group in groupby(notes, key=lambda note: int(note.start // beat)):
        for note, within in _read(list(group), number, pace, grid):
            place = (number + within) * grid.beat
            if found and found[-1].place >= place:
                # Of two on one place the higher is heard, as in an import.
                found[-1].crowded += 1
                if note.pitch > found[-1].note.pitch:
                    found[-1].note = note
            else:
                found.append(_Placed(place, note))
    return found


def _read(
    notes: list[PlayedNote], number: int, pace: float, grid: Grid
) -> list[tuple[PlayedNote, Fraction]]:
    """Read one beat: gives each of its notes a place in it, in fractions of the beat."""
    beat = float(grid.beat)
    within = [note.start / beat - number for note in notes]
    best, least = [Fraction(0)] * len(notes), float("inf")
    for rank, family in enumerate(grid.families):
        places = [_nearest(family, at) for at in within]
        pairs = zip(within, places, strict=True)
        off = sum(((at - float(place)) * beat * pace) ** 2 for at, place in pairs)
        lost = len(places) - len(set(places))
        cost = off / (2 * SPREAD**2) + rank * RARE + lost * CROWDED
        if cost < least:
            best, least = places, cost
    return list(zip(notes, best, strict=True))


def _nearest(family: tuple[Fraction, ...], at: float) -> Fraction:
    return min((*family, Fraction(1)), key=lambda place: abs(float(place) - at))


def _end(each: _Placed, following: _Placed | None, grid: Grid) -> Fraction:
    """Return the place where a note ends: the next one's start, or the nearest of its family."""
    if following is not None:
        gap, whole = following.note.start - each.note.end, following.note.start - each.note.start
        if gap < max(ARTICULATION, SHARE * whole):
            return following.place
    within = each.place / grid.beat % 1
    usual, *others = grid.families
    family = next((f for f in others if within in f and within not in usual), usual)
    beat, part = divmod(each.note.end / float(grid.beat), 1)
    end = (int(beat) + _nearest(family, part)) * grid.beat
    if end <= each.place:
        after = min(place for place in (*family, Fraction(1)) if place > within)
        end = (each.place // grid.beat + after) * grid.beat
    return end if following is None else min(end, following.place)
