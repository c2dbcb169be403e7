"""The scale of a match: how near the nearest piece of the corpus is to tunes held out from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WINDOWS = (1, 2, 4)
"""Lengths in measures of what is compared."""

_EDGES = (3, 5, 7, 9, 12)
"""Notes a measure from which another class begins: few notes are matched by chance."""

CLASSES = len(_EDGES) + 1
LEVELS = 201
"""Quantiles that are kept of each class, from the least to the most."""


@dataclass(frozen=True)
class PercentileScale:
    """Quantiles [windows, classes, levels] of the best match of held-out human measures.

    ``whole`` [levels] are those of the mean over the measures of a held-out tune.
    """

    quantiles: Floats
    whole: Floats

    @classmethod
    def of(cls, windows: Floats, notes: Floats, best: Floats, whole: Floats) -> PercentileScale:
        """Return the scale of best scores [N] of queries of so many measures and notes [N].

        ``whole`` [T] are the means of tunes.
        """
        found = np.zeros((len(WINDOWS), CLASSES, LEVELS), np.float32)
        levels = np.linspace(0, 1, LEVELS)
        kind = np.array([class_of(n, w) for n, w in zip(notes, windows, strict=True)])
        for at, window in enumerate(WINDOWS):
            mine = windows == window
            for each in range(CLASSES):
                chosen = best[mine & (kind == each)]
                # A class too small to have quantiles of its own has those of its window.
                chosen = chosen if len(chosen) >= 20 else best[mine]
                if len(chosen):
                    found[at, each] = np.quantile(chosen, levels)
        return cls(found, np.quantile(whole, levels).astype(np.float32))

    def percentiles(
        self, scores: npt.NDArray[np.float64], window: int, notes: int
    ) -> npt.NDArray[np.float64]:
        """Return the share, from 0 to 100, of human queries whose best match is less near.

        ``scores`` [N] are those of a query of ``window`` measures with so many ``notes``.
        """
        levels = self.quantiles[WINDOWS.index(window), class_of(notes, window)]
        return 100.0 * np.searchsorted(levels, scores - 1e-6, side="left") / LEVELS

    def human(self, window: int, notes: int) -> tuple[float, float]:
        """Return the bounds within which 95 % of human queries find their best match."""
        return _middle(self.quantiles[WINDOWS.index(window), class_of(notes, window)])

    def whole_percentile(self, mean: float) -> float:
        """Return the share, from 0 to 100, of held-out tunes that are less near as a whole."""
        return float(100.0 * np.searchsorted(self.whole, mean - 1e-6, side="left") / LEVELS)

    def whole_range(self) -> tuple[float, float]:
        """Return the bounds of 95 % of held-out tunes, each the mean over its measures."""
        return _middle(self.whole)


def _middle(levels: Floats) -> tuple[float, float]:
    low, high = np.quantile(levels, [0.025, 0.975])
    return float(low), float(high)


def class_of(notes: float, window: float) -> int:
    """Return the class of a query of ``window`` measures with so many ``notes``."""
    return int(np.searchsorted(_EDGES, notes / window, side="right"))
