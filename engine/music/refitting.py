"""Measures put on other grids: what fits stays at its place, and what was changed is counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.measure import LOWEST, Measure
from engine.music.performance import Touches
from engine.music.placed_notes import PlacedNote, bar_lines, placed, written
from engine.music.score_notes import count

_BEFORE = Measure.from_tokens((LOWEST, *[0] * (FOUR_QUARTERS.ticks - 1)))
"""Stands before a measure that begins with a hold, so that it has something to go on with."""


@dataclass(frozen=True, slots=True)
class RefitChanges:
    """What other grids did to notes: how many are ``gone``, ``cut`` at a bar line, and ``moved``.

    A note is gone where it began beyond the end of its measure, or where another came to its place.
    """

    gone: int = 0
    cut: int = 0
    moved: int = 0

    def __add__(self, other: RefitChanges) -> RefitChanges:
        return RefitChanges(self.gone + other.gone, self.cut + other.cut, self.moved + other.moved)

    def __bool__(self) -> bool:
        return self != RefitChanges()

    @property
    def words(self) -> str:
        """Why they were: ``2 notes beyond the bar line, 1 note over it``."""
        told = (
            (self.gone, "beyond the bar line"),
            (self.cut, "over the bar line"),
            (self.moved, "off the grid"),
        )
        return ", ".join(f"{count(number, 'note')} {what}" for number, what in told if number)

    @property
    def sentences(self) -> str:
        """What was done: ``Left out: 2 notes beyond the bar line.``."""
        told = (
            ("Left out", RefitChanges(gone=self.gone)),
            ("Cut", RefitChanges(cut=self.cut)),
            ("Moved to the nearest place", RefitChanges(moved=self.moved)),
        )
        return " ".join(f"{what}: {part.words}." for what, part in told if part)


def refitted(
    measures: Sequence[Measure],
    touches: Sequence[Touches],
    grids: Sequence[Grid],
    *,
    tied: bool = False,
) -> tuple[tuple[tuple[Measure, Touches], ...], RefitChanges]:
    """Return measures in a row on other grids, with how they are played, and what was changed.

    A note stays where it is in its measure, or at the nearest place of the grid. What lies beyond
    the end of a shorter measure is cut off; a note that began there and goes on in the next
    measure begins with that. One that went on over a bar line goes on over it, and over the last
    one where it is ``tied`` to what follows.
    """
    if measures[0].held_in:
        made, changes = refitted(
            (_BEFORE, *measures), ((), *touches), (_BEFORE.grid, *grids), tied=tied
        )
        return made[1:], changes
    old, new = bar_lines(each.grid for each in measures), bar_lines(grids)
    notes = placed(measures, touches)
    kept: list[PlacedNote] = []
    gone = cut = 0
    for note in notes:
        at = bisect_right(old, note.onset) - 1
        onset = new[at] + note.onset - old[at]
        # An end on a bar line belongs to the measure before it.
        last = max(at, bisect_right(old, note.end - Fraction(1, 1000)) - 1)
        end = min(new[last] + note.end - old[last], new[last + 1])
        if tied and note.end == old[-1]:
            end = new[-1]
        if onset >= new[at + 1]:
            onset = new[at + 1]
            if last == at or end <= onset:
                gone += 1
                continue
        cut += note.end - old[last] > new[last + 1] - new[last] and not (tied and end == new[-1])
        kept.append(replace(note, onset=onset, end=end))
    made = written(kept, grids)
    on = {line + place for line, grid in zip(new, grids, strict=False) for place in grid.onsets}
    moved = sum(note.onset not in on for note in kept)
    started = sum(len(measure.pitches) for measure, _ in made)
    return made, RefitChanges(gone + len(kept) - started, cut, moved)
