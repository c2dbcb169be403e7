"""The player's end of its guard, a process that ends what sounds once the player has gone."""

from __future__ import annotations

import contextlib
import mmap
import time
from subprocess import DEVNULL

from engine.common.child_process import Process, child_command, close_pipes, start
from engine.midi.player.sounding_table import SIZE, rows, shared_table

_PAUSE = 5.0
"""Seconds from one start to the next, lest one that cannot run takes all the time."""


class Guard:
    """The table of what sounds, and the process that reads it when this one has died.

    The process learns of the death by the end of a pipe that nobody else holds.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        table: mmap.mmap | bytearray = bytearray(SIZE)
        with contextlib.suppress(OSError):
            # Where there is no memory to share, notes are played unguarded.
            self._descriptor, table = shared_table()
        self.rows = rows(table)
        """What sounds, by outlet."""
        self.process: Process | None = None
        """The process that guards now."""
        self._start_at = float("-inf")

    def start(self) -> None:
        """Start the process, unless it runs already."""
        if self.process is not None or self._descriptor is None:
            return
        self._start_at = time.monotonic() + _PAUSE
        with contextlib.suppress(OSError):
            # A session of its own: what kills the player's whole group leaves it alive.
            self.process = start(
                child_command("engine.midi.player.guard_process", str(self._descriptor)),
                stdout=DEVNULL,
                apart=True,
                keep=(self._descriptor,),
            )

    def tend(self) -> None:
        """Start another process where one was started and has ended."""
        if self.process is not None and self.process.poll() is not None:
            close_pipes(self.process)
            self.process = None
        if self.process is None and time.monotonic() >= self._start_at > 0:
            self.start()
