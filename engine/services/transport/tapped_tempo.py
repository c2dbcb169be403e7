"""The tempo of taps."""

from __future__ import annotations

from collections import deque

from engine.music.form import FASTEST, SLOWEST

FORGOTTEN = 60 / SLOWEST
"""Seconds after which the next tap begins anew: no tempo is slower."""

_MOST = 8
"""How many taps count: their mean is steadier than a hand."""


class TappedTempo:
    """Finds the tempo of taps that follow each other."""

    def __init__(self) -> None:
        self._taps: deque[float] = deque(maxlen=_MOST)
        self.gesture = 0
        """The gesture that the taps of one tempo are: one step of undo."""

    def tap(self, now: float) -> float | None:
        """Take a tap, and return the tempo in quarter notes a minute; None for the first."""
        if not self._taps or now - self._taps[-1] > FORGOTTEN:
            self._taps.clear()
            self.gesture += 1
        self._taps.append(now)
        if len(self._taps) < 2 or self._taps[-1] <= self._taps[0]:
            return None
        tempo = 60 * (len(self._taps) - 1) / (self._taps[-1] - self._taps[0])
        return round(max(SLOWEST, min(FASTEST, tempo)), 1)
