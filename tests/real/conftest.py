"""Real parts: a JACK server of our own, and an independent client that says what it hears."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engine.bench.jack import JackServer, Listener, Message, starts
from engine.errors import NotReady
from engine.midi.link import PlayerLink
from engine.midi.messages import Notes, TimedNote
from tests.fakes_player import EventLog

__all__ = ["Heard", "JackServer", "note_starts", "scale"]


class Heard(Listener):
    """What an independent client hears, for tests to wait on."""

    def wait_until(self, like: Callable[[Sequence[Message]], bool], timeout: float = 30.0) -> None:
        """Waits until what was heard is like that."""
        assert self.wait_for(like, timeout), f"heard in {timeout} s only {self.messages}"


def note_starts(messages: Sequence[Message]) -> list[Message]:
    """Gives the note-ons among what was heard."""
    return [(at, data) for at, data in messages if starts(data)]


def scale(first: float, step: float, count: int) -> Notes:
    """Gives a scale of C on channel 2 from that moment, a note each ``step`` seconds."""
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    return Notes(
        tuple(
            TimedNote(first + n * step, first + (n + 0.9) * step, 2, pitches[n % 8], 100)
            for n in range(count)
        )
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives the folder that stands for the player's home."""
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    return tmp_path


PERIOD = 128
"""Frames of a period: JACK's own clock slips whenever it is held up for longer than one."""

STRETCHES = 16
"""How often time is measured by JACK's clock, which slips now and then on a busy machine. A
player that kept wrong time would be wrong in every stretch."""


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """Gives a running private JACK server, the only one that this test's processes see.

    A test may ask for a period of its own as the parameter, or for a server that is not in step
    with its clients, as most are, with the parameter "free".
    """
    asked = getattr(request, "param", PERIOD)
    try:
        name = f"armonica-{os.getpid()}"
        period = PERIOD if asked == "free" else asked
        server = JackServer(name, period, in_step=asked != "free")
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        server.start()
    except NotReady as error:
        pytest.skip(error.line())
    yield server
    server.stop()


@pytest.fixture
def hear(jack: JackServer) -> Iterator[Callable[[str], Heard]]:
    """Gives what starts a reader under a client name; each is ended with the test."""
    readers: list[Heard] = []

    def start(client: str) -> Heard:
        readers.append(Heard(client, jack))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


@pytest.fixture
def log() -> EventLog:
    """Gives the log of what the player tells."""
    return EventLog()


@pytest.fixture
def link(jack: JackServer, log: EventLog) -> Iterator[PlayerLink]:
    """Gives a link to a player that sees only the private server."""
    assert jack.running
    link = PlayerLink(log)
    yield link
    link.close()
