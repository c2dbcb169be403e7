"""What the player sent, kept until there is time to report it."""

from __future__ import annotations

from collections import deque

from engine.midi.messages import Sent

KEPT = 1024
"""How many messages may wait to be reported; beyond them the oldest are dropped, and counted."""

COST = 0.0001
"""Seconds that it may take to report one message: several times what it takes."""

_AT_ONCE = 32


class SentLog:
    """Keeps what is sent while somebody wants to know, and gives it when nothing is due.

    To keep one costs a microsecond at the deadline; all else is done between deadlines.
    """

    def __init__(self) -> None:
        self._on = False
        self._kept: deque[tuple[float, float, str, bytes]] = deque()
        self._missed = 0

    def switch(self, on: bool) -> None:
        """Begin to keep what is sent, or ends that and forget what is kept."""
        self._on = on
        if not on:
            self._kept.clear()
            self._missed = 0

    def note(self, at: float, late: float, port: str | None, data: bytes) -> None:
        """Keep a message that left at that time for a port; one that went to none is nothing."""
        if not self._on or port is None:
            return
        if len(self._kept) == KEPT:
            self._kept.popleft()
            self._missed += 1
        self._kept.append((at, late, port, data))

    def reportable(self, room: float) -> int:
        """Return how many can be reported in so many seconds."""
        if not self._kept or room < COST:
            return 0
        return min(len(self._kept), _AT_ONCE, int(min(room, 1.0) / COST))

    def pop(self, room: float) -> list[Sent]:
        """Return as many as can be reported in so many seconds, the oldest first."""
        reports = []
        for _ in range(self.reportable(room)):
            reports.append(Sent(*self._kept.popleft(), missed=self._missed))
            self._missed = 0
        return reports
