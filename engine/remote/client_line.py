"""One line to an engine, from the greeting to its end."""

from __future__ import annotations

import logging
import os
from typing import Any

from engine.common.json_values import BadLine
from engine.common.line_pipe import LineReader, PipeWriter
from engine.protocol.base import Event
from engine.protocol.snapshot import Snapshot
from engine.remote import protocol as v
from engine.remote.connect import Wire
from engine.remote.snapshot_delta import CHANNEL, Differences

_OUTBOX = 4_194_304
_READ = 262_144
_GOT = 16_384
"""Bytes of events after which the engine is sent how many have arrived."""

log = logging.getLogger(__name__)


class ClientLine:
    """Reads messages of the engine off a wire, counts those that wait for it, and sends lines."""

    def __init__(self, wire: Wire, now: float) -> None:
        self.wire = wire
        self.outbox = PipeWriter(wire.writes, _OUTBOX)
        self.heard = now
        self.welcome: v.Welcome | None = None
        self.shown = False
        self.echo_at = now
        self.echoes = 0
        self._lines = LineReader(v.LONGEST_FROM_ENGINE)
        self._differences = Differences()
        self._received = self._acknowledged = 0

    def read(self, now: float) -> list[bytes] | None:
        """Return the lines that have come; None where the line has ended."""
        try:
            data = os.read(self.wire.reads, _READ)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            return None
        if not data:
            return None
        self.heard = now
        return self._lines.feed(data)

    def decode(self, line: bytes) -> Any:
        """Return the message of a line; None where it makes no sense."""
        try:
            channel, body = v.parsed(line, v.LONGEST_FROM_ENGINE)
            if channel == CHANNEL:
                message: Any = self._differences.read(body)
            else:
                message = v.by_engine(channel, body)
        except BadLine as error:
            log.warning("The engine said something unheard of: %s", error.line())
            return None
        if isinstance(message, Event) or (isinstance(message, v.SoundOrder) and message.at_ease):
            # It is sent only as fast as it is taken.
            self._received += len(line) + 1
            self.acknowledge(_GOT)
        self.shown = self.shown or isinstance(message, Snapshot)
        return message

    def acknowledge(self, least: int = 1) -> None:
        """Send how much has arrived, where that are ``least`` bytes more than was said."""
        if self._received - self._acknowledged >= least:
            self._acknowledged = self._received
            self.outbox.put(v.to_engine(v.Got(self._received)))
