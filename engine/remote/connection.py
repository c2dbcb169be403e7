"""One who is attached to the engine, as its end of the line sees them."""

from __future__ import annotations

import contextlib
import logging
import math
import socket
from collections import deque
from collections.abc import Callable

from engine.common.line_pipe import LineReader
from engine.remote.protocol import LONGEST_TO_ENGINE
from engine.remote.send_queue import SendQueue
from engine.remote.sockets import Door

LONGEST_GREETING = 4096
"""The longest first line in bytes."""

RATE, BURST = 1000.0, 4000.0
"""Lines a second, and how many at once; each 4 KiB of a line count as one more. All knobs of a
controller that are turned together make some hundreds."""

_LINE_SIZE = 4096
_READ = 65_536

log = logging.getLogger(__name__)


class Allowance:
    """Lets ``burst`` through at once and ``rate`` a second for ever."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, now

    def wait(self, now: float) -> float:
        """Return the seconds until something may come through again."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, -self._left / self._rate)

    def spend(self, cost: float) -> None:
        """Take what came through."""
        self._left -= cost


class Connection:
    """The socket of one guest: lines in at a bounded rate, lines out as fast as they are taken."""

    def __init__(self, connection: socket.socket, name: str, door: Door, now: float) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.name = name
        self.door = door
        self.outbox = SendQueue()
        self.since = self.heard = now
        self.greeted = False
        self.place = ""
        self.watches = False
        self.bad_lines = 0
        self.ending = False
        self.flooded: float | None = None
        self.leave: Callable[[], None] = lambda: None
        self._lines = LineReader(LONGEST_GREETING)
        self._inbox: deque[bytes] = deque()
        self._allowance = Allowance(RATE, BURST, now)
        self._writing = bytearray()

    def welcome(self) -> None:
        """Trust them from now on with lines of any length that makes sense."""
        self.greeted = True
        self._lines.limit = LONGEST_TO_ENGINE

    def read(self, now: float) -> bool:
        """Read what is there; False where they have gone."""
        try:
            data = self.connection.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        if not data:
            return False
        self.heard = now
        self._inbox.extend(self._lines.feed(data))
        return True

    def next_line(self, now: float) -> bytes | None:
        """Return the next line that may be met now; what comes faster than is right waits."""
        if not self._inbox:
            self.flooded = None
            return None
        if self._allowance.wait(now) > 0:
            if self.flooded is None:
                self.flooded = now
                log.warning("%s says more than can be heard, and is held up", self.name)
            return None
        data = self._inbox.popleft()
        self._allowance.spend(1 + len(data) / _LINE_SIZE)
        return data

    @property
    def listens(self) -> bool:
        """Whether more may be read: not while earlier lines wait."""
        return not self._inbox and not self.ending

    def pause(self, now: float) -> float:
        """Return the seconds until a line that waits may be met; infinity where none waits."""
        return self._allowance.wait(now) if self._inbox else math.inf

    @property
    def writes(self) -> bool:
        """Whether something is to be written."""
        return bool(self._writing) or self.outbox.waiting

    def write(self) -> bool:
        """Write what the socket takes; False where they have gone."""
        try:
            with contextlib.suppress(BlockingIOError, InterruptedError):
                while self._fill():
                    del self._writing[: self.connection.send(self._writing)]
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let them go."""
        self.leave()
        self.connection.close()

    def _fill(self) -> bool:
        # One line at a time: a note that comes now overtakes all that is not begun.
        if not self._writing and (data := self.outbox.next()) is not None:
            self._writing += data
        return bool(self._writing)
