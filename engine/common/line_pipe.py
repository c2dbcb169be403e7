"""Lines over pipes that never make either side wait for the other."""

from __future__ import annotations

import contextlib
import os

MAX_LINE = 65_536
"""The longest line in bytes, its end included."""


class LineReader:
    """Cuts what arrives into lines.

    A line that is longer than ``limit`` comes as its first part, one byte over it, which
    whoever reads it refuses; so a flood without an end takes no memory.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.limit = limit
        self._part = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that end in ``data``, without their ends."""
        *whole, rest = data.split(b"\n")
        lines = []
        for piece in whole:
            self._extend(piece)
            lines.append(bytes(self._part))
            self._part.clear()
        self._extend(rest)
        return lines

    def _extend(self, piece: bytes) -> None:
        self._part += piece[: max(0, self.limit + 1 - len(self._part))]


class PipeWriter:
    """Writes to a pipe what it takes at once, and keeps the rest for later."""

    def __init__(self, descriptor: int, limit: int) -> None:
        """Take the pipe's end and how many bytes may wait; the pipe no longer blocks."""
        self.descriptor = descriptor
        self._limit = limit
        self._waiting = bytearray()
        self._closed = False
        os.set_blocking(descriptor, False)

    @property
    def waiting(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._waiting)

    @property
    def pending(self) -> int:
        """How many bytes wait to be written."""
        return len(self._waiting)

    def put(self, line: bytes) -> bool:
        """Write the line, or keep it; False where it is lost: too much waits, or no reader."""
        if self._closed or len(self._waiting) + len(line) > self._limit:
            return False
        self._waiting += line
        self.flush()
        return not self._closed

    def flush(self) -> None:
        """Write what the pipe takes now."""
        try:
            with contextlib.suppress(BlockingIOError):
                while self._waiting:
                    del self._waiting[: os.write(self.descriptor, self._waiting)]
        except OSError:
            self.close()

    def close(self) -> None:
        """Return the pipe up: what waits is lost, and so is all that is put in later."""
        self._closed = True
        self._waiting.clear()
