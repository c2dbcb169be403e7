"""The ports that are heard, chosen by name from those that there are, as they come and go."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from engine.common.child_process import child_command, child_environment
from engine.common.line_pipe import PipeWriter
from engine.midi import wire
from engine.midi.messages import FromPlayer, Listen, Listening
from engine.midi.ports import VIRTUAL, Census

ECHOES = ("midi through", "armonica")
"""Parts of the names of ports that would give back what we send ourselves."""

_OUTBOX = 65_536
_PAUSE = 5.0


def wanted(listen: Listen, census: Census) -> tuple[str, ...]:
    """Gives the whole names of the ports to be heard, the virtual one with its system behind it."""
    names = [
        name
        for name in census.inputs
        if not any(echo in name.casefold() for echo in ECHOES)
        and (listen.everything or any(part.casefold() in name.casefold() for part in listen.names))
    ]
    api = census.virtual_api
    if api is not None and (listen.everything or VIRTUAL in listen.names):
        names.insert(0, f"{VIRTUAL}:{api}")
    return tuple(names)


class Inlet:
    """Has a process hear the wanted ports, and starts it again should it end."""

    def __init__(
        self,
        tell: Callable[[FromPlayer], None],
        start: Callable[[], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """Takes who is told what is heard no more, and what starts the process."""
        self._tell = tell
        self._start = start or start_listener
        self._listen = Listen()
        self._census: Census | None = None
        self._told: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: PipeWriter | None = None
        self._start_at = 0.0

    @property
    def descriptor(self) -> int | None:
        """Where lines of the process are read; None while none runs."""
        process = self._process
        return None if process is None or process.stdout is None else process.stdout.fileno()

    @property
    def heard(self) -> tuple[str, ...]:
        """The names of the ports that the process was told to hear."""
        return self._told

    def want(self, listen: Listen) -> None:
        """Hears other ports from now on."""
        self._listen = listen
        self.tend()

    def see(self, census: Census) -> None:
        """Takes note of the ports that are there now."""
        self._census = census
        self.tend()

    def tend(self) -> None:
        """Brings the process to what is wanted; one that nothing is asked of is not started."""
        if self._census is None:
            return
        names = wanted(self._listen, self._census)
        if self._process is None:
            if not names or time.monotonic() < self._start_at:
                return
            self._process, self._told = self._start(), ()
            assert self._process.stdin is not None  # It was asked for.
            self._outbox = PipeWriter(self._process.stdin.fileno(), _OUTBOX)
        if names != self._told and self._outbox is not None:
            self._told = names
            self._outbox.put(wire.encode(Listen(names)))

    def bury(self) -> None:
        """Meets the end of the process; another is started after a pause."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._start_at = time.monotonic() + _PAUSE
        if self._told:
            self._tell(Listening(()))

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()


def start_listener() -> subprocess.Popen[bytes]:
    """Starts the process that hears."""
    return subprocess.Popen(
        child_command("engine.midi.player.input_process"),
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
