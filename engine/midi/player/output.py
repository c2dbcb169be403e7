"""A port that is played to, with what is due there: its notes, its clock, what sounds on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from engine.midi.backends.table import open_port
from engine.midi.clock import STOP, Change, Clock
from engine.midi.messages import FromPlayer, PortFailed, PortLost, PortOpened, PortsSeen, UsePort
from engine.midi.player.reconnecting_port import Opener, ReconnectingPort
from engine.midi.player.schedule import DueMessage, Schedule
from engine.midi.player.sounding_table import SoundingRow

Addressed = tuple[DueMessage, "Station"]
"""Bytes, and where they go."""


class Station:
    """One outlet of the player; what happens to its port touches no other."""

    def __init__(
        self,
        number: int,
        report: Callable[[FromPlayer], None],
        opener: Opener = open_port,
        note: Callable[[str | None, bytes], None] | None = None,
        row: SoundingRow | None = None,
    ) -> None:
        """Make it; messages name it by ``number``, and ``report`` is given what its port reports.

        ``note`` is given what is sent at once, with the port that it goes to; ``row`` what sounds.
        """
        self.number = number
        self.schedule = Schedule()
        self.clock = Clock()
        self.outlet = ReconnectingPort(self._on_port, self._opened, opener, row)
        self._report = report
        self._note = note
        self._hush_all = False
        self._ticks = True

    @property
    def next_time(self) -> float:
        """When the next bytes are due; infinity where nothing is."""
        return min(self.clock.next_time, self.schedule.next_time)

    def want(self, wanted: UsePort, leading: Clock) -> None:
        """Leave the port at hand for another; its clock follows the ``leading`` one, or none."""
        self.send(self.schedule.ends() + self.schedule.hush())
        self._hush_all, self._ticks = wanted.hush, wanted.clock
        if self.clock is not leading:
            self.clock = Clock()
            if wanted.name is not None and wanted.clock:
                resume = leading.resume(time.monotonic())
                for change in (*([resume] if resume else ()), *leading.pending()):
                    self.clock.change(change)
        self.outlet.want(wanted.name)

    def change(self, message: Change, leading: bool) -> None:
        """Start, changes or stop the clock, where it has one; the leading one always runs."""
        if leading or (self._ticks and self.outlet.wanted is not None):
            self.clock.change(message)

    def pop_due(self, horizon: float) -> tuple[list[Addressed], list[Addressed]]:
        """Return what is due by ``horizon``, of the clock and of what sounds, each in order."""
        ticks = self.clock.pop_due(horizon)
        return (
            [(due, self) for due in ticks if self._ticks],
            [(due, self) for due in self.schedule.pop_due(horizon)],
        )

    def send(self, data: list[bytes]) -> None:
        """Send messages at once."""
        for each in data:
            self.outlet.send(each)
            if self._note is not None:
                self._note(self.outlet.name, each)

    def finish(self) -> None:
        """Silence everything that sounds and stop the receiver's clock."""
        self.send(self.schedule.silence())
        if self.clock.running and self._ticks:
            self.send([STOP])

    def _on_port(self, message: FromPlayer) -> None:
        if isinstance(message, PortOpened | PortLost | PortFailed):
            self._report(replace(message, outlet=self.number))
        elif not isinstance(message, PortsSeen) or self.number == 0:
            # All see the same ports, and one of them reports.
            self._report(message)

    def _opened(self) -> None:
        # A port that returns may still hold notes whose end it never received.
        self.send(self.schedule.hush(range(16) if self._hush_all else None))
        self._hush_all = False
        if resume := self.clock.resume(time.monotonic()):
            self.clock.change(resume)
