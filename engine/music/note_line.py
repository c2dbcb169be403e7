"""The line of notes that a loop of measures makes, with its ties over bar lines, as it is heard."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain, pairwise, repeat

from engine.music.chord_lock import ChordLock
from engine.music.groove import PLAIN, Groove
from engine.music.measure import HOLD, REST, Measure
from engine.music.pattern import Pattern
from engine.music.performance import Touches
from engine.music.scales import Key

YIELDING = 0.49
"""How far a note is moved at most, as a share of the gap to its neighbours: their order stays."""

EARLY = 0.5
"""How much earlier than its place a note of a pattern is heard at most, in quarter notes."""

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


@dataclass(frozen=True, slots=True)
class MeasureSetting:
    """How a measure of a line is heard: as that of which slot, in which key, at which tempo."""

    slot: int
    key: Key | ChordLock | None
    tempo: float


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
        settings: Sequence[MeasureSetting] = (),
        patterns: Iterable[Pattern | None] = (),
    ) -> None:
        self.measures = tuple(measures)
        self.touches = tuple(touches)
        self.patterns = tuple(patterns)
        if not settings:
            settings = [MeasureSetting(first + at, key, tempo) for at in range(len(self.measures))]
        self.slots = tuple(setting.slot for setting in settings)
        """The slot that each measure is heard as."""
        # A tempo moves notes less than can be heard, and is no reason to send them again.
        self.shape = (groove, tuple((s.slot, s.key) for s in settings), self.touches)
        edges = [float(edge) for edge in accumulate(m.grid.length for m in self.measures)]
        self.length = edges[-1]
        self.edges = (0.0, *edges)
        """Where each measure starts, and where the last one ends, in quarter notes."""
        self.starts = self.edges[:-1]
        events = self._events(groove, settings)
        starts = _moved(events, self.length)
        following = [*starts[1:], starts[0] + self.length] if events else []
        notes = [
            Stretch(at, end, event.token, event.louder, at - event.written, event.velocity)
            for event, at, end in zip(events, starts, following, strict=True)
            if event.token > REST
        ]
        self._groove, self._settings = groove, tuple(settings)
        # What of the patterns was asked for, by measure: most edits are of other measures.
        self._hits: dict[int, list[Stretch]] = {}
        self.several = any(self.patterns)
        """Whether several of its notes may sound at once."""
        self._notes = sorted((self._in_turn(note) for note in notes), key=lambda each: each.start)
        self._onsets = [note.start for note in self._notes]
        self._reach = max((note.end - note.start for note in self._notes), default=0.0)
        if self.several:
            self._reach = max(self._reach, *(b - a for a, b in pairwise(edges)), edges[0])
        ahead = max((-note.later for note in self._notes), default=0.0)
        if self.several:
            fastest = max(setting.tempo for setting in settings)
            ahead = max(ahead, min(EARLY, groove.timing / 1000 * fastest / 60))
        self.earliest = ahead + _SAME if ahead > 0 else 0.0
        """How much earlier than written a note is heard at most, in quarter notes."""

    def _events(self, groove: Groove, settings: Sequence[MeasureSetting]) -> list[_Event]:
        # What is said of the first measures need not be said of those after them.
        hands = chain(self.touches, repeat(()))
        events: list[_Event] = []
        for setting, start, measure, hand in zip(
            settings, self.starts, self.measures, hands, strict=False
        ):
            grid, played = measure.grid, iter(hand)
            struck = [tick for tick, token in enumerate(measure.tokens) if token != HOLD]
            heard = groove.onsets(grid, struck)
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
        return events

    def _in_turn(self, note: Stretch) -> Stretch:
        # One may be heard before the turn in which it is written, unless that is by nothing.
        if note.start >= 0:
            return note
        start = note.start + self.length
        if start < self.length:
            return replace(note, start=start, end=note.end + self.length)
        return replace(note, start=0.0)

    def _hits_in(self, index: int) -> list[Stretch]:
        """Return the notes of a measure's pattern; those of one place are moved alike."""
        if (known := self._hits.get(index)) is not None:
            return known
        groove, setting = self._groove, self._settings[index]
        pattern = self.patterns[index] if index < len(self.patterns) else None
        grid, start = self.measures[index].grid, self.starts[index]
        hits = [hit for hit in pattern.hits if hit.onset < grid.length] if pattern else []
        struck = [hit.onset for hit in hits]
        heard = groove.swung(struck, struck)
        ends = groove.swung([min(hit.end, grid.length) for hit in hits], struck)
        found = []
        for hit, at, end in zip(hits, heard, ends, strict=True):
            written = float(hit.onset)
            tick = min(bisect_right(grid.places, written + _SAME), grid.ticks) - 1
            off = groove.moves(grid, setting.slot, tick, setting.tempo)
            found.append(
                Stretch(
                    start + at + off,
                    start + max(end, at + _SAME) + off,
                    _closest(setting, hit.pitch, written),
                    groove.louder(setting.slot, tick),
                    at + off - written,
                    hit.velocity,
                )
            )
        self._hits[index] = found
        return found

    def _hits_between(self, start: float, end: float) -> Iterator[Stretch]:
        turn = math.floor((start - EARLY - self._reach) / self.length)
        while turn * self.length < end + EARLY:
            base = turn * self.length
            first = max(0, bisect_right(self.starts, start - EARLY - self._reach - base) - 1)
            for index in range(first, len(self.measures)):
                if base + self.starts[index] >= end + EARLY:
                    break
                for note in self._hits_in(index):
                    if start <= base + note.start < end:
                        yield _moved_by(note, base)
            turn += 1

    @property
    def content(self) -> tuple[object, ...]:
        """What is written in it."""
        return self.measures, self.patterns

    def between(self, start: float, end: float) -> list[Stretch]:
        """Return the notes that begin at ``start`` or later and before ``end``."""
        found: list[Stretch] = []
        turn = math.floor(start / self.length)
        while self._notes and turn * self.length < end:
            base = turn * self.length
            first = bisect_left(self._onsets, start, key=lambda onset: base + onset)
            for note in self._notes[first:]:
                if base + note.start >= end:
                    break
                found.append(_moved_by(note, base))
            turn += 1
        if self.several:
            found += self._hits_between(start, end)
            found.sort(key=lambda each: each.start)
        return found

    def pulses(self, start: float, end: float) -> Iterator[tuple[float, bool]]:
        """Yield the pulses of the metres from ``start`` on and before ``end``.

        Each comes with whether it is the first of its measure.
        """
        turn = math.floor(start / self.length)
        while turn * self.length < end:
            base = turn * self.length
            for at, first in self._pulses:
                if start - _SAME <= base + at < end - _SAME:
                    yield base + at, first
            turn += 1

    @cached_property
    def _pulses(self) -> tuple[tuple[float, bool], ...]:
        pairs = zip(self.starts, self.measures, strict=True)
        return tuple(
            (start + float(pulse), not pulse) for start, m in pairs for pulse in m.grid.pulses
        )

    def once(self) -> list[Stretch]:
        """Return the notes of one turn alone, none before its start nor after its end."""
        return [
            replace(note, start=max(0.0, note.start), end=min(note.end, self.length))
            for note in self.between(-self.length, self.length)
            if note.begins_in(0.0, self.length)
        ]

    def begun(self, position: float) -> Stretch | None:
        """Return the last note that began before ``position``."""
        if self.several:
            back = self._reach
            while back < 2 * self.length:
                if found := self.between(position - back, position):
                    return found[-1]
                back *= 2
            return next(iter(self.between(position - self.length, position)[-1:]), None)
        if not self._notes:
            return None
        base = math.floor(position / self.length) * self.length
        last = bisect_left(self._onsets, position, key=lambda onset: base + onset) - 1
        # None of this turn has begun: it is the last of the turn before.
        return _moved_by(self._notes[last], base if last >= 0 else base - self.length)

    def covering(self, position: float) -> list[Stretch]:
        """Return the notes that began before ``position`` and sound on after it."""
        begun = self.between(position - self._reach, position)
        return [note for note in begun if note.end > position]

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


def _closest(setting: MeasureSetting, pitch: int, place: float) -> int:
    # What a pattern holds lies in the whole range of MIDI.
    key = setting.key
    if key is None:
        return pitch
    if isinstance(key, Key):
        return key.closest(pitch)
    return key.closest_at(pitch, setting.slot, place)


def _moved_by(note: Stretch, base: float) -> Stretch:
    return replace(note, start=base + note.start, end=base + note.end)


def _moved(events: Sequence[_Event], length: float) -> list[float]:
    """Return when each event is heard: off its place, but never past half the way to another."""
    places = [event.at for event in events]
    if not any(event.off for event in events):
        return places
    before = [places[-1] - length, *places[:-1]]
    after = [*places[1:], places[0] + length]
    return [
        event.at
        + max(YIELDING * (earlier - event.at), min(YIELDING * (later - event.at), event.off))
        for event, earlier, later in zip(events, before, after, strict=True)
    ]
