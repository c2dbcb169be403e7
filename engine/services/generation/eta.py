"""How fast a take grows, and how long it will take yet."""

from __future__ import annotations

from collections import deque
from statistics import fmean

RECENT = 128
"""How many steps the figures are made from."""

_BLOCKS = 4


class Pace:
    """Keeps the times of the last steps."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=RECENT)

    def add(self, seconds: float) -> None:
        """Take how long a step took."""
        self._times.append(max(seconds, 1e-9))

    @property
    def rate(self) -> float:
        """Step a second, 0 before the first."""
        return 1 / fmean(self._times) if self._times else 0.0

    def left(self, steps: int) -> tuple[float, float]:
        """Return the seconds that so many steps take, at least and at most.

        The range is that of the recent past: its fastest and its slowest quarter.
        """
        if not self._times:
            return 0.0, 0.0
        times = list(self._times)
        size = max(1, len(times) // _BLOCKS)
        means = [fmean(times[at : at + size]) for at in range(0, len(times) - size + 1, size)]
        return steps * min(means), steps * max(means)
