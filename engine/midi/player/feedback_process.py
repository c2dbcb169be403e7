"""Speaks back to devices that are listened to, in a process of its own: each by its own port.

``python -m engine.midi.player.feedback_process`` reads lines of `Feed`, and of `Listen` with the
names of the devices that are listened to, from standard input until that ends.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from engine.common.line_pipe import LineReader
from engine.errors import PortError
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.ports import SPEAKING, MidiOutput

_READ = 65_536

RETRY = 5.0
"""Seconds after which a device that has no port to listen at is looked at again."""


class FeedbackPort(Protocol):
    """A port that is open for sending."""

    def send(self, data: bytes) -> None:
        """Send a message; raises PortError where the port is gone."""
        ...

    def close(self) -> None:
        """Close the port."""
        ...


Opener = Callable[[str, str], FeedbackPort]


def _open(name: str, api: str) -> FeedbackPort:
    return MidiOutput(name, api, SPEAKING)


def counterparts(port: str) -> Iterator[str]:
    """Yield the names that the port may have at which the device of an input port listens.

    ALSA, CoreMIDI and Windows name both alike; JACK says capture and playback, or out and in.
    """
    yield port
    for source, target in (("capture", "playback"), ("out", "in"), ("Out", "In")):
        head, found, tail = port.rpartition(source)
        if found:
            yield f"{head}{target}{tail}"


class FeedbackSender:
    """Opens a device's port when it is first spoken to, and lets those that are gone go."""

    def __init__(self, opener: Opener = _open, clock: Callable[[], float] = time.monotonic) -> None:
        self._opener = opener
        self._clock = clock
        self._open: dict[str, FeedbackPort] = {}
        self._mute: dict[str, float] = {}

    def send(self, port: str, data: bytes) -> None:
        """Send a message to the device behind an input port, if it listens."""
        spoken = self._open.get(port) or self._find(port)
        if spoken is None:
            return
        try:
            spoken.send(data)
        except PortError:
            self._open.pop(port).close()
            self._mute[port] = self._clock() + RETRY

    def keep(self, names: tuple[str, ...]) -> None:
        """Close the ports of devices that are listened to no longer."""
        for port in [port for port in self._open if port not in names]:
            self._open.pop(port).close()
        self._mute = {port: until for port, until in self._mute.items() if port in names}

    def _find(self, port: str) -> FeedbackPort | None:
        if self._clock() < self._mute.get(port, float("-inf")):
            return None
        api = port.partition(":")[0]
        for name in counterparts(port):
            with contextlib.suppress(PortError, KeyError):
                self._open[port] = self._opener(name, api)
                return self._open[port]
        self._mute[port] = self._clock() + RETRY
        return None


def main() -> None:
    """Speak until standard input ends."""
    speaker, lines = FeedbackSender(), LineReader()
    while data := os.read(0, _READ):
        for line in lines.feed(data):
            with contextlib.suppress(wire.BadMessage):
                message: Any = wire.decode(line)
                if isinstance(message, m.Listen):
                    speaker.keep(message.names)
                elif isinstance(message, m.SendFeedback):
                    speaker.send(message.port, message.data)
    # Not the usual way out: a port of a dead JACK server would wait for it.
    os._exit(0)


if __name__ == "__main__":
    main()
