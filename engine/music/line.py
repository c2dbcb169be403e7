"""The line of notes that a loop of measures makes, with its ties over bar lines."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from engine.music.measure import HOLD, REST, Measure
from engine.music.touch import Touch, Touches

YIELDING = 0.49
"""How far a note is moved at most, as a share of the gap to its neighbours: their order stays."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sounding note of a line: ``start`` and ``end`` in quarter notes, ``pitch`` as MIDI number.

    Positions count on through every repeat of the loop. ``velocity`` is None where the note is
    as loud as its track.
    """

    start: float
    end: float
    pitch: int
    velocity: int | None = None


class Line:
    """The notes of measures that are repeated for ever, the first at position 0.

    A measure that begins with a hold goes on with the last note of the one before it, over
    the end of the loop also. ``touches`` says how the notes of each measure are played; a note
    that is early may begin before its measure, the very first one before position 0.
    """

    def __init__(self, measures: Iterable[Measure], touches: Iterable[Touches] = ()) -> None:
        self.measures = tuple(measures)
        self.touches = tuple(touches)
        edges = [float(edge) for edge in accumulate(m.grid.length for m in self.measures)]
        self.length = edges[-1]
        self.starts = (0.0, *edges[:-1])
        events = [
            (start + float(onset), token)
            for start, measure in zip(self.starts, self.measures, strict=True)
            for onset, token in zip(measure.grid.onsets, measure.tokens, strict=True)
            if token != HOLD
        ]
        touched = self._touched()
        hands = [touched.get(at) if token > REST else None for at, token in events]
        starts = _moved([at for at, _ in events], hands, self.length)
        following = [*starts[1:], starts[0] + self.length] if events else []
        self._notes = [
            Stretch(at, until, token, hand.velocity if hand else None)
            for (_, token), at, until, hand in zip(events, starts, following, hands, strict=True)
            if token > REST
        ]
        self._onsets = [note.start for note in self._notes]
        self._first = min(self._onsets, default=0.0)
        early = [(at, moved) for (at, _), moved in zip(events, starts, strict=True) if moved < at]
        self._early = dict(early)

    def _touched(self) -> dict[float, Touch | None]:
        """Gives how the note at each place is played, where that is known."""
        found: dict[float, Touch | None] = {}
        # What is said of the first measures need not be said of those after them.
        for start, measure, touches in zip(self.starts, self.measures, self.touches, strict=False):
            if touches:
                places = (start + float(note.onset) for note in measure.notes)
                found.update(zip(places, touches, strict=True))
        return found

    def entry(self, index: int) -> float:
        """Gives where measure ``index`` begins to sound: at its bar line, or a little before."""
        return self._early.get(self.starts[index], self.starts[index])

    def once(self) -> list[Stretch]:
        """Gives the notes of one turn, none before position 0."""
        turn = self.between(self.entry(0), self.entry(0) + self.length)
        return [Stretch(max(note.start, 0.0), note.end, note.pitch, note.velocity) for note in turn]

    def between(self, start: float, end: float) -> list[Stretch]:
        """Gives the notes that begin at ``start`` or later and before ``end``."""
        found: list[Stretch] = []
        turn = math.floor(start / self.length)
        while self._notes and turn * self.length + self._first < end:
            base = turn * self.length
            first = bisect_left(self._onsets, start, key=lambda onset: base + onset)
            for note in self._notes[first:]:
                if base + note.start >= end:
                    break
                found.append(Stretch(base + note.start, base + note.end, note.pitch, note.velocity))
            turn += 1
        return found

    def covering(self, position: float) -> Stretch | None:
        """Gives the note that began before ``position`` and sounds on after it."""
        earlier = self.between(position - self.length, position)
        return earlier[-1] if earlier and earlier[-1].end > position else None

    def place(self, position: float) -> tuple[int, float]:
        """Gives the measure that ``position`` falls in (from 0), and the quarter notes into it."""
        within = position % self.length
        index = bisect_right(self.starts, within) - 1
        return index, within - self.starts[index]


def _moved(places: list[float], hands: list[Touch | None], length: float) -> list[float]:
    """Gives when each event comes: as it was played, but never past half the way to another."""
    if not any(hands):
        return places
    before = [places[-1] - length, *places[:-1]]
    after = [*places[1:], places[0] + length]
    return [
        at + max(YIELDING * (earlier - at), min(YIELDING * (later - at), hand.deviation))
        if hand
        else at
        for at, hand, earlier, later in zip(places, hands, before, after, strict=True)
    ]
