"""The line of notes that a loop of measures makes, with its ties over bar lines."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from engine.music.measure import HOLD, REST, Measure


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sounding note of a line: ``start`` and ``end`` in quarter notes, ``pitch`` as MIDI number.

    Positions count on through every repeat of the loop.
    """

    start: float
    end: float
    pitch: int


class Line:
    """The notes of measures that are repeated for ever, the first at position 0.

    A measure that begins with a hold goes on with the last note of the one before it, over
    the end of the loop also.
    """

    def __init__(self, measures: Iterable[Measure]) -> None:
        self.measures = tuple(measures)
        edges = [float(edge) for edge in accumulate(m.grid.length for m in self.measures)]
        self.length = edges[-1]
        self.starts = (0.0, *edges[:-1])
        events = [
            (start + float(onset), token)
            for start, measure in zip(self.starts, self.measures, strict=True)
            for onset, token in zip(measure.grid.onsets, measure.tokens, strict=True)
            if token != HOLD
        ]
        following = [at for at, _ in events[1:]] + [events[0][0] + self.length] if events else []
        self._notes = [
            Stretch(at, until, token)
            for (at, token), until in zip(events, following, strict=True)
            if token > REST
        ]
        self._onsets = [note.start for note in self._notes]

    def between(self, start: float, end: float) -> list[Stretch]:
        """Gives the notes that begin at ``start`` or later and before ``end``."""
        found: list[Stretch] = []
        turn = math.floor(start / self.length)
        while self._notes and turn * self.length < end:
            base = turn * self.length
            first = bisect_left(self._onsets, start, key=lambda onset: base + onset)
            for note in self._notes[first:]:
                if base + note.start >= end:
                    break
                found.append(Stretch(base + note.start, base + note.end, note.pitch))
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
