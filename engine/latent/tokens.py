"""Measures as arrays: tokens relative to the lowest pitch, and back.

A relative token is `HOLD` (0), `REST` (1), or 2 + the distance in semitones to the lowest
pitch of the measure. The lowest pitch itself stands beside.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.music.attributes import RANGE_SCALE
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SPAN = HIGHEST - LOWEST + 1
"""How many pitches a measure can reach from its lowest."""

VOCABULARY = 2 + SPAN
TICKS = FOUR_QUARTERS.ticks
MIDDLE = 67
"""The register given to a measure in which no note starts."""

WEIGHTS = np.array(FOUR_QUARTERS.weights)


def relative(tokens: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Split tokens [N, 24] into relative tokens [N, 24] and lowest pitches [N]."""
    tokens = tokens.astype(np.int64)
    sounding = tokens > REST
    lowest = np.where(sounding, tokens, HIGHEST + 1).min(axis=1)
    lowest = np.where(sounding.any(axis=1), lowest, MIDDLE)
    return np.where(sounding, tokens - lowest[:, None] + 2, tokens), lowest


def absolute(tokens: Ints, lowest: Ints) -> Ints:
    """Put relative tokens [N, 24] onto lowest pitches [N] (moved down where 84 is passed).

    Whatever the tokens' own smallest distance is, the lowest note lands on ``lowest``; a
    rest that follows a rest becomes a hold.
    """
    sounding = tokens > REST
    smallest = np.where(sounding, tokens, VOCABULARY).min(axis=1, keepdims=True)
    above = np.where(sounding, tokens - smallest, 0)
    lowest = np.clip(lowest, LOWEST, HIGHEST - above.max(axis=1))
    pitched = np.where(sounding, above + lowest[:, None], tokens)
    before = _last(pitched != HOLD)
    resting = (before >= 0) & (np.take_along_axis(pitched, before.clip(min=0), axis=1) == REST)
    return np.where(resting & (pitched == REST), HOLD, pitched)


def _last(marked: npt.NDArray[np.bool_]) -> Ints:
    # The last marked tick before each tick [N, 24], or -1.
    at = np.maximum.accumulate(np.where(marked, np.arange(marked.shape[1]), -1), axis=1)
    return np.concatenate([np.full((len(marked), 1), -1), at[:, :-1]], axis=1)


def measured(tokens: npt.NDArray[np.integer]) -> Floats:
    """Return the four attributes [N, 4] of tokens [N, 24], relative or absolute alike."""
    sounding = tokens > REST
    count = sounding.sum(axis=1)
    complexity = sounding @ WEIGHTS / WEIGHTS.sum()
    high = np.where(sounding, tokens, -1).max(axis=1)
    low = np.where(sounding, tokens, 1000).min(axis=1)
    several = count > 1
    spread = np.where(several, high - low, 0) / RANGE_SCALE
    before = _last(sounding)
    steps = sounding & (before >= 0)
    values = tokens.astype(np.int64)
    previous = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    total = np.where(steps, np.abs(values - previous), 0).sum(axis=1)
    jump = total / np.maximum(count - 1, 1)
    return np.stack([complexity, spread, count / tokens.shape[1], jump], axis=1)
