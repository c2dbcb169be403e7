"""A keyboard that is another JACK client, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time

KEYBOARD = """
import sys, rtmidi
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="keyboard")
out.open_virtual_port("keys")
print("ready", flush=True)
for line in sys.stdin:
    out.send_message(bytes.fromhex(line))
"""
KEYS = "jack:keyboard:keys"


class Keyboard:
    """An independent client whose keys a test presses."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", KEYBOARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def play(self, *messages: str) -> float:
        """Send messages and return the time before."""
        assert self._process.stdin is not None
        at = time.monotonic()
        self._process.stdin.write("".join(f"{each}\n" for each in messages))
        self._process.stdin.flush()
        return at

    def unplug(self) -> None:
        """Go away without a word."""
        self._process.kill()
        self._process.wait()
