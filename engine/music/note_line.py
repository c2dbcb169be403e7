"""The line of notes that a loop of measures makes, with its ties over bar lines, as it is heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from engine.music.chord_lock import ChordLock
from engine.music.groove import PLAIN, Groove
from engine.music.line_settings import LineSettings, MeasureSetting
from engine.music.measure import Measure
from engine.music.melody_notes import YIELDING, MelodyNotes
from engine.music.pattern import Pattern
from engine.music.pattern_notes import PatternNotes
from engine.music.performance import Touches
from engine.music.scales import Key
from engine.music.stretch import SAME, Stretch

__all__ = ["YIELDING", "Line", "Stretch"]


class Line:
    """The notes of measures that are repeated for ever, the first written at position 0.

    A measure that begins with a hold goes on with the last note of the one before it, over
    the end of the loop also. With a ``groove`` notes are heard off the grid, and their ends
    with them, at a ``tempo`` in quarter notes a minute; the first measure is that of slot
    ``first``. With a ``key`` (or a lock that follows chords) each pitch is the nearest of it.
    ``touches`` says how the notes of each measure were played: how loud, and how far off the
    grid, where another groove adds to that. ``settings`` say all of it for each measure by itself.
    The measures stay as they are.

    ``patterns`` are what is played over the measures, None where that is nothing: any number of
    notes at once.
    """

    def __init__(
        self,
        measures: Iterable[Measure],
        groove: Groove = PLAIN,
        key: Key | ChordLock | None = None,
        tempo: float = 100.0,
        first: int = 0,
        touches: Iterable[Touches] = (),
        settings: LineSettings | None = None,
        patterns: Iterable[Pattern | None] = (),
    ) -> None:
        self.measures = tuple(measures)
        self.touches = tuple(touches)
        self.patterns = tuple(patterns)
        if settings is None:
            count = range(len(self.measures))
            settings = LineSettings(MeasureSetting(first + at, key, tempo) for at in count)
        self.settings = settings
        self.shape = (groove, settings.shape, self.touches)
        lengths = [measure.grid.quarters for measure in self.measures]
        self.edges = tuple(accumulate(lengths, initial=0.0))
        """Where each measure starts, and where the last one ends, in quarter notes."""
        self.length = self.edges[-1]
        self.starts = self.edges[:-1]
        how = groove, settings, self.starts, self.length
        self._melody = MelodyNotes(self.measures, self.touches, *how)
        self.several = any(self.patterns)
        """Whether several of its notes may sound at once."""
        self._hits = PatternNotes(self.patterns, self.measures, *how) if self.several else None

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The slot that each measure is heard as."""
        return tuple(setting.slot for setting in self.settings.measures)

    @property
    def content(self) -> tuple[object, ...]:
        """What is written in it."""
        return self.measures, self.patterns

    def earliest_at(self, position: float) -> float:
        """Return how much earlier than written a note is heard at most, in quarter notes.

        Of the notes that begin soon after a position alone: those of its measure and the next.
        """
        index = self.place(position)[0]
        near = index, (index + 1) % len(self.measures)
        notes = (note for at in near for note in self._melody.within(at))
        ahead = max((-note.later for note in notes), default=0.0)
        if self._hits is not None:
            ahead = max(ahead, self._hits.earliest)
        return ahead + SAME if ahead > 0 else 0.0

    def between(self, start: float, end: float) -> list[Stretch]:
        """Return the notes that begin at ``start`` or later and before ``end``."""
        found = self._melody.between(start, end)
        if self._hits is not None:
            found += self._hits.between(start, end)
            found.sort(key=lambda each: each.start)
        return found

    def pulses(self, start: float, end: float) -> Iterator[tuple[float, bool]]:
        """Yield the pulses of the metres from ``start`` on and before ``end``.

        Each comes with whether it is the first of its measure.
        """
        for index, base in self._melody.measures_from(start - SAME, 1):
            begins = base + self.starts[index]
            if begins >= end - SAME:
                return
            for pulse in self.measures[index].grid.pulses:
                if start - SAME <= begins + float(pulse) < end - SAME:
                    yield begins + float(pulse), not pulse

    def once(self) -> list[Stretch]:
        """Return the notes of one turn alone, none before its start nor after its end."""
        return [
            replace(note, start=max(0.0, note.start), end=min(note.end, self.length))
            for note in self.between(-self.length, self.length)
            if note.begins_in(0.0, self.length)
        ]

    def begun(self, position: float) -> Stretch | None:
        """Return the last note that began before ``position``."""
        if self._hits is None:
            return self._melody.begun(position)
        back = self._hits.reach
        while back < 2 * self.length:
            if found := self.between(position - back, position):
                return found[-1]
            back *= 2
        return next(iter(self.between(position - self.length, position)[-1:]), None)

    def covering(self, position: float) -> list[Stretch]:
        """Return the notes that began before ``position`` and sound on after it."""
        last = self._melody.begun(position)
        begun = [] if last is None else [last]
        if self._hits is not None:
            begun += self._hits.between(position - self._hits.reach, position)
            begun.sort(key=lambda each: each.start)
        return [note for note in begun if note.end > position]

    def place(self, position: float) -> tuple[int, float]:
        """Return the measure that ``position`` falls in (from 0), and the quarter notes into it."""
        within = position % self.length
        index = bisect_right(self.starts, within) - 1
        return index, within - self.starts[index]
