"""A player that plays nothing and remembers, and a log of what a real one reports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.midi.messages import FromPlayer, Notes, TimedNote, ToPlayer

ReportT = TypeVar("ReportT", bound=FromPlayer)


@dataclass(slots=True)
class RecordingPlayer:
    """Keeps every message in the order in which it was sent."""

    messages: list[ToPlayer] = field(default_factory=list)
    closed: bool = False

    def send(self, message: ToPlayer) -> None:
        """Remember the message."""
        self.messages.append(message)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def notes(self) -> list[TimedNote]:
        """Return every note that was scheduled, in the order in which it was sent."""
        return [
            note
            for message in self.messages
            if isinstance(message, Notes)
            for note in message.notes
        ]


class EventLog:
    """Keeps what a link reports, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[FromPlayer] = []
        self._changed = threading.Condition()

    def __call__(self, event: FromPlayer) -> None:
        """Remember the event; this is what a link is given."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(
        self,
        kind: type[ReportT],
        like: Callable[[ReportT], bool] = lambda _: True,
        timeout: float = 30.0,
    ) -> ReportT:
        """Take the first event of that kind that is like that out of the log, once it is there."""
        found: list[ReportT] = []

        def look() -> bool:
            for event in self.events:
                if isinstance(event, kind) and like(event):
                    found.append(event)
                    self.events.remove(event)
                    return True
            return False

        with self._changed:
            if not self._changed.wait_for(look, timeout):
                raise AssertionError(f"no {kind.__name__} in {timeout} s, only {self.events}")
        return found[0]
