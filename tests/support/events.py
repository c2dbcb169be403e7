"""A subscriber that keeps the events of an engine, and waits for them with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from engine.protocol.base import Command, Event
from engine.protocol.notices import CommandFailed, Notice

Told = TypeVar("Told", bound=Event)


class Listener:
    """Keeps what an engine tells, and waits for it with a deadline."""

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

    def of(self, kind: type[Told]) -> list[Told]:
        """Return the events of a kind that were heard so far."""
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait(
        self, kind: type[Told], like: Callable[[Told], bool] = lambda _: True, timeout: float = 30.0
    ) -> Told:
        """Return the first event of a kind that is like that, once it was heard."""

        def found() -> list[Told]:
            return [event for event in self.of(kind) if like(event)]

        self.until(found, timeout)
        return found()[0]

    def met(self, command: Command) -> Notice:
        """Return what says that a command with a request id was met."""
        return self.wait(Notice, lambda told: told.request == command.request)

    def refused(self, command: Command) -> CommandFailed:
        """Return why a command with a request id was refused."""
        return self.wait(CommandFailed, lambda told: told.request == command.request)
