"""`armonica relay`: joins standard input and output to the socket of this user's engine.

What ssh starts on the engine's machine; it knows nothing of what it carries.
"""

from __future__ import annotations

import os
import select

from engine.common.line_pipe import PipeWriter
from engine.remote.connect import Address

_READ = 65_536
_MOST = 262_144
"""Bytes that may wait on either way before no more is read for it."""


def relay(given: int = 0, out: int = 1) -> None:
    """Carry bytes both ways until either end closes; raises `NoWay` where no engine is."""
    wire = Address().dial()
    os.set_blocking(given, False)
    towards = PipeWriter(wire.writes, 2 * _MOST)
    back = PipeWriter(out, 2 * _MOST)
    ways = {given: towards, wire.reads: back}
    try:
        while ways:
            reads = [source for source, box in ways.items() if box.pending < _MOST]
            writes = [box.descriptor for box in (towards, back) if box.waiting]
            readable, writable, _ = select.select(reads, writes, [])
            for box in (towards, back):
                if box.descriptor in writable:
                    box.flush()
            for source in readable:
                data = _read(source)
                if data is None:
                    continue
                if not data or not ways[source].put(data):
                    _finish(back)
                    return
    finally:
        wire.close()


def _read(source: int) -> bytes | None:
    try:
        return os.read(source, _READ)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _finish(back: PipeWriter) -> None:
    # The last words may say why: an engine that sends somebody away tells the reason.
    while back.waiting:
        _, writable, _ = select.select([], [back.descriptor], [], 1.0)
        if not writable:
            return
        back.flush()
