"""The MIDI ports as they come and go, seen through a watcher process.

See `engine.midi.player.port_watcher`.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.common.child_process import child_command, close_pipes, end, start
from engine.common.line_pipe import LineReader
from engine.midi.ports import Census, PortInfo

PAUSE = 5.0
"""Seconds before a watcher that ended is started again."""

_READ = 65_536
_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A port that is there now and was not, or the other way round."""

    change: Literal["appeared", "vanished"]
    port: PortInfo


def sightings(before: Sequence[PortInfo], after: Sequence[PortInfo]) -> tuple[Sighting, ...]:
    """Return what lies between two looks: first what vanished, then what appeared, in order."""
    gone = [Sighting("vanished", port) for port in before if port not in after]
    come = [Sighting("appeared", port) for port in after if port not in before]
    return (*gone, *come)


def follow(
    until: int | None = None, command: Sequence[str] | None = None
) -> Generator[tuple[PortInfo, ...], None, None]:
    """Yield the ports that are there, first as they are and then whenever that changes.

    It ends when nobody reads the descriptor ``until`` any more. ``command`` writes a census
    line for each change; one that ends is started again, and what it said stands meanwhile.
    """
    ports: tuple[PortInfo, ...] | None = None
    while True:
        with _watcher(command or child_command("engine.midi.player.port_watcher")) as source:
            for line in _lines(source, until) if source is not None else ():
                with contextlib.suppress(ValueError):
                    census = Census.read(line)
                    if census.found != ports:
                        ports = census.found
                        yield ports
        if _unread(until, 0.0):
            return
        if ports is None:
            # Where nothing can be looked for, nothing is there.
            ports = ()
            yield ports
        if _unread(until, PAUSE):
            return


@contextlib.contextmanager
def _watcher(command: Sequence[str]) -> Iterator[int | None]:
    try:
        process = start(command, apart=True)
    except OSError:
        yield None
        return
    assert process.stdout is not None  # It was asked for.
    assert process.stdin is not None
    try:
        yield process.stdout.fileno()
    finally:
        process.stdin.close()
        # A sound system that does not answer holds it up.
        end(process, _PATIENCE)
        close_pipes(process)


def _lines(source: int, until: int | None) -> Iterator[bytes]:
    lines = LineReader()
    poll = _poll(until)
    poll.register(source, select.POLLIN)
    while True:
        if any(descriptor == until for descriptor, _ in poll.poll()):
            return
        if not (data := os.read(source, _READ)):
            return
        yield from lines.feed(data)


def _unread(until: int | None, seconds: float) -> bool:
    return bool(_poll(until).poll(seconds * 1000))


def _poll(until: int | None) -> select.poll:
    poll = select.poll()
    if until is not None:
        # Asked for nothing, it still tells when its reader has gone.
        poll.register(until, 0)
    return poll
