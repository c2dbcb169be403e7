"""From the engine's thread to the screen's: the one file that knows both.

What comes often (playheads, lateness, snapshots, maps being filled, meters) is kept as its latest
only, and handed over at most `RATE` times a second; so is what passes over MIDI, but gathered.
Everything else goes over at once and in order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from engine.event_bus import OFTEN, kind_of, latest
from engine.protocol.base import Command, Event
from engine.protocol.devices import MidiTraffic
from engine.protocol.snapshot import Snapshot

if TYPE_CHECKING:
    from engine.protocol.files import AtTheEnd

RATE = 20.0
"""How many times a second what comes often is handed over."""


class EngineLink(Protocol):
    """What the screens need of an engine, in this process or at the end of a line."""

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""

    @property
    def ends(self) -> Sequence[AtTheEnd]:
        """What became of the songs that were not saved; known once it is closed."""

    def send(self, command: Command) -> None:
        """Put a command into the engine's inbox."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Pass events to ``callback``, the latest snapshot first, until the answer is called."""

    def close(self) -> None:
        """End the engine, keeping the song."""


class EngineEvent(Message):
    """An event of the engine, on the screen's thread."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def can_replace(self, message: Message) -> bool:
        """Say that of what comes often only the latest counts."""
        return (
            isinstance(message, EngineEvent)
            and isinstance(self.event, OFTEN)
            and kind_of(message.event) == kind_of(self.event)
        )


class Due(Message):
    """Something that comes often is waiting in the bridge."""

    def can_replace(self, message: Message) -> bool:
        """Say that once is enough."""
        return isinstance(message, Due)


class Bridge:
    """Takes events on any thread and posts messages; never waits and never calls a widget."""

    def __init__(
        self,
        post: Callable[[Message], object],
        rate: float = RATE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._post = post
        self._interval = 1.0 / rate
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[tuple[type[Event], int], Event] = {}
        self._announced = False
        self._handed = float("-inf")

    def __call__(self, event: Event) -> None:
        """Receive an event of the engine."""
        if not isinstance(event, (*OFTEN, MidiTraffic)):
            self._post(EngineEvent(event))
            return
        with self._lock:
            self._latest[kind_of(event)] = latest(self._latest.get(kind_of(event)), event)
            if self._announced:
                return
            self._announced = True
        self._post(Due())

    def wait(self) -> float:
        """Return the seconds until what is waiting may be handed over."""
        return max(0.0, self._handed + self._interval - self._clock())

    def hand_over(self) -> None:
        """Post the latest of each kind that is waiting, in the order in which they came."""
        with self._lock:
            waiting, self._latest, self._announced = self._latest, {}, False
        self._handed = self._clock()
        for event in waiting.values():
            self._post(EngineEvent(event))
