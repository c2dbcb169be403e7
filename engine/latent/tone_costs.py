"""What counts against candidates whose notes are not those that the switches of a song ask for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.latent.tokens import TICKS, Floats, Ints
from engine.music.asked_tones import AskedTones
from engine.music.measure import HIGHEST, LOWEST, REST

OUTSIDE_COST, STRONG_COST = 0.5, 0.25
"""What counts against a candidate, in normal scores, for a note out of the key, and for one on a
strong beat that is not of its chord. A note at another pitch costs a twentieth of the first: nearly
always it is cheaper to have it right."""


class ToneCosts:
    """Counts what notes cost, and knows the nearest that cost nothing (see `tone_costs`)."""

    def __init__(self, asked: AskedTones) -> None:
        self._ticks = np.arange(TICKS)
        self._costs = np.zeros((TICKS, HIGHEST + 1))
        self._nearest = np.tile(np.arange(HIGHEST + 1), (TICKS, 1))
        strong = dict(asked.strong)
        for tick in range(TICKS):
            allowed = [p for p in range(LOWEST, HIGHEST + 1) if asked.allows(tick, p)]
            for pitch in range(REST + 1, HIGHEST + 1):
                outside = bool(asked.inside) and pitch % 12 not in asked.inside[tick]
                missed = tick in strong and pitch % 12 not in strong[tick]
                self._costs[tick, pitch] = OUTSIDE_COST * outside + STRONG_COST * missed
                # Of two that are equally near it is the lower one, as where a key is locked.
                near = min(allowed, key=lambda p: (abs(p - pitch), p), default=pitch)
                self._nearest[tick, pitch] = near

    def of(self, rows: Ints) -> Floats:
        """Return what counts against measures [M, 24] of absolute tokens."""
        return np.asarray(self._costs[self._ticks, rows].sum(axis=1))

    def fitted(self, rows: Ints) -> Ints:
        """Return measures [M, 24] with each note at the nearest pitch that costs nothing."""
        return np.asarray(self._nearest[self._ticks, rows])


@lru_cache(maxsize=256)
def tone_costs(asked: AskedTones) -> ToneCosts | None:
    """Return what is asked as costs; None where nothing is."""
    return ToneCosts(asked) if asked else None
