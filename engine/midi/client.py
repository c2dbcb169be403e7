"""The engine's end of the line to the player process."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol

from engine.common.child_process import child_command, close_pipes, end, start, writer
from engine.common.line_pipe import LineReader
from engine.errors import ArmonicaError
from engine.locations import state_folder
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.player_mirror import PlayerMirror

_NOTES_PER_LINE = 64
"""The player reads one line between two deadlines, so a line must be read quickly."""

_OUTBOX = 4_194_304
_READ = 65_536
_STEADY = 10.0
"""Seconds that a player must have lived to be started again after its end."""

_PATIENCE = 1.0
_LOG_LIMIT = 1_000_000


class PlayerError(ArmonicaError):
    """A player process that cannot be started."""

    title = "Player"


class Player(Protocol):
    """Whatever takes messages for the player: the process behind its link, or a recorder."""

    def send(self, message: m.ToPlayer) -> None:
        """Pass the message on; never waits for it to be played."""
        ...

    def close(self) -> None:
        """Silence everything and ends; what is sent afterwards is lost."""
        ...


class PlayerLink:
    """A player process of our own, started again once should it end by itself.

    What the player says is handed to ``on_event`` on the link's own thread, in order.
    """

    def __init__(
        self,
        on_event: Callable[[m.FromPlayer], None],
        command: Sequence[str] | None = None,
    ) -> None:
        """Start the process; raises PlayerError where that is impossible."""
        self._on_event = on_event
        self._command = list(command or child_command("engine.midi.player.process"))
        self._lock = threading.Lock()
        self._closing = False
        # What a player that takes the place of another must be sent.
        self._mirror = PlayerMirror()
        self._restoring = False
        self._restarts = 0
        self._start()
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        self._reader = threading.Thread(target=self._run, name="player link", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process that plays now."""
        return self._process.pid

    def send(self, message: m.ToPlayer) -> None:
        """Pass the message on; never waits for it to be played."""
        lines = _lines(message)
        with self._lock:
            if self._closing:
                return
            if self._mirror.apply(message, time.monotonic()) and self._restoring:
                # It comes with all the rest when the player is ready.
                return
            for line in lines:
                self._put(line)

    def close(self) -> None:
        """Silence everything and ends the process; what is sent afterwards is lost."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._put(wire.encode(m.Quit()))
            process = self._process
        end(process, _PATIENCE, _PATIENCE)
        if threading.current_thread() is not self._reader:
            self._reader.join(_PATIENCE)
            if not self._reader.is_alive():
                os.close(self._wake)
                os.close(self._woken)

    def _put(self, line: bytes) -> None:
        if not self._outbox.put(line) and self._outbox.waiting:
            # Megabytes that nobody reads: the process hangs, and its successor will not.
            self._process.kill()
        if self._outbox.waiting:
            with contextlib.suppress(BlockingIOError):
                os.write(self._woken, b".")

    def _start(self) -> None:
        try:
            with _log() as log:
                process = start(self._command, stderr=log, apart=True)
        except OSError as error:
            raise PlayerError(
                f"The player process cannot be started: {error}.",
                "Run `armonica doctor` to see what is missing.",
            ) from None
        self._process = process
        self._outbox = writer(process, _OUTBOX)
        self._started = time.monotonic()

    def _run(self) -> None:
        while True:
            self._listen()
            reason = self._bury()
            with self._lock:
                again = not self._closing and self._start_again()
                if self._closing:
                    return
            self._on_event(m.PlayerLost(reason, again))
            if not again:
                return

    def _listen(self) -> None:
        assert self._process.stdout is not None  # It was requested.
        source = self._process.stdout.fileno()
        lines = LineReader()
        while True:
            with self._lock:
                sinks = [self._outbox.descriptor] if self._outbox.waiting else []
            readable, writable, _ = select.select([source, self._wake], sinks, [])
            if writable:
                with self._lock:
                    self._outbox.flush()
            if self._wake in readable:
                os.read(self._wake, _READ)
            if source in readable:
                data = os.read(source, _READ)
                if not data:
                    return
                for line in lines.feed(data):
                    self._receive(line)

    def _receive(self, line: bytes) -> None:
        try:
            message = wire.decode(line)
        except wire.BadMessage as error:
            message = m.Rejected(error.message)
        if not isinstance(message, m.FromPlayer):
            message = m.Rejected(f"The player said {type(message).__name__}.")
        if isinstance(message, m.Ready):
            with self._lock:
                self._restore()
        self._on_event(message)

    def _bury(self) -> str:
        process = self._process
        status = end(process)
        with self._lock:
            close_pipes(process)
            self._outbox.close()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return f"The player process ended {how}."

    def _start_again(self) -> bool:
        if self._restarts and time.monotonic() - self._started < _STEADY:
            return False
        try:
            self._start()
        except PlayerError:
            return False
        self._restarts += 1
        self._restoring = True
        return True

    def _restore(self) -> None:
        if not self._restoring:
            return
        self._restoring = False
        for message in self._mirror.replay(time.monotonic()):
            for line in _lines(message):
                self._put(line)


def _lines(message: m.ToPlayer) -> list[bytes]:
    if not isinstance(message, m.Notes) or len(message.notes) <= _NOTES_PER_LINE:
        return [wire.encode(message)]
    starts = range(0, len(message.notes), _NOTES_PER_LINE)
    parts = (message.notes[start : start + _NOTES_PER_LINE] for start in starts)
    return [wire.encode(m.Notes(part, message.outlet)) for part in parts]


def _log() -> IO[bytes]:
    try:
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "player.log"
        long = path.exists() and path.stat().st_size > _LOG_LIMIT
        return path.open("wb" if long else "ab")
    except OSError:
        return Path(os.devnull).open("wb")
