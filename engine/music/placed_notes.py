"""Notes of measures in a row as placed notes, and placed notes written back as measures.

An edit of notes works on placed notes: they know no bar lines, so a tie is one note, and a place
is a number of quarter notes whatever the grids are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, zip_longest

from engine.music.grid import Grid
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import Touch, Touches


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A note of a row of measures: ``onset`` and ``end`` in quarter notes from its start.

    ``pitch`` is a MIDI number; ``touch`` says how it was played, None: as the track has it.
    """

    onset: Fraction
    end: Fraction
    pitch: int
    touch: Touch | None = None

    @property
    def duration(self) -> Fraction:
        """How long it lasts, in quarter notes."""
        return self.end - self.onset

    def moved(self, by: Fraction) -> PlacedNote:
        """Return it later by so many quarter notes."""
        return replace(self, onset=self.onset + by, end=self.end + by)


def bar_lines(grids: Iterable[Grid]) -> tuple[Fraction, ...]:
    """Return where each measure starts, and where the last one ends, in quarter notes."""
    return tuple(accumulate((grid.length for grid in grids), initial=Fraction(0)))


def placed(measures: Sequence[Measure], touches: Sequence[Touches] = ()) -> tuple[PlacedNote, ...]:
    """Return the notes of measures in a row, ties joined.

    A first measure that begins with a hold is silent there: what it goes on with is not known.
    """
    found: list[PlacedNote] = []
    starts = bar_lines(measure.grid for measure in measures)
    for at, measure in enumerate(measures):
        start, own = starts[at], touches[at] if at < len(touches) else ()
        held = measure.held_in
        if held and found and found[-1].end == start:
            found[-1] = replace(found[-1], end=start + held)
        for number, note in enumerate(measure.notes):
            onset = start + note.onset
            touch = own[number] if own else None
            found.append(PlacedNote(onset, onset + note.duration, note.pitch, touch))
    return tuple(found)


def written(
    notes: Iterable[PlacedNote], grids: Sequence[Grid]
) -> tuple[tuple[Measure, Touches], ...]:
    """Return measures that hold the notes, each on the nearest place of its grid.

    One voice has one note at a time: a note is cut where the next one starts, and of two that
    start at one place the later in order stands. What lies before the first measure or after the
    last is left out. The touches of a measure are empty where no note of it has one.
    """
    starts = bar_lines(grids)
    # Every place of the row, counted through all measures.
    first = tuple(accumulate((grid.ticks for grid in grids), initial=0))
    tokens: list[int] = [HOLD] * first[-1]
    played: dict[int, Touch | None] = {}
    taken = dict[int, PlacedNote]()
    for note in sorted(notes, key=lambda note: note.onset):
        if 0 <= note.onset < starts[-1]:
            taken[_place(note.onset, starts, first, grids)] = note
    order = [at for at in sorted(taken) if at < first[-1]]
    held: set[int] = set()
    for at, following in zip_longest(order, order[1:], fillvalue=first[-1]):
        note = taken[at]
        tokens[at], played[at] = note.pitch, note.touch
        end = max(at + 1, _place(min(note.end, starts[-1]), starts, first, grids))
        end = min(end, following)
        held.update(each for each in first[:-1] if at < each < end)
        if end < following:
            tokens[end] = REST
    for begin in first[:-1]:
        # A hold at a bar line would go on with whatever comes to sound before it later.
        if begin not in taken and begin not in held:
            tokens[begin] = REST
    made = []
    for begin, stop, grid in zip(first, first[1:], grids, strict=False):
        own = tuple(played[at] for at in range(begin, stop) if at in played)
        measure = Measure.from_tokens(tokens[begin:stop], grid)
        made.append((measure, own if any(own) else ()))
    return tuple(made)


def _place(
    at: Fraction, starts: Sequence[Fraction], first: Sequence[int], grids: Sequence[Grid]
) -> int:
    measure = min(bisect_right(starts, at) - 1, len(grids) - 1)
    return first[measure] + grids[measure].nearest(at - starts[measure])
