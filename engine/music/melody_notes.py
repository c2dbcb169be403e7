"""The notes of a melody in a loop of measures: one at a time, tied over bar lines.

They are found measure by measure when they are asked for: most of a long song is not heard soon.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice

from engine.music.groove import Groove
from engine.music.line_settings import LineSettings, MeasureSetting
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import Touches
from engine.music.scales import Key
from engine.music.stretch import Stretch

YIELDING = 0.49
"""How far a note is moved at most, as a share of the gap to its neighbours: their order stays."""

FARTHEST_OFF = 1.5
"""How far a note is heard off the measure it is written in at most, in quarter notes."""


@dataclass(frozen=True, slots=True)
class _Event:
    # A note or rest that starts: where it is written and swung, and how far off that it is heard.
    written: float
    at: float
    token: int
    off: float = 0.0
    louder: int = 0
    velocity: int | None = None


class MelodyNotes:
    """The notes that start in measures, the first at position 0, in every turn of their loop.

    ``starts`` are those of the measures in quarter notes, ``length`` is that of a turn.
    """

    def __init__(
        self,
        measures: Sequence[Measure],
        touches: Sequence[Touches],
        groove: Groove,
        settings: LineSettings,
        starts: Sequence[float],
        length: float,
    ) -> None:
        self.measures, self.touches, self.settings = measures, touches, settings
        self.starts, self.length = starts, length
        self._groove = groove
        self._events: dict[int, tuple[_Event, ...]] = {}
        self._notes: dict[int, tuple[Stretch, ...]] = {}

    def within(self, index: int) -> tuple[Stretch, ...]:
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

    def between(self, start: float, end: float) -> list[Stretch]:
        """Return the notes that begin at ``start`` or later and before ``end``."""
        found: list[Stretch] = []
        if not self._sounds or start >= end:
            return found
        for index, base in self.measures_from(start - FARTHEST_OFF, 1):
            if base + self.starts[index] - FARTHEST_OFF >= end:
                return found
            for note in self.within(index):
                if start <= base + note.start < end:
                    found.append(note.moved_by(base))
        raise AssertionError

    def begun(self, position: float) -> Stretch | None:
        """Return the last note that began before ``position``."""
        if not self._sounds:
            return None
        for index, base in self.measures_from(position + FARTHEST_OFF, -1):
            for note in reversed(self.within(index)):
                if base + note.start < position:
                    return note.moved_by(base)
        raise AssertionError

    @cached_property
    def _sounds(self) -> bool:
        return any(max(measure.tokens) > REST for measure in self.measures)

    def measures_from(self, position: float, way: int) -> Iterator[tuple[int, float]]:
        """Yield the measures from (or back from) a position on, each with the start of its turn."""
        turn, within = math.floor(position / self.length), position % self.length
        index = bisect_right(self.starts, within) - 1
        while True:
            yield index, turn * self.length
            index += way
            if not 0 <= index < len(self.measures):
                turn, index = turn + way, index % len(self.measures)

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


def _held(setting: MeasureSetting, pitch: int, place: float) -> int:
    key = setting.key
    if key is None:
        return pitch
    if isinstance(key, Key):
        return key.nearest(pitch)
    return key.nearest_at(pitch, setting.slot, place)


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
