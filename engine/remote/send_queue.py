"""What waits to be written to one screen: notes first, and no more events than it takes."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from engine.event_bus import OFTEN, kind_of, latest
from engine.midi import messages as m
from engine.midi.player_mirror import PlayerPlan
from engine.protocol.base import Event
from engine.protocol.devices import MidiTraffic
from engine.protocol.snapshot import Snapshot
from engine.remote import protocol as v
from engine.remote.snapshot_delta import CHANNEL, Differences

CREDIT = 131_072
"""Bytes of events that may be on the way: what is queued ahead of a note on a slow line."""

MOST_EVENTS = 1000
"""Events, each of which counts, that may wait for one who takes none."""

MOST_BYTES = 4_194_304
"""Bytes of notes that may wait."""

MOST_SOUND = 134_217_728
"""Bytes of a wave that may wait: a quarter of an hour."""


class SendQueue:
    """Lines for one who may be slow; safe to fill from any thread.

    Of what is published often only the latest of its kind waits. What is played is never passed
    over: `hopeless` says when too much of it waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: deque[bytes] = deque()
        self._first_bytes = 0
        self._later: deque[bytes] = deque()
        self._later_bytes = 0
        self._events: OrderedDict[object, Event] = OrderedDict()
        self._differences = Differences()
        self._sent = 0
        self._acknowledged = 0

    def put(self, data: bytes) -> None:
        """Take a line that goes before all events."""
        with self._lock:
            if self._first_bytes <= MOST_BYTES:
                self._first.append(data)
                self._first_bytes += len(data)

    def put_event(self, event: Event) -> None:
        """Take an event; it is encoded when its turn comes."""
        with self._lock:
            if isinstance(event, (*OFTEN, MidiTraffic)):
                # At the end, after what had happened before it.
                waiting = self._events.pop(kind_of(event), None)
                self._events[kind_of(event)] = latest(waiting, event)
            elif len(self._events) <= MOST_EVENTS:
                self._events[object()] = event

    def put_music(self, message: m.ToPlayer | PlayerPlan) -> None:
        """Take what is played."""
        if isinstance(message, PlayerPlan):
            self.put(v.from_engine(v.Score(message)))
        else:
            self.put(v.played(message))

    def put_sound(self, order: v.SoundOrder) -> None:
        """Take what a sound device is to do."""
        data = v.from_engine(order)
        if order.do in ("load", "stop"):
            # Whatever has not gone yet is of a wave that nobody waits for any more.
            self.drop_later()
        if order.at_ease:
            self.put_later(data)
        else:
            self.put(data)

    def put_later(self, data: bytes) -> None:
        """Take a line that waits for all events, at the pace at which those are taken."""
        with self._lock:
            if self._later_bytes <= MOST_SOUND:
                self._later.append(data)
                self._later_bytes += len(data)

    def drop_later(self) -> None:
        """Forget the lines that have waited for all events."""
        with self._lock:
            self._later.clear()
            self._later_bytes = 0

    def acknowledge(self, count: int) -> None:
        """Take how many bytes of events have arrived there."""
        with self._lock:
            self._acknowledged = min(max(self._acknowledged, count), self._sent)

    @property
    def hopeless(self) -> bool:
        """Whether more waits than will ever be taken."""
        return self._first_bytes > MOST_BYTES or len(self._events) > MOST_EVENTS

    @property
    def waiting(self) -> bool:
        """Whether there is something that may be written now."""
        with self._lock:
            slow = bool(self._events or self._later)
            return bool(self._first) or (slow and self._may_send_event())

    def next(self) -> bytes | None:
        """Return the next line to write, or None where nothing may be written now."""
        with self._lock:
            if self._first:
                data = self._first.popleft()
                self._first_bytes -= len(data)
                return data
            if not self._may_send_event():
                return None
            if not self._events:
                return self._next_later()
            _, event = self._events.popitem(last=False)
        if isinstance(event, Snapshot):
            data = v.line(CHANNEL, self._differences.write(event))
        else:
            data = v.line("tell", v.TOLD.plain(event))
        with self._lock:
            self._sent += len(data)
        return data

    def _next_later(self) -> bytes | None:
        if not self._later:
            return None
        data = self._later.popleft()
        self._later_bytes -= len(data)
        self._sent += len(data)
        return data

    def _may_send_event(self) -> bool:
        return self._sent - self._acknowledged < CREDIT
