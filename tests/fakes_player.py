"""A player that plays nothing and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.midi.messages import Notes, TimedNote, ToPlayer


@dataclass(slots=True)
class RecordingPlayer:
    """Keeps every message in the order in which it was sent."""

    messages: list[ToPlayer] = field(default_factory=list)
    closed: bool = False

    def send(self, message: ToPlayer) -> None:
        """Remembers the message."""
        self.messages.append(message)

    def close(self) -> None:
        """Remembers that it was closed."""
        self.closed = True

    def notes(self) -> list[TimedNote]:
        """Gives every note that was scheduled, in the order in which it was sent."""
        return [
            note
            for message in self.messages
            if isinstance(message, Notes)
            for note in message.notes
        ]
