"""A crowd at one door keeps nobody out who has the right to come in, at that door or another."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Iterator

import pytest

from engine.protocol.edit import SetTempo
from engine.protocol.snapshot import Snapshot
from engine.remote import protocol as v
from engine.remote.sockets import read_token, socket_path
from tests.support.remote import ServedEngine

TRIES = 40
CROWD = 300
"""How many connections the crowd holds open at once: more than there are places at a door."""


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    """Yield a served engine."""
    made = ServedEngine()
    yield made
    made.close()


class Crowd:
    """Opens connections to a TCP port without end, and closes the oldest of them again."""

    def __init__(self, port: int, line: bytes) -> None:
        self.opened = 0
        self._port, self._line = port, line
        self._held: deque[socket.socket] = deque()
        self._over = threading.Event()
        self.full = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                one = socket.create_connection(("127.0.0.1", self._port), 5)
                self._held.append(one)
                one.sendall(self._line)
                self.opened += 1
            if len(self._held) > CROWD:
                self._held.popleft().close()
                self.full.set()

    def close(self) -> None:
        """Go away."""
        self._over.set()
        self._thread.join(10)
        for each in self._held:
            each.close()


@pytest.fixture(params=[b"", b"{", v.to_engine(v.Hello(v.VOCABULARY, token="wrong"))])
def crowd(served: ServedEngine, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """Yield a crowd at the TCP door that says nothing, too little, or what is wrong."""
    assert served.door.port is not None
    made = Crowd(served.door.port, request.param)
    assert made.full.wait(60)
    yield made
    made.close()


def greeted(line: socket.socket, token: str) -> bool:
    """Describe hello over a line that was just opened; tells whether that was heard."""
    with line, contextlib.suppress(OSError), line.makefile("rb") as file:
        line.settimeout(20)
        line.sendall(v.to_engine(v.Hello(v.VOCABULARY, token=token, watches=False)))
        while reply := file.readline():
            if isinstance(v.by_engine(*v.parsed(reply, v.LONGEST_FROM_ENGINE)), v.Welcome):
                return True
    return False


def over_unix() -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(str(socket_path()))
    return line


def test_a_crowd_at_the_tcp_door_keeps_nobody_out(
    served: ServedEngine, crowd: Crowd, caplog: pytest.LogCaptureFixture
) -> None:
    port, token = served.door.port, read_token()
    assert port is not None
    for _ in range(TRIES):
        assert greeted(over_unix(), "")
        assert greeted(socket.create_connection(("127.0.0.1", port), 20), token)
    guest, seen = served.guest()
    guest.send(SetTempo(123.0))
    seen.wait(Snapshot, lambda shown: shown.song.tempo == 123.0)
    assert crowd.opened > CROWD
    # Nor does it drive all else out of the log.
    assert len([each for each in caplog.records if each.name == "engine.remote.server"]) < 30
