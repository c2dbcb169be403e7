"""Real parts: a JACK server of our own, and an independent client that says what it hears."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.midi.link import PlayerLink
from engine.midi.messages import Notes, TimedNote
from tests.fakes_player import EventLog

READER = Path(__file__).with_name("reader.py")


class JackServer:
    """A private JACK server on its dummy driver; children find it through the environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and not ended."""
        return self._process is not None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        # Real-time scheduling first: without it the server's own clock slips.
        for realtime in (["-R", "-P", "70"], ["-r"]):
            self._process = subprocess.Popen(
                ["jackd", *realtime, "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "64"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 10
            while self._process.poll() is None and time.monotonic() < deadline:
                if subprocess.run(["jack_lsp"], capture_output=True, check=False).returncode == 0:
                    return
                time.sleep(0.05)
            self.stop()
        pytest.skip("jackd does not start on this machine")

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Ends it in order, so that its place in JACK's list of eight servers is free again."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None


class Heard:
    """Runs the reader, an independent client, and keeps (seconds, bytes) as they arrive."""

    def __init__(self, client: str) -> None:
        self.messages: list[tuple[float, bytes]] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, str(READER), client],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, data = line.split()
            with self._changed:
                self.messages.append((float(at), bytes.fromhex(data.decode())))
                self._changed.notify_all()

    def wait_until(
        self, like: Callable[[list[tuple[float, bytes]]], bool], timeout: float = 10.0
    ) -> None:
        """Waits until what was heard is like that."""
        with self._changed:
            done = self._changed.wait_for(lambda: like(self.messages), timeout)
        assert done, f"heard in {timeout} s only {self.messages}"

    def holding(self) -> set[tuple[int, int]]:
        """Gives the (channel, pitch) pairs that still sound here."""
        held: set[tuple[int, int]] = set()
        for _, data in list(self.messages):
            kind, channel = data[0] & 0xF0, data[0] & 0x0F
            if kind == 0x90 and data[2]:
                held.add((channel, data[1]))
            elif kind in (0x80, 0x90):
                held.discard((channel, data[1]))
            elif kind == 0xB0 and data[1] in (120, 123):
                held = {key for key in held if key[0] != channel}
        return held

    def close(self) -> None:
        """Ends the reader."""
        self._process.kill()
        self._process.wait()
        self._thread.join(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def note_starts(messages: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """Gives the note-ons among what was heard."""
    return [(at, data) for at, data in messages if data[0] & 0xF0 == 0x90]


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


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    """Gives a running private JACK server, the only one that this test's processes see."""
    for tool in ("jackd", "jack_lsp"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install --no-install-recommends jackd2")
    name = f"armonica-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    server = JackServer(name)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def hear(jack: JackServer) -> Iterator[Callable[[str], Heard]]:
    """Gives what starts a reader under a client name; each is ended with the test."""
    assert jack.running
    readers: list[Heard] = []

    def start(client: str) -> Heard:
        readers.append(Heard(client))
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
