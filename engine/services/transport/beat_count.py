"""The beat of a run as it counts on from its start, whatever becomes of the loop."""

from __future__ import annotations

import math
from collections import deque

from engine.music.beat_map import Beats, Mark
from engine.services.transport.loop_clock import Run

_MOST = 64
"""How many leaps are remembered: what was played before the first of them is in the song."""


class BeatCount:
    """Tells positions of the loop from positions as they were counted at the start.

    They differ where the loop became another, or the music leapt.
    """

    def __init__(self) -> None:
        self.beats: Beats | None = None
        """The beat of the run, or of the last one; None before any."""
        self._shifts: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def begin(self, run: Run) -> None:
        """Count from the start of a run."""
        self._shifts.clear()
        self.beats = Beats(Mark(run.time, run.position, run.pace))

    @property
    def shift(self) -> float:
        """By how much the loop counts more than the beat, as it is now."""
        return self._shifts[-1][1] if self._shifts else 0.0

    def loop_position(self, counted: float) -> float:
        """Return the position of the loop that was heard where the beat counted so many."""
        shift = next((by for start, by in reversed(self._shifts) if start <= counted), 0.0)
        return counted + shift

    def next_leap(self, counted: float) -> float:
        """Return where the beat is at the first leap after a position of it; infinity for none."""
        return next((start for start, _ in self._shifts if start > counted), math.inf)

    def leap(self, position: float, to: float) -> None:
        """Take note that the loop is at ``to`` where it would have been at ``position``."""
        counted = position - self.shift
        self._shifts.append((counted, to - counted))

    def changed(self, time: float, position: float, pace: float) -> None:
        """Take note of another pace from a position of the loop on."""
        if self.beats is not None:
            self.beats.add(Mark(time, position - self.shift, pace))

    def end(self, now: float) -> None:
        """Take note that the run has ended."""
        if self.beats is not None:
            self.beats.ended = now
