"""The engine's end of the line to the player process."""

from __future__ import annotations

from typing import Protocol

from engine.midi.messages import ToPlayer


class Player(Protocol):
    """Whatever takes messages for the player: the process behind its link, or a recorder."""

    def send(self, message: ToPlayer) -> None:
        """Passes the message on; never waits for it to be played."""
        ...

    def close(self) -> None:
        """Silences everything and ends; what is sent afterwards is lost."""
        ...
