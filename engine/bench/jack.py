"""A JACK server of our own, and an independent client that says what it hears and when."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Self

from engine.common.child_process import child_command, child_environment
from engine.errors import NotReady

RATE = 48_000
PERIOD = 64
"""Frames of a period: messages move from one client to another at its ends."""

Message = tuple[float, bytes]
"""The moment of arrival in seconds of the monotonic clock, and the bytes."""

QUESTION = bytes((0xBF, 119, 77))
"""What asks whether a client hears: a controller that has no meaning."""

_INSTALL = "Install it: apt-get install --no-install-recommends jackd2."
_LIMIT = 30.0

_TURN = 300.0
"""Seconds to wait for another server of ours to end."""

_COMPLAINT = re.compile("cannot|can't|could not|fail|error|already active", re.IGNORECASE)

_PATIENCE = 100
"""Milliseconds; the server waits ten times as long for a client that is held up or was killed."""


class JackStalled(NotReady):
    """A server that calls a client no more, as happens after another client was killed."""


class JackServer:
    """A private JACK server on its dummy driver, found through ``variables``."""

    def __init__(self, name: str, period: int = PERIOD, *, in_step: bool = True) -> None:
        """Take a name, the same in every run; raises `NotReady` where JACK is not installed.

        JACK has eight places for servers and gives that of one that was killed to its namesake
        alone. Servers of ours take turns, so that one name is never used twice at once.
        ``in_step`` has it wait for its clients in every period. One that is killed then holds
        everybody up for a second.
        """
        for tool in ("jackd", "jack_lsp", "jack_connect"):
            if shutil.which(tool) is None:
                raise NotReady(f"This needs JACK, and {tool} is missing.", _INSTALL)
        self.name = f"{name}-{os.getuid()}"
        self.period = period
        self.in_step = in_step
        self.realtime = False
        self._turn: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    @property
    def variables(self) -> dict[str, str]:
        """What makes a process see this server and start no other."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}

    @property
    def running(self) -> bool:
        """Whether it has been started and not ended."""
        return self._process is not None

    @property
    def process(self) -> int | None:
        """Its process, while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def description(self) -> str:
        """The server in words."""
        how = "real-time" if self.realtime else "not real-time"
        return f"a private JACK server with periods of {1000 * self.period / RATE:.2f} ms ({how})"

    def start(self) -> None:
        """Start it and wait until it answers; raises `NotReady` where it does not."""
        if self._turn is None:
            self._turn = _take_turn()
            _end_orphan(self._turn)
        # A server that goes on without a client that is held up writes the next messages over
        # those that were not yet read.
        step = ["-S"] if self.in_step else []
        server = ["-n", self.name, *step, "-t", str(_PATIENCE)]
        driver = ["-d", "dummy", "-r", str(RATE), "-p", str(self.period)]
        # Real-time scheduling first: without it the server's own clock slips.
        for self.realtime in (True, False):
            how = ["-R", "-P", "70"] if self.realtime else ["-r"]
            with tempfile.TemporaryFile("w+") as output:
                self._process = subprocess.Popen(
                    ["jackd", *how, *server, *driver], stdout=output, stderr=output
                )
                if self._turn is not None:
                    _note_server(self._turn, self._process.pid)
                deadline = time.monotonic() + _LIMIT
                while self._process.poll() is None and time.monotonic() < deadline:
                    if self.ask("jack_lsp") is not None:
                        return
                    time.sleep(0.05)
                self._end()
                output.seek(0)
                words = "; ".join(line.strip() for line in output if _COMPLAINT.search(line))
        self.stop()
        raise NotReady(f"jackd does not start: {words or 'it does not say why'}.")

    def ask(self, *command: str) -> str | None:
        """Return what one of JACK's own commands prints about this server; None where it fails."""
        environment = os.environ | self.variables
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return done.stdout if done.returncode == 0 else None

    def connect(self, source: str, target: str) -> None:
        """Connect two ports as soon as both are there; raises `NotReady` where they are not.

        The guard of a player that went before may have connected them already.
        """
        deadline = time.monotonic() + _LIMIT
        while self.ask("jack_connect", source, target) is None:
            if f"   {target}" in (self.ask("jack_lsp", "-c", source) or "").splitlines():
                return
            if time.monotonic() > deadline:
                there = ", ".join((self.ask("jack_lsp") or "").split("\n"))
                raise NotReady(f"{source} cannot be connected to {target}; there are: {there}.")
            time.sleep(0.05)

    def reaches(self, port: str, came: Callable[[], bool]) -> bool:
        """Return whether a message of a client of its own ``came`` to a port in five seconds.

        True also where that client cannot send, so that nothing is excused by it; False where the
        server takes no client at all.
        """
        import rtmidi

        name = "asks-whether-you-hear"
        try:
            sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
        except rtmidi.RtMidiError:
            return False
        try:
            sender.open_virtual_port("out")
            self.connect(f"{name}:out", port)
            sender.send_message(list(QUESTION))
            deadline = time.monotonic() + 5
            while not came() and time.monotonic() < deadline:
                time.sleep(0.02)
            return came()
        except (rtmidi.RtMidiError, NotReady):
            return True
        finally:
            sender.delete()

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order, so that its place in JACK's list of eight servers is free again."""
        self._end()
        if self._turn is not None:
            self._turn.close()
            self._turn = None

    def _end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


