"""Ends what sounds when the player has died, in a process of its own that is already there.

Started as ``python -m engine.midi.guarding TABLE``, with the descriptor of the table of what
sounds, it waits for the end of standard input, which only the player holds. Then it sends an end
for each note that sounds to every port that was played to, and connects the virtual port of the
player's successor, once there is one, to what the player's own was connected to.

Ends are sent through ports of its own, because those of the player died with it. Where a
virtual port led is known under JACK alone.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from engine.audio.preview import API as PREVIEW_API
from engine.errors import PortError
from engine.midi.jack import JackServer
from engine.midi.ports import CLIENT, NAMED_OUT, VIRTUAL, VIRTUAL_OUT, Output
from engine.midi.priority import ask_for_realtime
from engine.midi.sounding import SIZE, SoundingRow, rows

PRIORITY = 15
"""Below the player's, which it never has to overtake."""

LOOK = 0.5
"""Seconds between two looks at where the player's ports lead."""

RETURN = 20.0
"""Seconds to wait for the player's successor."""

_RETURN_LOOK = 0.05

_POLL = 0.005
_NOTICED = 1.0
"""Seconds that a JACK server is given to notice that one of its clients has died."""

_DELIVERY = 0.05
"""Seconds given to the last messages: more than two of the longest usual JACK periods."""

_CLIENT = f"{CLIENT}-guard"
_OURS = re.compile(rf"{CLIENT}(-\d+)?:({VIRTUAL_OUT}|{NAMED_OUT})")


class Server(Protocol):
    """A JACK server that is asked where ports lead, and connects them."""

    def look(self) -> object:
        """Finds the server where it has come back."""
        ...

    def connections(self) -> dict[str, tuple[str, ...]]:
        """Gives all outputs, and where they lead."""
        ...

    def connect(self, source: str, target: str) -> None:
        """Connects two ports."""
        ...


class Connections:
    """Where the player's JACK ports led when it was last seen alive."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._leads: dict[str, tuple[str, ...]] = {}
        self._gone: list[str] = []

    def look(self, alive: Callable[[], bool]) -> None:
        """Remembers where the ports of players lead, unless the player has died meanwhile."""
        self._server.look()
        leads = self._ports()
        if alive():
            self._leads = leads

    def find(self, count: int) -> None:
        """Finds out which ports were the player's, which has died and had so many.

        Those of other players on this machine are still there, or none are; nothing else tells
        them apart. Waits until the server has noticed the death, where it must.
        """
        self._gone = sorted(self._leads)
        if len(self._gone) <= count:
            return
        until = time.monotonic() + _NOTICED
        while True:
            there = self._ports()
            self._gone = sorted(name for name in self._leads if name not in there)
            if len(self._gone) >= count or time.monotonic() >= until:
                return
            time.sleep(_POLL)

    @property
    def targets(self) -> tuple[str, ...]:
        """The ports that the player's led to, without repetition."""
        return tuple(dict.fromkeys(t for name in self._gone for t in self._leads[name]))

    def restore(self) -> bool:
        """Connects the successor's virtual ports as the old ones were; False where none is there.

        Which is which follows from the order of their names.
        """
        old = [name for name in self._gone if _virtual(name) and self._leads[name]]
        others = self._leads.keys() - set(self._gone)
        self._server.look()
        there = sorted(name for name in self._ports() if _virtual(name) and name not in others)
        if len(there) < len(old):
            return False
        for before, now in zip(old, there, strict=False):
            for target in self._leads[before]:
                self._server.connect(now, target)
        return True

    def _ports(self) -> dict[str, tuple[str, ...]]:
        leads = self._server.connections()
        return {name: targets for name, targets in leads.items() if _OURS.fullmatch(name)}


def ends(sounding: Iterable[SoundingRow], port: str) -> list[bytes]:
    """Gives what is to be sent to a port, so that nothing sounds there.

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
    """Ports that are opened to end what sounds there.

    The ends are sent twice: a JACK server that does not wait for its clients may lose messages
    while one of them dies.
    """

    def __init__(self, sounding: Iterable[SoundingRow]) -> None:
        self._sounding = sounding
        self._done: set[str] = set()
        self._opened: list[tuple[Output, list[bytes]]] = []

    def silence(self, ports: Iterable[str]) -> None:
        """Ends what sounds at ports by their names, once; a port that has gone is passed over."""
        for port in ports:
            api = port.partition(":")[0]
            # The built-in synth ends with the player, and so do virtual ports.
            if port in self._done or port == VIRTUAL or api == PREVIEW_API:
                continue
            self._done.add(port)
            if not (messages := ends(self._sounding, port)):
                continue
            with contextlib.suppress(PortError):
                self._opened.append((Output(port, api, _CLIENT), messages))
                self._send(*self._opened[-1])

    def close(self) -> None:
        """Sends the ends again, waits until everything is delivered, and closes the ports."""
        if self._opened:
            time.sleep(_DELIVERY)
        for port, messages in self._opened:
            with contextlib.suppress(PortError):
                self._send(port, messages)
        if self._opened:
            time.sleep(_DELIVERY)
        while self._opened:
            self._opened.pop()[0].close()

    def _send(self, port: Output, messages: list[bytes]) -> None:
        for data in messages:
            port.send(data)


def main() -> None:
    """Waits for the end of standard input, then silences what sounds."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # It ends with the player, and neither before it nor otherwise.
        signal.signal(number, signal.SIG_IGN)
    sounding = rows(mmap.mmap(int(sys.argv[1]), SIZE))
    try:
        connections: Connections | None = Connections(JackServer(f"{_CLIENT}-{os.getpid()}"))
    except OSError:
        connections = None
    ask_for_realtime(PRIORITY)
    gc.collect()
    gc.freeze()
    while True:
        if connections is not None:
            connections.look(_alive)
        if not _alive(LOOK):
            break
    _survive(sounding, connections)
    # Not the usual way out: a port of a dead JACK server would wait for it.
    os._exit(0)


def _survive(sounding: Iterable[SoundingRow], connections: Connections | None) -> None:
    names = [row.name for row in sounding if row.name is not None]
    if not names:
        # The player has ended in order, and silenced everything itself.
        return
    silencer = Silencer(sounding)
    silencer.silence(names)
    if connections is not None:
        connections.find(sum(name == VIRTUAL or name.startswith("jack:") for name in names))
        silencer.silence(f"jack:{target}" for target in connections.targets)
    silencer.close()
    until = time.monotonic() + RETURN
    while connections is not None and time.monotonic() < until and not connections.restore():
        time.sleep(_RETURN_LOOK)


def _alive(within: float = 0.0) -> bool:
    # Nothing is ever written to it, so what can be read is the end.
    return not select.select([0], [], [], within)[0]


def _virtual(name: str) -> bool:
    return name.endswith(f":{VIRTUAL_OUT}")


if __name__ == "__main__":
    main()
