"""Has a process speak back to devices; whoever keeps time or hears never waits for it.

A port is opened while others sound, and JACK holds a client up for as long as that takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from subprocess import DEVNULL

from engine.common.child_process import ChildProcess, Process, child_command, start
from engine.midi import wire
from engine.midi.messages import Listen, SendFeedback

_PAUSE = 5.0

MOST_WAITING = 512
"""How many messages wait at most while no process runs; the oldest give way."""


class Feeder(ChildProcess):
    """Starts the process when there is something to say, and again should it end."""

    def __init__(self, start: Callable[[], Process] | None = None) -> None:
        """Make it; ``start`` starts the process."""
        super().__init__(start or start_feedback_process, _PAUSE)
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._devices: tuple[str, ...] = ()

    def feed(self, message: SendFeedback) -> None:
        """Pass a message on; it waits for `tend` where no process runs yet."""
        line = wire.encode(message)
        if self.outbox is None:
            self._waiting.append(line)
        else:
            self.outbox.put(line)

    def keep(self, names: tuple[str, ...]) -> None:
        """Set which devices are listened to: the ports of others are closed."""
        if names == self._devices:
            return
        self._devices = names
        if self.outbox is not None:
            self.outbox.put(wire.encode(Listen(names)))

    def tend(self) -> None:
        """Start the process where one is wanted, and take note of the end of one."""
        if self.ended:
            self.close()
        new = bool(self._waiting) and self.start()
        if self.outbox is None:
            return
        if new:
            self.outbox.put(wire.encode(Listen(self._devices)))
        while self._waiting:
            self.outbox.put(self._waiting.popleft())
        self.outbox.flush()


def start_feedback_process() -> Process:
    """Start the process that sends to devices."""
    return start(child_command("engine.midi.player.feedback_process"), stdout=DEVNULL)
