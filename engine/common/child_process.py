"""Our own modules as processes: how they are started, spoken to, ended and started again."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO

from engine.common.line_pipe import PipeWriter

Process = subprocess.Popen[bytes]

_OUTBOX = 65_536


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our modules in a process of its own.

    ``-P`` keeps the folder the user works in off the path, whatever lies in it.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """Return the environment in which such a process finds the same engine as this one."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([here, path] if path else [here])}


def start(
    command: Sequence[str],
    *,
    stdin: int = PIPE,
    stdout: int = PIPE,
    stderr: int | IO[bytes] | None = DEVNULL,
    apart: bool = False,
    keep: tuple[int, ...] = (),
) -> Process:
    """Start a process of ours; raises OSError.

    With ``apart`` it has a session of its own, which keys such as Ctrl-C and Ctrl-Z do not reach.
    It inherits the descriptors ``keep``; None for ``stderr`` is our own.
    """
    return subprocess.Popen(
        command,
        env=child_environment(),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=keep,
        start_new_session=apart,
    )


def end(process: Process, *patience: float) -> int:
    """End a process and give its status: killed, at once or after so many seconds.

    Between the first and the second of these it is asked to end, with SIGTERM.
    """
    for already, seconds in enumerate(patience):
        if already:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(seconds)
    process.kill()
    return process.wait()


def close_pipes(process: Process) -> None:
    """Close our ends of the pipes of a process."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def writer(process: Process, limit: int) -> PipeWriter:
    """Give what writes to a process without waiting; at most ``limit`` bytes are kept for it."""
    assert process.stdin is not None  # It was asked for.
    return PipeWriter(process.stdin.fileno(), limit)


class ChildProcess:
    """A process that is started when it is wanted, and again, after a pause, when it has ended."""

    def __init__(self, start: Callable[[], Process], pause: float) -> None:
        """Take what starts it, and the seconds before it is started again."""
        self._start = start
        self._pause = pause
        self._start_at = 0.0
        self._process: Process | None = None
        self.outbox: PipeWriter | None = None
        """What writes to it; None while none runs."""

    @property
    def descriptor(self) -> int | None:
        """Where its standard output is read; None while none runs."""
        process = self._process
        return None if process is None or process.stdout is None else process.stdout.fileno()

    @property
    def ended(self) -> bool:
        """Whether it was started, and has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> bool:
        """Start it, and tell whether that was done: it does not run, and the pause is over."""
        if self._process is not None or time.monotonic() < self._start_at:
            return False
        self._process = self._start()
        self.outbox = writer(self._process, _OUTBOX)
        return True

    def kill(self) -> None:
        """Kill it without waiting for its end."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> bool:
        """Kill it, and tell whether there was anything to end."""
        process, self._process, self.outbox = self._process, None, None
        if process is None:
            return False
        end(process)
        close_pipes(process)
        self._start_at = time.monotonic() + self._pause
        return True
