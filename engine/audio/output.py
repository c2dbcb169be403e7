"""The way of a wave to a sound device, from a process that must not wait for one."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np

from engine.audio.playback_buffer import State
from engine.audio.synth import FASTEST_RATE, SLOWEST_RATE, Wave
from engine.common.child_process import Process, child_command, end, start
from engine.errors import OutOfRange

_PIECE = 1 << 16
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Playing:
    """What a sink does: its state, and where it stands of how much is there, in seconds.

    ``reason`` says why a state is ``failed``: no device on this machine, which is as normal
    as having one, or one that has gone.
    """

    state: State = "idle"
    position: float = 0.0
    length: float = 0.0
    reason: str = ""


class Sink:
    """Plays one wave at a time, which may grow while it plays; nothing here ever waits.

    The device is opened, by a process of its own, when the first wave is loaded, and again
    with the next wave after it has failed. ``changed`` is called on a thread of the sink's
    with each new state or position, 20 times a second at most.
    """

    def __init__(
        self,
        changed: Callable[[Playing], None] = lambda _: None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Take who is told; ``command`` is the process that plays."""
        self._changed = changed
        self._command = list(command or child_command("engine.audio.output_process"))
        self._orders: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None] = queue.SimpleQueue()
        self._process: Process | None = None
        self._status = Playing()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="sink", daemon=True)
        self._writer.start()

    @property
    def status(self) -> Playing:
        """What it does now, as last heard."""
        return self._status

    def load(self, rate: int, wave: Wave | None = None, last: bool = True) -> None:
        """Take another wave at ``rate``: whole, or with ``last`` False only its beginning.

        It stands at its start until `play`. Raises `OutOfRange` for a rate outside 8000 to
        192000.
        """
        if not SLOWEST_RATE <= rate <= FASTEST_RATE:
            raise OutOfRange(f"A rate lies from {SLOWEST_RATE} to {FASTEST_RATE}, not {rate}.")
        self._order("load", rate=rate)
        if wave is not None:
            self.append(wave, last)

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Add to the wave, [samples] or [samples, 2]; with ``last`` it is whole.

        Playing that had come to the end of what was there goes on by itself.
        """
        channels = 1 if chunk.ndim == 1 else chunk.shape[1]
        if channels not in (1, 2):
            raise OutOfRange(f"A wave that is played has 1 or 2 channels, not {channels}.")
        for at in range(0, max(1, len(chunk)), _PIECE):
            piece = np.ascontiguousarray(chunk[at : at + _PIECE], dtype=np.float32)
            ends = last and at + _PIECE >= len(chunk)
            self._order("append", piece.tobytes(), channels=channels, last=ends)

    def play(self) -> None:
        """Go on from where it stands; from the start where it had ended."""
        self._order("play")

    def pause(self) -> None:
        """Stands still."""
        self._order("pause")

    def seek(self, seconds: float) -> None:
        """Go to a place in the wave, to the end of what is there at most."""
        if not 0 <= seconds < float("inf"):
            raise OutOfRange(f"A place in a wave is 0 seconds or later, not {seconds}.")
        self._order("seek", seconds=seconds)

    def stop(self) -> None:
        """Let the wave go; the device stays open."""
        self._order("stop")

    def close(self) -> None:
        """End the sound and the process; what is asked afterwards is not heard."""
        self._closed = True
        self._orders.put(None)
        process = self._process
        if process is not None:
            # A pipe that nobody reads would hold up the last order.
            process.kill()
        self._writer.join(_PATIENCE)

    def _order(self, do: str, payload: bytes = b"", **more: Any) -> None:
        self._orders.put(({"do": do, "size": len(payload), **more}, payload))

    def _write(self) -> None:
        while (item := self._orders.get()) is not None and not self._closed:
            order, payload = item
            process = self._process
            if order["do"] == "load" and (process is None or self._status.state == "failed"):
                process = self._start()
            if process is None or process.stdin is None:
                continue
            try:
                process.stdin.write(json.dumps(order).encode() + b"\n" + payload)
                process.stdin.flush()
            except (OSError, ValueError):
                # It has ended, and its reader tells why.
                continue
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()

    def _start(self) -> Process | None:
        self._end()
        self._status = Playing()
        try:
            process = start(self._command, apart=True)
        except OSError as error:
            self._on_status(Playing("failed", reason=f"Nothing can be played: {error}."))
            return None
        assert process.stdout is not None  # It was asked for.
        self._process = process
        threading.Thread(
            target=self._listen, args=(process, process.stdout), name="sink ear", daemon=True
        ).start()
        return process

    def _listen(self, process: Process, said: IO[bytes]) -> None:
        for line in said:
            told = json.loads(line)
            # A failure says nothing of where it stood.
            if process is self._process:
                self._on_status(replace(self._status, **{"reason": "", **told}))
        said.close()
        if process is self._process and self._status.state != "failed":
            self._on_status(
                replace(self._status, state="failed", reason="The sound has broken off.")
            )

    def _on_status(self, status: Playing) -> None:
        self._status = status
        if not self._closed:
            self._changed(status)