class JackListener:
    """Runs the reader, an independent client, and keeps messages as they arrive."""

    def __init__(self, client: str, jack: JackServer) -> None:
        """Start it as ``CLIENT:in``; raises `NotReady` where it cannot listen."""
        self.client = client
        self.messages: list[Message] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            child_command("engine.bench.jack_reader", client),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment() | jack.variables,
        )
        assert self._process.stdout is not None  # It was asked for.
        if self._process.stdout.readline() != b"ready\n":
            self._process.kill()
            self._process.wait()
            raise NotReady(
                "No JACK port can be opened with python-rtmidi.", "Install its binary wheel."
            )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the listener itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the reader."""
        self.close()

    def wait_for(self, like: Callable[[Sequence[Message]], bool], timeout: float = _LIMIT) -> bool:
        """Wait until what was heard is like that; tells whether it became so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: like(self.messages), timeout)

    def first(
        self, like: Callable[[bytes], bool], since: int = 0, timeout: float = _LIMIT
    ) -> Message | None:
        """Wait for the first such message from the place ``since`` on; None where none comes."""
        found: list[Message] = []

        def heard(messages: Sequence[Message]) -> bool:
            nonlocal since
            while since < len(messages) and not found:
                if like(messages[since][1]):
                    found.append(messages[since])
                since += 1
            return bool(found)

        return found[0] if self.wait_for(heard, timeout) else None

    def holding(self) -> set[tuple[int, int]]:
        """Return the (channel, pitch) pairs that still sound here."""
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

    @property
    def closed(self) -> bool:
        """Whether the reader has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the reader."""
        assert self._process.stdin is not None  # It was asked for.
        self._process.stdin.close()
        try:
            # In order, because the server waits for a client that was killed.
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # It was asked for.
        for line in self._process.stdout:
            at, data = line.split()
            with self._changed:
                self.messages.append((float(at), bytes.fromhex(data.decode())))
                self._changed.notify_all()


def _take_turn() -> IO[bytes] | None:
    """Wait until no other server of ours runs, and holds the place until it is closed."""
    try:
        import fcntl
    except ImportError:
        return None
    # JACK names the sockets and locks of clients after the client alone, so the clients of two
    # servers that run at once are taken for each other.
    turn = (Path(tempfile.gettempdir()) / f"armonica-jack-{os.getuid()}.lock").open("a+b")
    deadline = time.monotonic() + _TURN
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return turn
        time.sleep(0.1)
    turn.close()
    raise NotReady("Another program of ours uses JACK for too long.", "Wait for it, or end it.")


def _note_server(turn: IO[bytes], process: int) -> None:
    turn.truncate(0)
    turn.write(str(process).encode())
    turn.flush()


def _end_orphan(turn: IO[bytes] | None) -> None:
    """End the server of a program that was killed while it had the turn."""
    if turn is None:
        return
    turn.seek(0)
    words = turn.read().decode()
    command = Path("/proc") / words / "cmdline"
    with contextlib.suppress(OSError, ValueError):
        if words.isdecimal() and command.read_bytes().startswith(b"jackd\0"):
            os.kill(int(words), signal.SIGKILL)
            deadline = time.monotonic() + 5
            while command.exists() and time.monotonic() < deadline:
                time.sleep(0.02)


def starts(data: bytes) -> bool:
    """Return whether a message starts a note."""
    return data[0] & 0xF0 == 0x90 and data[2] > 0
