"""Hears MIDI, in a process of its own: what arrives is stamped and written down at once.

Input callbacks run on threads of the MIDI systems, and none of that may disturb the process
that keeps time. ``python -m engine.midi.player.input_process`` reads `engine.midi.messages.Listen`
lines with whole names from standard input, and writes `Heard` and `Listening` lines to standard
output until its input ends.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import time
from collections.abc import Callable
from typing import Any, Protocol

from engine.common.line_pipe import LineReader
from engine.errors import OutOfRange, PortError
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.player.realtime import ask_for_realtime
from engine.midi.ports import VIRTUAL, Input

PRIORITY = 10
"""Below the player's: hearing may wait for playing, and nothing else."""

LONGEST = 1024
"""The longest message in bytes that is passed on; longer ones are dumps, not music."""

_RETRY = 2.0
_READ = 65_536


class InputPort(Protocol):
    """A port that is open for hearing."""

    def close(self) -> None:
        """Close the port."""
        ...


OnData = Callable[[bytes], None]
Opener = Callable[[str, str, OnData], InputPort]


class InputListener:
    """Holds the wanted ports open, and tries those that fail again when it is told to."""

    def __init__(self, write: Callable[[bytes], None], opener: Opener = Input) -> None:
        self._write = write
        self._opener = opener
        self._wanted: tuple[str, ...] = ()
        self._open: dict[str, InputPort] = {}
        self._failed: dict[str, str] = {}

    @property
    def incomplete(self) -> bool:
        """Whether a wanted port is still to be opened."""
        return bool(self._failed)

    def want(self, names: tuple[str, ...]) -> None:
        """Open and close ports until those with these names are open, and report what came of it.

        Names are whole, as in ``jack:keys:out``; the virtual port comes as ``virtual:jack``.
        """
        self._wanted = names
        for name in [name for name in self._open if name not in names]:
            self._open.pop(name).close()
        self._failed.clear()
        self._try()
        self._report()

    def retry(self) -> None:
        """Try once more what could not be opened, and report where that changed anything."""
        before = dict(self._failed)
        self._try()
        if self._failed != before:
            self._report()

    def close(self) -> None:
        """Close every port."""
        while self._open:
            self._open.popitem()[1].close()

    def _try(self) -> None:
        for name in self._wanted:
            if name in self._open:
                continue
            try:
                self._open[name] = self._open_port(name)
                self._failed.pop(name, None)
            except PortError as error:
                self._failed[name] = error.line()

    def _open_port(self, name: str) -> InputPort:
        api, _, rest = name.partition(":")
        if api == VIRTUAL:
            return self._opener(VIRTUAL, rest, self._receiver(VIRTUAL))
        return self._opener(name, api, self._receiver(name))

    def _report(self) -> None:
        names = tuple(map(_public, self._open))
        failed = tuple(f"{_public(name)}: {reason}" for name, reason in self._failed.items())
        self._write(wire.encode(m.Listening(names, failed)))

    def _receiver(self, name: str) -> OnData:
        def receive(data: bytes) -> None:
            at = time.monotonic()
            # What a broken cable makes is no message, and then nothing arrived.
            with contextlib.suppress(OutOfRange, wire.BadMessage):
                if len(data) <= LONGEST:
                    self._write(wire.encode(m.MidiReceived(at, name, data)))

        return receive


def _public(name: str) -> str:
    # The virtual port comes with its system behind it, which is nobody's business.
    return VIRTUAL if name.startswith(f"{VIRTUAL}:") else name


def main() -> None:
    """Receive until standard input ends."""
    out = os.dup(1)
    for standard in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), standard)
    # A line is shorter than what a pipe takes whole, so threads do not cut into each other;
    # and a reader that hangs costs messages instead of holding up a MIDI system.
    os.set_blocking(out, False)

    def write(line: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(out, line)

    listener = InputListener(write)
    ask_for_realtime(PRIORITY)
    gc.collect()
    gc.freeze()
    lines = LineReader()
    while True:
        readable, _, _ = select.select([0], [], [], _RETRY if listener.incomplete else None)
        if not readable:
            listener.retry()
            continue
        data = os.read(0, _READ)
        if not data:
            break
        for line in lines.feed(data):
            with contextlib.suppress(wire.BadMessage):
                message: Any = wire.decode(line)
                if isinstance(message, m.Listen):
                    listener.want(message.names)
    # Not the usual way out: a port of a dead JACK server would wait for it.
    os._exit(0)


if __name__ == "__main__":
    main()
