"""A line that is as slow and as lossy as one asks: a proxy on loopback."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from typing import Self

PACKET = 1400
"""Bytes that are lost together."""

AGAIN = 0.3
"""Seconds until a lost packet has come all the same: TCP waits 200 ms at least, and the way."""


class _Way:
    """One direction of one connection: what was read waits its time, and keeps its order."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.last = 0.0


class SlowLine:
    """Carries connections to a port of this machine, each packet ``delay`` seconds late.

    With chance ``loss`` a packet is late by `AGAIN` more, and all behind it with it, as TCP
    delivers in order. ``jitter`` is the most that is added to a packet by chance, in seconds.
    """

    def __init__(
        self, port: int, delay: float, loss: float = 0.0, jitter: float = 0.0, seed: int = 0
    ) -> None:
        self.delay, self.loss, self.jitter = delay, loss, jitter
        self.lost = self.carried = 0
        self._target = port
        self._draws = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._late: list[tuple[float, int, _Way, bytes]] = []
        self._order = itertools.count()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._up, self._cut = True, False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="slow line", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the line."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    def cut(self) -> None:
        """Break every connection and let none through until `mend`."""
        self._up = False
        self._cut = True

    def mend(self) -> None:
        """Let connections through again."""
        self._up = True

    def close(self) -> None:
        """End the line."""
        self._ended = True
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._ended:
            if self._cut:
                self._cut = False
                self._break()
            now = time.monotonic()
            pause = min(0.02, max(0.0, self._late[0][0] - now)) if self._late else 0.02
            for key, _ in self._selector.select(pause):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._read(key.data)
            self._deliver()
        self._break()
        self._listener.close()

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if not self._up:
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._target), 1.0)
        except OSError:
            near.close()
            return
        for each in (near, far):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.append((near, far))
        for source, target in ((near, far), (far, near)):
            self._selector.register(source, selectors.EVENT_READ, _Way(source, target))

    def _read(self, way: _Way) -> None:
        try:
            data = way.source.recv(65_536)
        except OSError:
            data = b""
        now = time.monotonic()
        if not data:
            # The end comes as late as all that was said before it.
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(way.source)
            way.last = max(way.last, now + self.delay)
            heapq.heappush(self._late, (way.last, next(self._order), way, b""))
            return
        for start in range(0, len(data), PACKET):
            late = self.delay + self.jitter * self._draws.random()
            self.carried += 1
            if self._draws.random() < self.loss:
                self.lost += 1
                late += AGAIN
            way.last = max(way.last, now + late)
            entry = (way.last, next(self._order), way, data[start : start + PACKET])
            heapq.heappush(self._late, entry)

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._late and self._late[0][0] <= now:
            _, _, way, data = heapq.heappop(self._late)
            if not data:
                self._end(way)
            with contextlib.suppress(OSError):
                way.target.settimeout(1.0)
                way.target.sendall(data)
                way.target.setblocking(False)

    def _end(self, way: _Way) -> None:
        for pair in [each for each in self._pairs if way.source in each]:
            self._pairs.remove(pair)
            for each in pair:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(each)
                each.close()

    def _break(self) -> None:
        self._late.clear()
        for pair in list(self._pairs):
            self._end(_Way(*pair))
