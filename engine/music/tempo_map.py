"""Tempo along a song: which position is heard after how many seconds, in every turn of the loop."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from engine.music.form import check_tempo

RAMP_STEP = 0.25
"""Quarter notes between two tempi of a ramp, where a change is told step by step."""


@dataclass(frozen=True, slots=True)
class TempoSpan:
    """So many quarter notes from the tempo ``first`` to ``last``, in quarter notes a minute.

    In a ramp the tempo changes evenly with the position.
    """

    length: float
    first: float
    last: float

    def seconds(self, position: float) -> float:
        """Return how many seconds it takes to a position within."""
        rise = self._rise
        if not rise:
            return position * (60 / self.first)
        return 60 / rise * math.log1p(rise * position / self.first)

    def position(self, seconds: float) -> float:
        """Return the position within that is reached after so many seconds."""
        rise = self._rise
        if not rise:
            return seconds / (60 / self.first)
        return self.first / rise * math.expm1(rise * seconds / 60)

    def tempo(self, position: float) -> float:
        """Return the tempo at a position within."""
        return self.first + self._rise * position

    @property
    def _rise(self) -> float:
        return (self.last - self.first) / self.length


class TempoMap:
    """The tempi of one turn of a loop, which comes again and again; before 0 it counts back.

    Positions are in quarter notes from the start of the first turn.
    """

    def __init__(self, spans: Iterable[TempoSpan]) -> None:
        joined: list[TempoSpan] = []
        for span in spans:
            last = joined[-1] if joined else None
            if last is not None and last.first == last.last == span.first == span.last:
                joined[-1] = TempoSpan(last.length + span.length, last.first, last.first)
            else:
                joined.append(span)
        self.spans = tuple(joined)
        self._starts = tuple(accumulate((s.length for s in joined), initial=0.0))
        self._times = tuple(accumulate((s.seconds(s.length) for s in joined), initial=0.0))
        self.length = self._starts[-1]
        """Quarter notes of a turn."""
        self.turn = self._times[-1]
        """Seconds of a turn."""

    @classmethod
    def steady(cls, tempo: float, length: float) -> TempoMap:
        """Return the map of one tempo; raises `OutOfRange` for one that no song can have."""
        check_tempo(tempo)
        return cls([TempoSpan(length, tempo, tempo)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TempoMap) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(self.spans)

    @property
    def constant(self) -> float | None:
        """The one tempo that there is, None where there are several."""
        first = self.spans[0]
        return first.first if len(self.spans) == 1 and first.first == first.last else None

    def seconds(self, position: float) -> float:
        """Return how many seconds after position 0 a position is heard."""
        turns, within, at = self._span(position)
        return turns * self.turn + self._times[at] + self.spans[at].seconds(within)

    def position(self, seconds: float) -> float:
        """Return the position that is heard so many seconds after position 0."""
        turns = math.floor(seconds / self.turn)
        left = min(max(seconds - turns * self.turn, 0.0), self.turn)
        at = min(bisect_right(self._times, left) - 1, len(self.spans) - 1)
        within = self.spans[at].position(left - self._times[at])
        return turns * self.length + self._starts[at] + within

    def tempo(self, position: float) -> float:
        """Return the tempo at a position; where it leaps, that from there on."""
        _, within, at = self._span(position)
        return self.spans[at].tempo(within)

    def paces(self, start: float, end: float) -> list[tuple[float, float]]:
        """Return the changes from ``start`` on and before ``end``, each with its pace.

        That is the seconds a quarter note; in a ramp the mean of the step that begins there.
        """
        return [(place, self.pace(place)) for place in self.changes(start, end)]

    def pace(self, position: float) -> float:
        """Return the mean seconds a quarter note until the next change."""
        _, within, at = self._span(position)
        span = self.spans[at]
        step = min(RAMP_STEP - within % RAMP_STEP, span.length - within)
        if span.first == span.last or step <= 0:
            return 60 / span.tempo(within)
        return (span.seconds(within + step) - span.seconds(within)) / step

    def changes(self, start: float, end: float) -> list[float]:
        """Return the positions from ``start`` on and before ``end`` at which the tempo changes.

        A ramp changes step by step (`RAMP_STEP`).
        """
        found: list[float] = []
        turn = math.floor(start / self.length)
        while (base := turn * self.length) < end:
            for span, begin in zip(self.spans, self._starts, strict=False):
                steps = math.ceil(span.length / RAMP_STEP - 1e-9) if span.first != span.last else 1
                found += [base + begin + step * RAMP_STEP for step in range(steps)]
            turn += 1
        return [position for position in found if start - 1e-9 <= position < end - 1e-9]

    def _span(self, position: float) -> tuple[int, float, int]:
        turns = math.floor(position / self.length)
        place = position - turns * self.length
        at = min(bisect_right(self._starts, place) - 1, len(self.spans) - 1)
        return turns, place - self._starts[at], at
