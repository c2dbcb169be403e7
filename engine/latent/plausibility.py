"""Musical sense: how usual a measure's rhythms are in the books, and how well it keeps a key."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.latent.tokens import Floats, Ints
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import REST

BEATS = FOUR_QUARTERS.beats
POSITIONS = len(FOUR_QUARTERS.positions)
RARE = 4.0
"""A beat pattern rarer than e^-4 in the books counts as odd."""

PATTERNS = np.array([[number >> place & 1 for place in range(POSITIONS)] for number in range(64)])
"""All onset patterns of a beat [64, 6]; row n is the binary number n, first tick lowest."""

MAJOR = np.array([[(pitch - tonic) % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in range(12)]
                  for tonic in range(12)], dtype=float)  # fmt: skip
"""Membership of each pitch class in each major collection [12, 12]."""


CLASSES = np.eye(12)


def beat_patterns(tokens: Ints) -> Ints:
    """Return the number of each beat's onset pattern [N, 4] of tokens [N, 24]."""
    onsets = (tokens > REST).reshape(-1, BEATS, POSITIONS)
    return np.asarray(onsets @ (1 << np.arange(POSITIONS)))


def pattern_surprise(tokens: Ints) -> Floats:
    """Return the surprise -log p of all 64 beat patterns in a set of measures (add one half)."""
    counts = np.bincount(beat_patterns(tokens).ravel(), minlength=64) + 0.5
    return np.asarray(-np.log(counts / counts.sum()))


def plausible(tokens: Ints, surprise: Floats) -> npt.NDArray[np.bool_]:
    """Describe of each measure [N] whether none of its beats is rarer than e^-4 in the books."""
    return np.asarray(surprise[beat_patterns(tokens)].max(axis=1) <= RARE)


def in_key(tokens: Ints) -> Floats:
    """Return the share of each measure's notes [N] that fit its best major collection (none: 1)."""
    sounding = tokens > REST
    counts = (CLASSES[tokens % 12] * sounding[..., None]).sum(axis=1)
    total = counts.sum(axis=1)
    return np.where(total > 0, (counts @ MAJOR.T).max(axis=1) / np.maximum(total, 1), 1.0)
