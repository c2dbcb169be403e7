"""A program on a pseudo-terminal: keys go in, and what it writes is kept with its moment."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Self

from engine.common.child_process import child_environment
from engine.errors import NotReady

SIZE = (120, 40)
"""The columns and rows of the terminal that a bench shows the screens on."""

PATIENCE = 30.0
"""How long something may take to appear on a busy machine, in seconds."""

QUIET = 0.3
"""Seconds without a byte after which a screen is taken to rest."""

_NOT_OURS = ("NO_COLOR", "TMUX", "STY", "TEXTUAL", "ARMONICA_")
_SYNC_ASKED, _SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|.)"
)
_READ = 1 << 16


def application(*arguments: str) -> list[str]:
    """Return the command that the installed ``armonica`` stands for, with arguments."""
    body = "from engine.cli.main import script; script()"
    return [sys.executable, "-P", "-c", body, *arguments]


class PseudoTerminal:
    """Runs a program on a true-colour terminal and reads it all the time; ends it on leaving."""

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str] | None = None,
        size: tuple[int, int] = SIZE,
    ) -> None:
        """Start the program; ``variables`` are added to a terminal's usual environment.

        Raises `NotReady` where the system has no pseudo-terminals.
        """
        try:
            import fcntl
            import termios

            self._main, side = os.openpty()
        except (ImportError, OSError, AttributeError) as error:
            raise NotReady(
                f"This needs a pseudo-terminal, and there is none: {error}.",
                "Run it on Linux or macOS.",
            ) from None
        columns, rows = size
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {k: v for k, v in child_environment().items() if not k.startswith(_NOT_OURS)}
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=side,
            stdout=side,
            stderr=side,
            env=inherited | usual | dict(variables or {}),
            start_new_session=True,
        )
        os.close(side)
        self._written = bytearray()
        self._arrivals: list[tuple[int, float]] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the terminal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the program."""
        self.close()

    def press(self, keys: str | bytes) -> float:
        """Type keys; gives the moment just before."""
        data = keys.encode() if isinstance(keys, str) else keys
        now = time.monotonic()
        os.write(self._main, data)
        return now

    def mark(self) -> int:
        """Return the place up to which the program has written."""
        return len(self._written)

    def text(self, since: int = 0) -> str:
        """Return what was written from a place on, without control sequences."""
        return _ESCAPES.sub(b"", bytes(self._written[since:])).decode(errors="replace")

    def wait_for(self, text: str, since: int = 0, timeout: float = PATIENCE) -> float:
        """Wait until a text was painted in one piece; gives the moment it had arrived.

        Raises `NotReady` where that does not happen in time.
        """
        data = text.encode()

        def found() -> bool:
            return self._written.find(data, since) >= 0

        with self._changed:
            if not self._changed.wait_for(found, timeout):
                last = " ".join(self.text()[-300:].split())
                raise NotReady(
                    f"{text!r} did not show on the screen within {timeout:g} s; "
                    f"what was written ends: {last!r}.",
                    "Try again on a machine with less to do.",
                )
            end = self._written.find(data, since) + len(data)
            return next(at for until, at in self._arrivals if until >= end)

    def answered(self, since: int, timeout: float = PATIENCE) -> float:
        """Wait until anything was written from a place on; gives the moment it had arrived.

        Raises `NotReady` where nothing is.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.mark() > since, timeout):
                raise NotReady("The screen does not answer a key.", "See `armonica doctor`.")
            return next(at for until, at in self._arrivals if until > since)

    def rest(self, quiet: float = QUIET) -> None:
        """Wait until nothing is written for a while."""
        with self._changed:
            while self._changed.wait(quiet):
                pass

    def type(self, keys: str, quiet: float = QUIET, timeout: float = PATIENCE) -> None:
        """Type keys and wait until the screen has answered and rests again.

        Where nothing is written at all this ends after ``timeout`` seconds.
        """
        before = self.mark()
        self.press(keys)
        with self._changed:
            self._changed.wait_for(lambda: self.mark() > before, timeout)
        self.rest(quiet)

    def kill(self) -> float:
        """End the program, and no other, at once (SIGKILL); gives the moment just before."""
        now = time.monotonic()
        self.process.kill()
        self.process.wait()
        return now

    def close(self) -> None:
        """End the program in order, or by force where it does not obey."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE / 3)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._thread.join(PATIENCE)
        if self._main >= 0:
            os.close(self._main)
            self._main = -1

    def _read(self) -> None:
        while True:
            # Once the program has ended, what others hold of the terminal is of no interest.
            if not select.select([self._main], [], [], 0.2)[0]:
                if self.process.poll() is not None:
                    return
                continue
            try:
                part = os.read(self._main, _READ)
            except OSError:
                return
            now = time.monotonic()
            if not part:
                return
            if _SYNC_ASKED in part:
                os.write(self._main, _SYNC_ANSWER)
            with self._changed:
                self._written += part
                self._arrivals.append((len(self._written), now))
                self._changed.notify_all()
