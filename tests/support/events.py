"""A subscriber that keeps the events of an engine, and waits for them with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from engine.protocol.base import Command, Event
from engine.protocol.notices import CommandFailed, Notice

EventT = TypeVar("EventT", bound=Event)


class Listener:
    """Keeps the events of an engine, and waits for one with a deadline."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        """Receive an event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def until(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Wait until something holds that events bring about, or come before."""
        end = time.monotonic() + timeout
        with self._changed:
            while not condition():
                assert time.monotonic() < end, self.events
                # What holds only after its event is looked for without another.
                self._changed.wait(0.05)

    def of(self, kind: type[EventT]) -> list[EventT]:
        """Return the events of a kind that came so far."""
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait(
        self,
        kind: type[EventT],
        like: Callable[[EventT], bool] = lambda _: True,
        timeout: float = 30.0,
    ) -> EventT:
        """Return the first event of a kind that is like that, once it came."""

        def found() -> list[EventT]:
            return [event for event in self.of(kind) if like(event)]

        self.until(found, timeout)
        return found()[0]

    def accepted(self, command: Command) -> Notice:
        """Return the notice that a command with a request id was carried out."""
        return self.wait(Notice, lambda event: event.request == command.request)

    def refused(self, command: Command) -> CommandFailed:
        """Return why a command with a request id was refused."""
        return self.wait(CommandFailed, lambda event: event.request == command.request)
