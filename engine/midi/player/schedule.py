"""Which MIDI bytes are due when: pure bookkeeping, with no port and no clock of its own."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.midi.messages import TimedNote

LATE_LIMIT = 0.25
"""Seconds after which a note is dropped: a burst of late notes is worse than silence."""

SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123

# What happens first where times are equal: a note must end before it is struck again, and a
# change of program must come before the notes that it is meant for.
_END, _RAW, _START = range(3)


@dataclass(frozen=True, slots=True)
class DueMessage:
    """Bytes to send now; ``ready`` is the earliest moment at which they could have been sent."""

    ready: float
    data: bytes


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    at: float
    rank: int
    order: int
    ready: float
    what: TimedNote | tuple[int, int] | bytes
    voice: int = 0


class Schedule:
    """Notes and messages by their time, and the notes that sound.

    A note that is struck while the same pitch of its channel sounds ends the first stroke on
    the port, and the pitch sounds until the last of the overlapping notes ends. So every
    note-on is followed by one note-off before the next note-on of its pitch.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._heap: list[_Entry] = []
        self._order = itertools.count()
        self._sounding: dict[tuple[int, int], int] = {}
        self._channels: set[int] = set()

    @property
    def next_time(self) -> float:
        """When the next bytes are due; infinity where nothing is scheduled."""
        return self._heap[0].at if self._heap else math.inf

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """The (channel, pitch) pairs that sound."""
        return frozenset(self._sounding)

    def add(self, notes: Iterable[TimedNote], now: float, voice: int = 0) -> None:
        """Schedule notes of a voice that became known at ``now``."""
        for note in notes:
            self._push(note.on, _START, now, note, voice)

    def send(self, at: float, data: bytes, now: float) -> None:
        """Schedule one raw message that became known at ``now``."""
        self._push(at, _RAW, now, data)

    def flush(self, at: float, cut: bool, now: float, voice: int | None = None) -> None:
        """Drop a voice's notes that would start at ``at`` or later; with ``cut`` earlier ones end.

        ``now`` is when this became known. Without a voice it is about all of them.
        """
        kept = []
        for entry in self._heap:
            what = entry.what
            if voice not in (None, entry.voice):
                pass
            elif isinstance(what, TimedNote):
                if what.on >= at:
                    continue
                if cut and what.off > at:
                    entry = replace(entry, what=replace(what, off=at))
            elif cut and entry.rank == _END and entry.at > at:
                entry = replace(entry, at=at, ready=max(entry.ready, now))
            kept.append(entry)
        heapq.heapify(kept)
        self._heap = kept

    def prolong(self, channel: int, pitch: int, off: float, voice: int = 0) -> None:
        """Move the end of a voice's newest note of a pitch, sounding or scheduled, later."""
        newest, which = -1, -1
        for place, entry in enumerate(self._heap):
            what = entry.what
            scheduled = isinstance(what, TimedNote) and (what.channel, what.pitch)
            same = entry.voice == voice and (channel, pitch) in (scheduled, what)
            if same and entry.order > newest:
                newest, which = entry.order, place
        if which < 0:
            return
        entry = self._heap[which]
        if isinstance(entry.what, TimedNote):
            if entry.what.off < off:
                self._heap[which] = replace(entry, what=replace(entry.what, off=off))
        elif entry.at < off:
            self._heap[which] = replace(entry, at=off)
            heapq.heapify(self._heap)

    def pop_due(self, now: float) -> list[DueMessage]:
        """Return what is due by ``now``, in order, and counts it as sent."""
        due: list[DueMessage] = []
        while self._heap and self._heap[0].at <= now:
            entry = heapq.heappop(self._heap)
            ready = max(entry.at, entry.ready)
            due.extend(DueMessage(ready, data) for data in self._perform(entry, now))
        return due

    def silence(self) -> list[bytes]:
        """End every sounding note, drops the scheduled ones and quiets the used channels."""
        ends = self.ends()
        self._sounding.clear()
        self._heap = [entry for entry in self._heap if entry.rank == _RAW]
        heapq.heapify(self._heap)
        return ends + self.hush()

    def ends(self) -> list[bytes]:
        """Return an end for every sounding note, which goes on being counted."""
        return [note_off(*key) for key in self._sounding]

    def hush(self, channels: Iterable[int] | None = None) -> list[bytes]:
        """Return what quiets the channels, the used ones with None, whatever they hold."""
        return hush(sorted(self._channels if channels is None else channels))

    def _push(
        self, at: float, rank: int, ready: float, what: TimedNote | bytes, voice: int = 0
    ) -> None:
        heapq.heappush(self._heap, _Entry(at, rank, next(self._order), ready, what, voice))

    def _perform(self, entry: _Entry, now: float) -> list[bytes]:
        what = entry.what
        if isinstance(what, TimedNote):
            if now - what.on > LATE_LIMIT:
                self.dropped += 1
                return []
            key = (what.channel, what.pitch)
            end = _Entry(what.off, _END, next(self._order), entry.ready, key, entry.voice)
            heapq.heappush(self._heap, end)
            return self._strike(key, what.velocity)
        if isinstance(what, tuple):
            return self._release(what)
        return self._raw(what)

    def _raw(self, data: bytes) -> list[bytes]:
        status = data[0] & 0xF0
        if status < 0xF0:
            self._channels.add(data[0] & 0x0F)
        key = (data[0] & 0x0F, data[1]) if len(data) > 1 else (0, 0)
        if status == 0x90 and data[2]:
            return self._strike(key, data[2])
        if status == 0x80 or (status == 0x90 and not data[2]):
            return self._release(key)
        return [data]

    def _strike(self, key: tuple[int, int], velocity: int) -> list[bytes]:
        channel, pitch = key
        self._channels.add(channel)
        count = self._sounding.get(key, 0)
        self._sounding[key] = count + 1
        start = bytes((0x90 | channel, pitch, velocity))
        return [note_off(channel, pitch), start] if count else [start]

    def _release(self, key: tuple[int, int]) -> list[bytes]:
        count = self._sounding.get(key, 0)
        if count > 1:
            self._sounding[key] = count - 1
            return []
        return [note_off(*key)] if self._sounding.pop(key, None) else []


def hush(channels: Iterable[int]) -> list[bytes]:
    """Return what quiets channels, whatever sounds there."""
    # The pedal first: some synthesisers hold notes through 123 while it is down.
    controls = (SUSTAIN, ALL_NOTES_OFF, ALL_SOUND_OFF)
    return [bytes((0xB0 | channel, control, 0)) for channel in channels for control in controls]


def note_off(channel: int, pitch: int) -> bytes:
    """Return the message that ends a note."""
    return bytes((0x80 | channel, pitch, 0))
