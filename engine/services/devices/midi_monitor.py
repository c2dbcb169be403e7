"""What passes over the MIDI ports, told in batches for as long as somebody watches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from engine.midi import messages as m
from engine.protocol.base import Event
from engine.protocol.devices import MidiLine, MidiTraffic, Way

PERIOD = 0.05
"""Seconds between two tellings at least."""

LINES = 256
"""How many messages one telling holds at most; under a flood the oldest are passed over."""

LEASE = 6.0
"""Seconds for which a wish to watch holds; a screen that has died asks no more."""


def _epoch() -> float:
    return time.time() - time.monotonic()


class MidiMonitor:
    """Has the player tell what it sends while anybody watches, and gathers what passes.

    With several who watch, one that ends it ends it for all until another asks again.
    """

    def __init__(self, epoch: Callable[[], float] = _epoch) -> None:
        """Take what gives the seconds from 1970 to the beginning of the monotonic clock."""
        self._epoch = epoch
        self._since = 0.0
        self._until: float | None = None
        self._lines: deque[MidiLine] = deque()
        self._missed: dict[Way, int] = {"in": 0, "out": 0}
        self._told_at = 0.0

    def watch(self, on: bool, now: float) -> list[m.ToPlayer]:
        """Begin to watch, goes on for as long again, or ends it; gives what the player is told."""
        if not on:
            return self._end()
        begins, self._until = self._until is None, now + LEASE
        if not begins:
            return []
        # The clock on the wall may be set, and then all that is told would be told in two times.
        self._since = self._epoch()
        self._told_at = now
        return [m.Monitor(True)]

    def on_player(self, report: m.FromPlayer) -> None:
        """Note what was sent or heard, where anybody watches."""
        if self._until is None:
            return
        match report:
            case m.Sent(at, late, port, data, missed):
                self._missed["out"] += missed
                self._keep(MidiLine(self._since + at, "out", port, data, late * 1000))
            case m.MidiReceived(at, port, data):
                self._keep(MidiLine(self._since + at, "in", port, data))

    def wake(self) -> float | None:
        """Return when `tick` is due; None while nobody watches."""
        if self._until is None:
            return None
        return min(self._until, self._told_at + PERIOD) if self._lines else self._until

    def tick(self, now: float) -> tuple[list[m.ToPlayer], list[Event]]:
        """Return what is due to be told: to the player, and to everybody."""
        events: list[Event] = []
        if self._lines and now >= self._told_at + PERIOD:
            # What was sent is told when the player has time, and what was heard at once.
            lines = tuple(sorted(self._lines, key=lambda line: line.at))
            events.append(MidiTraffic(lines, self._missed["in"], self._missed["out"]))
            self._told_at = now
            self._forget()
        lapsed = self._until is not None and now >= self._until
        return self._end() if lapsed else [], events

    def _keep(self, line: MidiLine) -> None:
        if len(self._lines) == LINES:
            self._missed[self._lines.popleft().way] += 1
        self._lines.append(line)

    def _end(self) -> list[m.ToPlayer]:
        on, self._until = self._until is not None, None
        self._forget()
        return [m.Monitor(False)] if on else []

    def _forget(self) -> None:
        self._lines.clear()
        self._missed = {"in": 0, "out": 0}
