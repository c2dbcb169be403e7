"""The line of notes that a loop of measures makes, with its ties over bar lines, as it is heard."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain, islice

from engine.music.chord_lock import ChordLock
from engine.music.groove import PLAIN, Groove
from engine.music.line_settings import LineSettings, MeasureSetting
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import Touches
from engine.music.scales import Key

YIELDING = 0.49
"""How far a note is moved at most, as a share of the gap to its neighbours: their order stays."""

FARTHEST_OFF = 1.5
"""How far a note is heard off the measure it is written in at most, in quarter notes."""

_SAME = 1e-6
"""Quarter notes within which two places are one: positions are floats."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sounding note of a line: ``start`` and ``end`` in quarter notes, ``pitch`` as MIDI number.

    Positions count on through every repeat of the loop. It is struck ``louder`` than its
    ``velocity`` (None: the track's) and heard ``later`` than it is written, in quarter notes.
    """

    start: float
    end: float
    pitch: int
    louder: int = 0
    later: float = 0.0
    velocity: int | None = None

    @property
    def written(self) -> float:
        """Where it is written, in quarter notes."""
        return self.start - self.later

    def begins_in(self, start: float, end: float) -> bool:
        """Return whether it is written from ``start`` on and before ``end``."""
        return start - _SAME <= self.written < end - _SAME


@dataclass(frozen=True, slots=True)
class _Event:
    # A note or rest that starts: where it is written and swung, and how far off that it is heard.
    written: float
    at: float
    token: int
    off: float = 0.0
    louder: int = 0
    velocity: int | None = None


class Line:
    """The notes of measures that are repeated for ever, the first written at position 0.

    A measure that begins with a hold goes on with the last note of the one before it, over
    the end of the loop also. With a ``groove`` notes are heard off the grid, and their ends
    with them, at a ``tempo`` in quarter notes a minute; the first measure is that of slot
    ``first``. With a ``key`` (or a lock that follows chords) each pitch is the nearest of it.
    ``touches`` says how the notes of each measure were played: how loud, and how far off the
    grid, where another groove adds to that. ``settings`` say all of it for each measure by itself.
    The measures stay as they are.
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
    ) -> None:
        self.measures = tuple(measures)
        self.touches = tuple(touches)
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
        self._groove = groove
        # What of it was asked for, by measure: most of a long song is not heard soon.
        self._events: dict[int, tuple[_Event, ...]] = {}
        self._notes: dict[int, tuple[Stretch, ...]] = {}

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The slot that each measure is heard as."""
        return tuple(setting.slot for setting in self.settings.measures)

    def earliest_at(self, position: float) -> float:
        """Return how much earlier than written a note is heard at most, in quarter notes.

        Of the notes that begin soon after a position alone: those of its measure and the next.
        """
        index = self.place(position)[0]
        count = len(self.measures)
        near = chain(self._notes_in(index), self._notes_in((index + 1) % count))
        ahead = max((-note.later for note in near), default=0.0)
        return ahead + _SAME if ahead > 0 else 0.0

    def _events_in(self, index: int) -> tuple[_Event, ...]:
        """Return the notes and rests that start in a measure."""
        if (known := self._events.get(index)) is not None:
            return known
        measure, setting, start = (
            self.measures[index], self.settings.measures[index], self.starts[index]
        )  # fmt: skip
        # What is said of the first measures need not be said of those after them.
        played = iter(self.touches[index] if index < len(self.touches) else ())
        groove, grid = self._groove, measure.grid
        struck = [tick for tick, token in enumerate(measure.tokens) if token != HOLD]
        heard = groove.onsets(grid, struck)
        events: list[_Event] = []
        for tick in struck:
            token, written = measure.tokens[tick], start + grid.places[tick]
            at = start + heard[tick]
            if token == REST:
                events.append(_Event(written, at, token))
                continue
            touch = next(played, None)
            off = groove.moves(grid, setting.slot, tick, setting.tempo)
            events.append(
                _Event(
                    written,
                    at,
                    _held(setting, token, grid.places[tick]),
                    off + (touch.deviation if touch else 0.0),
                    groove.louder(setting.slot, tick),
                    touch.velocity if touch else None,
                )
            )
        found = self._events[index] = tuple(events)
        return found

    def _events_from(self, index: int, way: int) -> Iterator[_Event]:
        """Yield the events after (or before) those of a measure, through more than one turn."""
        count = len(self.measures)
        for at in range(index + way, index + way * (count + 1), way):
            turn, within = divmod(at, count)
            for event in self._events_in(within)[::way]:
                yield _turned(event, turn * self.length)

    def _notes_in(self, index: int) -> tuple[Stretch, ...]:
        """Return the notes that start in a measure; the first may be heard before it."""
        if (known := self._notes.get(index)) is not None:
            return known
        notes: tuple[Stretch, ...] = ()
        if own := self._events_in(index):
            # A single event of a turn is its own neighbour on both sides.
            before = next(self._events_from(index, -1))
            after = list(islice(chain(self._events_from(index, 1), self._second(index)), 2))
            near = (before, *own, *after)
            starts = _moved(near)
            notes = tuple(
                self._stretch(event, at, end)
                for event, at, end in zip(own, starts, starts[1:], strict=False)
                if event.token > REST
            )
        self._notes[index] = notes
        return notes

    def _second(self, index: int) -> Iterator[_Event]:
        # Where a turn has one event, the second after it is that of the next turn.
        for event in self._events_from(index, 1):
            yield _turned(event, self.length)

    def _stretch(self, event: _Event, at: float, end: float) -> Stretch:
        later = at - event.written
        if at < 0 and at + self.length >= self.length:
            # It is heard before the turn in which it is written, but by nothing.
            at = 0.0
        return Stretch(at, end, event.token, event.louder, later, event.velocity)

    @cached_property
    def _sounds(self) -> bool:
        return any(max(measure.tokens) > REST for measure in self.measures)

    def _measures_from(self, position: float, way: int) -> Iterator[tuple[int, float]]:
        """Yield the measures from (or back from) a position on, each with the start of its turn."""
        turn, within = math.floor(position / self.length), position % self.length
        index = bisect_right(self.starts, within) - 1
        while True:
            yield index, turn * self.length
            index += way
            if not 0 <= index < len(self.measures):
                turn, index = turn + way, index % len(self.measures)

    def between(self, start: float, end: float) -> list[Stretch]:
        """Return the notes that begin at ``start`` or later and before ``end``."""
        found: list[Stretch] = []
        if not self._sounds or start >= end:
            return found
        for index, base in self._measures_from(start - FARTHEST_OFF, 1):
            if base + self.starts[index] - FARTHEST_OFF >= end:
                return found
            for note in self._notes_in(index):
                if start <= base + note.start < end:
                    found.append(_moved_by(note, base))
        raise AssertionError

    def pulses(self, start: float, end: float) -> Iterator[tuple[float, bool]]:
        """Yield the pulses of the metres from ``start`` on and before ``end``.

        Each comes with whether it is the first of its measure.
        """
        for index, base in self._measures_from(start - _SAME, 1):
            begins = base + self.starts[index]
            if begins >= end - _SAME:
                return
            for pulse in self.measures[index].grid.pulses:
                if start - _SAME <= begins + float(pulse) < end - _SAME:
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
        if not self._sounds:
            return None
        for index, base in self._measures_from(position + FARTHEST_OFF, -1):
            for note in reversed(self._notes_in(index)):
                if base + note.start < position:
                    return _moved_by(note, base)
        raise AssertionError

    def covering(self, position: float) -> Stretch | None:
        """Return the note that began before ``position`` and sounds on after it."""
        note = self.begun(position)
        return note if note is not None and note.end > position else None

    def place(self, position: float) -> tuple[int, float]:
        """Return the measure that ``position`` falls in (from 0), and the quarter notes into it."""
        within = position % self.length
        index = bisect_right(self.starts, within) - 1
        return index, within - self.starts[index]


def _held(setting: MeasureSetting, pitch: int, place: float) -> int:
    key = setting.key
    if key is None:
        return pitch
    if isinstance(key, Key):
        return key.nearest(pitch)
    return key.nearest_at(pitch, setting.slot, place)


def _moved_by(note: Stretch, base: float) -> Stretch:
    return replace(note, start=base + note.start, end=base + note.end)


def _turned(event: _Event, base: float) -> _Event:
    if not base:
        return event
    return replace(event, written=base + event.written, at=base + event.at)


def _moved(events: Sequence[_Event]) -> list[float]:
    """Return when each event but the first and last is heard.

    They are off their places, but never past half the way to another.
    """
    near = zip(events, events[1:], events[2:], strict=False)
    return [
        event.at
        if not event.off
        else event.at
        + max(YIELDING * (earlier.at - event.at), min(YIELDING * (later.at - event.at), event.off))
        for earlier, event, later in near
    ]
