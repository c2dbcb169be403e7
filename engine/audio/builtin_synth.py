"""The built-in synth as a port: what a machine with a sound card and no synthesiser plays.

The synth lives in a process of its own, ``engine.audio.builtin_synth_process``. This end of it
needs the standard library alone, because the process that keeps time opens it.
"""

from __future__ import annotations

import os
import select
import struct
import time

from engine.common.child_process import child_command, close_pipes, end, start
from engine.errors import PortError
from engine.midi.ports import BUILT_IN_SYNTH, SYNTH_API

RECORD = struct.Struct("<dB3s")
"""A message on its way: its moment in seconds of the monotonic clock, its size, its bytes."""

READY = b"ready"

_PATIENCE = 3.0
_REASON = 4096
_CHANNEL_MESSAGES = range(0x80, 0xF0)


class PreviewPort:
    """The built-in synth, open for playing."""

    def __init__(self, name: str = BUILT_IN_SYNTH, api: str = SYNTH_API) -> None:
        """Start the synth and wait until it sounds; raises `PortError` where it does not."""
        self.name = name
        self.api = api
        try:
            self._process = start(child_command("engine.audio.builtin_synth_process"))
        except OSError as error:
            raise PortError(f"The built-in synth cannot be started: {error}.") from None
        assert self._process.stdin is not None  # It was asked for.
        self._pipe = self._process.stdin.fileno()
        if (reason := self._answer()) is not None:
            self.close()
            raise PortError(f"The built-in synth is not there: {reason}")
        os.set_blocking(self._pipe, False)

    def send(self, data: bytes) -> None:
        """Play one message now; what is none of a channel's has no sound and is left out.

        Raises `PortError` where the synth has gone.
        """
        if data[0] not in _CHANNEL_MESSAGES:
            return
        record = RECORD.pack(time.monotonic(), len(data), data)
        try:
            # Shorter than what a pipe takes at once, so it goes whole or not at all.
            os.write(self._pipe, record)
        except OSError as error:
            raise PortError(f"The built-in synth has gone: {error}.") from None

    def close(self) -> None:
        """End the synth; what sounds is cut."""
        close_pipes(self._process)
        end(self._process, _PATIENCE / 10)

    def _answer(self) -> str | None:
        # None where the synth is ready, else why it is not.
        assert self._process.stdout is not None  # It was asked for.
        output = self._process.stdout.fileno()
        if not select.select([output], [], [], _PATIENCE)[0]:
            return f"it gave no answer in {_PATIENCE:g} seconds."
        said = os.read(output, _REASON).strip()
        if said == READY:
            return None
        return said.decode(errors="replace") or "it ended without a word."
