"""Has a process speak back to devices; whoever keeps time or hears never waits for it.

A port is opened while others sound, and JACK holds a client up for as long as that takes.
"""

from __future__ import annotations

import subprocess
import time
from collections import deque
from collections.abc import Callable

from engine.common.child_process import child_command, child_environment
from engine.common.line_pipe import PipeWriter
from engine.midi import wire
from engine.midi.messages import Listen, SendFeedback

_OUTBOX = 65_536
_PAUSE = 5.0

MOST_WAITING = 512
"""How many messages wait at most while no process runs; the oldest give way."""


class Feeder:
    """Starts the process when there is something to say, and again should it end."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]] | None = None) -> None:
        """Takes what starts the process."""
        self._start = start or start_speaker
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._heard: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: PipeWriter | None = None
        self._start_at = 0.0

    def feed(self, message: SendFeedback) -> None:
        """Passes a message on; it waits for `tend` where no process runs yet."""
        line = wire.encode(message)
        if self._outbox is None:
            self._waiting.append(line)
        else:
            self._outbox.put(line)

    def keep(self, names: tuple[str, ...]) -> None:
        """Tells which devices are heard: the ports of others are closed."""
        if names == self._heard:
            return
        self._heard = names
        if self._outbox is not None:
            self._outbox.put(wire.encode(Listen(names)))

    def tend(self) -> None:
        """Starts the process where one is wanted, and meets the end of one that ended."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
            self._start_at = time.monotonic() + _PAUSE
        if self._process is None:
            if not self._waiting or time.monotonic() < self._start_at:
                return
            self._process = self._start()
            assert self._process.stdin is not None  # It was asked for.
            self._outbox = PipeWriter(self._process.stdin.fileno(), _OUTBOX)
            self._outbox.put(wire.encode(Listen(self._heard)))
        while self._waiting and self._outbox is not None:
            self._outbox.put(self._waiting.popleft())
        if self._outbox is not None:
            self._outbox.flush()

    def close(self) -> None:
        """Ends the process."""
        process, self._process, self._outbox = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def start_speaker() -> subprocess.Popen[bytes]:
    """Starts the process that speaks."""
    return subprocess.Popen(
        child_command("engine.midi.player.feedback_process"),
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
