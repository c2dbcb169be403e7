"""Ends what sounds at ports, through ports of its own."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from engine.errors import PortError
from engine.midi.player.sounding_table import SoundingRow
from engine.midi.ports import SYNTH_API, VIRTUAL

_ROOM = 8192
"""Bytes that are sent to a port again: half of what RtMidi keeps for a JACK client that its
server does not call. When that is full, sending never returns."""

_DELIVERY = 0.02
"""Seconds given to the last messages: about one of the longest usual JACK periods."""


class Opened(Protocol):
    """A port that is open for playing."""

    def send(self, data: bytes) -> None:
        """Send one message; raises PortError where the port is gone."""
        ...

    def close(self) -> None:
        """Close the port."""
        ...


Opener = Callable[[str], Opened]
"""Opens a port by its name; raises PortError where that fails."""


def ends(sounding: Iterable[SoundingRow], port: str) -> list[bytes]:
    """Return what is to be sent to a port, so that nothing sounds there.

    A port that outlets play to by its name gets their ends, and those of virtual ports, which
    may lead there too; any other gets the ends of all outlets.
    """
    used = [(row.name, row.silence()) for row in sounding]
    named = port in (name for name, _ in used)
    return [
        data
        for name, silence in used
        if name is not None and (not named or name in (port, VIRTUAL))
        for data in silence
    ]


class Silencer:
    """Ports of its own, through which it ends what sounds.

    Those to JACK's ports are opened ahead: a server has other things to do while a client dies,
    and opening one may take longer than a note may hang.
    """

    def __init__(self, sounding: Iterable[SoundingRow], opener: Opener) -> None:
        """Make it for the rows of the table; ``opener`` opens a port by its name."""
        self._sounding = sounding
        self._opener = opener
        self._open: dict[str, Opened] = {}
        self._sent: dict[str, list[bytes]] = {}
        self._again: dict[str, int] = {}
        # A port of a dead server would wait a second to be closed.
        self._dead: list[Opened] = []

    def prepare(self, ports: Iterable[str], there: Collection[str] | None) -> None:
        """Open those of the ports that are ``there``, and close others; None is no server."""
        if there is None:
            self._dead += self._open.values()
            self._open.clear()
            return
        wanted = [port for port in ports if port in there]
        for port in [port for port in self._open if port not in wanted]:
            self._open.pop(port).close()
        for port in wanted:
            self._reach(port)

    def silence(self, ports: Iterable[str]) -> None:
        """End what sounds at ports by their names, once; one that has gone is passed over."""
        waiting = [port for port in ports if port not in self._sent]
        # First what is open already.
        for port in sorted(waiting, key=lambda port: port not in self._open):
            # The built-in synth ends with the player, and so do virtual ports.
            if port != VIRTUAL and port.partition(":")[0] != SYNTH_API:
                self._sent[port] = ends(self._sounding, port)
                self._send(port)

    def again(self) -> None:
        """Send the ends once more, and wait until they are delivered."""
        for port, messages in self._sent.items():
            # Before each message stands its length.
            size = self._again.get(port, 0) + sum(4 + len(data) for data in messages)
            if size <= _ROOM:
                self._again[port] = size
                self._send(port)
        time.sleep(_DELIVERY)

    def close(self) -> None:
        """Close the ports."""
        while self._open:
            self._open.popitem()[1].close()

    def _reach(self, port: str) -> Opened | None:
        if port not in self._open:
            with contextlib.suppress(PortError):
                self._open[port] = self._opener(port)
        return self._open.get(port)

    def _send(self, port: str) -> None:
        messages = self._sent[port]
        if messages and (opened := self._reach(port)) is not None:
            with contextlib.suppress(PortError):
                for data in messages:
                    opened.send(data)
