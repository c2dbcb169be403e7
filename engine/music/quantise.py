"""From notes as they were played to measures on the grid, and what is left of the playing.

A beat is read as sixteenths or as triplets, whichever its notes lie nearer to; that a hand
lags a little makes no triplet. A measure's tokens stand on the grid always. What strength
leaves of the deviations is kept beside them as a touch, with the velocity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, groupby

from engine.errors import OutOfRange
from engine.music.beat_division import divide, nearest
from engine.music.grid import Grid
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import MOST_OFF, Touch, Touches
from engine.music.placed_notes import bar_lines
from engine.music.score_notes import Account, folded

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
    grids: Sequence[Grid],
    *,
    pace: float,
    strength: float = 1.0,
) -> list[PlayedMeasure]:
    """Return a measure of each of ``grids`` from position 0 on, made of the notes of one voice.

    ``notes`` come in order and do not overlap; those that are nearest to a place before the
    first measure or after the last are left out. ``pace`` is seconds a quarter note,
    ``strength`` runs from 0 (every note sounds when it was played) to 1 (all on the grid).
    Raises `OutOfRange` for a strength outside.
    """
    if not 0 <= strength <= 1:
        raise OutOfRange(f"A quantise strength lies from 0 to 1; {strength} does not.")
    ruler = _Ruler(grids)
    tokens = [HOLD] * ruler.ticks[-1]
    over = [False] * len(tokens)
    touches: dict[int, Touch] = {}
    accounts = [Account() for _ in grids]
    placed = _placed(notes, pace, ruler)
    free = 0
    for at, each in enumerate(placed):
        following = placed[at + 1] if at + 1 < len(placed) else None
        if not 0 <= each.place < ruler.bars[-1]:
            continue
        start = ruler.tick(each.place)
        end = ruler.tick(_end(each, following, ruler))
        if free < start:
            tokens[free] = REST
        note = each.note
        account = accounts[bisect_right(ruler.ticks, start) - 1]
        account.crowded += each.crowded
        tokens[start] = folded(note.pitch, account)
        deviation = (1 - strength) * (note.start - float(each.place))
        deviation = round(max(-MOST_OFF, min(MOST_OFF, deviation)), DECIMALS) + 0.0
        touches[start] = Touch(note.velocity, deviation)
        free = end
        over[start:free] = [True] * (free - start)
    if free < len(tokens):
        tokens[free] = REST
    return [
        _measure(first, tokens, over, touches, grid, account)
        for first, grid, account in zip(ruler.ticks, grids, accounts, strict=False)
    ]


class _Ruler:
    """Finds beats and counts ticks in measures from position 0 on.

    Before the first measure and after the last one others of the same grids are reckoned with.
    """

    def __init__(self, grids: Sequence[Grid]) -> None:
        self._grids = grids
        self.bars = bar_lines(grids)
        self.ticks = tuple(accumulate((grid.ticks for grid in grids), initial=0))
        self._lines = [float(bar) for bar in self.bars[:-1]]
        self._of: dict[str, dict[Fraction, int]] = {
            grid.name: {onset: tick for tick, onset in enumerate(grid.onsets)} for grid in grids
        }

    def beat(self, position: float | Fraction) -> tuple[Fraction, Grid]:
        """Return where the beat begins that a position lies in, and the grid there."""
        at = max(0, bisect_right(self._lines, position) - 1)
        bar, grid = self.bars[at], self._grids[at]
        number = int((position - self._lines[at]) // float(grid.beat))
        return bar + number * grid.beat, grid

    def tick(self, place: Fraction) -> int:
        """Return the tick of a place from the first measure on; the end of all for a later one."""
        if place >= self.bars[-1]:
            return self.ticks[-1]
        at = bisect_right(self.bars, place) - 1
        return self.ticks[at] + self._of[self._grids[at].name][place - self.bars[at]]


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


def _placed(notes: Iterable[PlayedNote], pace: float, ruler: _Ruler) -> list[_Placed]:
    found: list[_Placed] = []
    for (start, grid), group in groupby(notes, key=lambda note: ruler.beat(note.start)):
        played, begin = list(group), float(start)
        within = [(note.start - begin) / float(grid.beat) for note in played]
        for note, part in zip(played, divide(within, grid, pace), strict=True):
            place = start + part * grid.beat
            if found and found[-1].place >= place:
                # Of two on one place the higher is heard, as in an import.
                found[-1].crowded += 1
                if note.pitch > found[-1].note.pitch:
                    found[-1].note = note
            else:
                found.append(_Placed(place, note))
    return found


def _end(each: _Placed, following: _Placed | None, ruler: _Ruler) -> Fraction:
    """Return the place where a note ends: the next one's start, or the nearest of its family."""
    if following is not None:
        gap, whole = following.note.start - each.note.end, following.note.start - each.note.start
        if gap < max(ARTICULATION, SHARE * whole):
            return following.place
    start, grid = ruler.beat(each.place)
    family = _family(grid, (each.place - start) / grid.beat)
    last, there = ruler.beat(each.note.end)
    # Where it ends in another metre, that has places of its own.
    own = family if there.positions == grid.positions else there.families[0]
    end = last + nearest(own, (each.note.end - float(last)) / float(there.beat)) * there.beat
    if end <= each.place:
        within = (each.place - start) / grid.beat
        after = min(place for place in (*family, Fraction(1)) if place > within)
        end = start + after * grid.beat
    return end if following is None else min(end, following.place)


def _family(grid: Grid, within: Fraction) -> tuple[Fraction, ...]:
    usual, *others = grid.families
    return next((f for f in others if within in f and within not in usual), usual)
