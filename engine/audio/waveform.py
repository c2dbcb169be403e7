"""The outline of a wave: the lowest and highest sample of each of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.audio.synth import Wave


class Peaks:
    """The outline of a wave of ``samples`` in all, as far as it has grown."""

    def __init__(self, samples: int, columns: int) -> None:
        self._edges = [round(samples * each / columns) for each in range(1, columns + 1)]
        self._low: list[float] = []
        self._high: list[float] = []
        self._at = 0

    def add(self, chunk: Wave) -> None:
        """Take the next samples; what goes beyond the whole is in the last column."""
        start = 0
        column = max(0, len(self._low) - 1)
        while start < len(chunk):
            while column < len(self._edges) - 1 and self._edges[column] <= self._at:
                column += 1
            last = column == len(self._edges) - 1
            end = len(chunk) if last else min(len(chunk), start + self._edges[column] - self._at)
            piece = chunk[start:end]
            low = max(-1.0, min(1.0, float(piece.min())))
            high = max(-1.0, min(1.0, float(piece.max())))
            while len(self._low) <= column:
                # Columns narrower than a sample show the one after them.
                self._low.append(max(-1.0, min(1.0, float(piece[0]))))
                self._high.append(self._low[-1])
            self._low[column] = min(self._low[column], low)
            self._high[column] = max(self._high[column], high)
            self._at += end - start
            start = end

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """Return the columns that have begun."""
        return tuple(
            (round(low, 4), round(high, 4)) for low, high in zip(self._low, self._high, strict=True)
        )


def outline(wave: Wave, columns: int) -> tuple[tuple[float, float], ...]:
    """Return the outline of a whole wave [samples]."""
    peaks = Peaks(len(wave), columns)
    peaks.add(np.asarray(wave, dtype=np.float32))
    return peaks.pairs()
