"""The MIDI ports that are heard, and what of them goes on to the instrument at once."""

from __future__ import annotations

from dataclasses import replace

from engine.midi import messages as m
from engine.protocol.base import Event
from engine.protocol.notices import Notice
from engine.protocol.snapshot import InputStatus

ALL, NONE = "all", "none"

Answer = tuple[list[m.ToPlayer], list[Event]]


def names(configured: str) -> tuple[str, ...] | None:
    """Read the setting: None for all ports, no name for none, else parts of names."""
    parts = tuple(part.strip() for part in configured.split(",") if part.strip())
    if not parts or parts == (ALL,):
        return None
    return () if parts == (NONE,) else parts


class Inputs:
    """Says to the player what is heard and passed on, and keeps what the player says of it."""

    def __init__(
        self, configured: str, thru: bool, channel: int, only: tuple[int, ...] = ()
    ) -> None:
        """Take the settings, and the channel of the track that playing goes out on."""
        self.status = InputStatus(wanted=names(configured), thru=thru, only=only)
        self._channel = channel

    def requests(self) -> list[m.ToPlayer]:
        """Return what a player that has begun is told."""
        return [self._listen(), self._thru()]

    def listen(self, wanted: tuple[str, ...] | None) -> list[m.ToPlayer]:
        """Receive other ports from now on."""
        self.status = replace(self.status, wanted=wanted)
        return [self._listen()]

    def pass_on(self, on: bool, only: tuple[int, ...]) -> list[m.ToPlayer]:
        """Pass playing on, from the channels in ``only``, or do so no longer."""
        self.status = replace(self.status, thru=on, only=only)
        return [self._thru()]

    def follow(self, channel: int) -> list[m.ToPlayer]:
        """Send on the channel of the track, whenever that changes."""
        if channel == self._channel:
            return []
        self._channel = channel
        return [self._thru()]

    def on_report(self, report: m.FromPlayer) -> list[Event]:
        """Take a report of the player, and return what is worth saying."""
        match report:
            case m.PortsSeen(_, inputs):
                self.status = replace(self.status, known=inputs)
            case m.Listening(heard, failed):
                before = set(self.status.failed)
                self.status = replace(self.status, heard=heard, failed=failed)
                return [
                    Notice(f"A MIDI port is not heard: {each}", "warning")
                    for each in failed
                    if each not in before
                ]
        return []

    def _listen(self) -> m.Listen:
        wanted = self.status.wanted
        return m.Listen(wanted or (), everything=wanted is None)

    def _thru(self) -> m.Thru:
        return m.Thru(self.status.thru, self._channel, self.status.only)
