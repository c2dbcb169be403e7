"""Measures that the books do not hold but could: splices at a beat, moved and dropped notes."""

from __future__ import annotations

import numpy as np

from engine.latent.tokens import TICKS, Ints, relative
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST

PER_BEAT = len(FOUR_QUARTERS.positions)


def augment(tokens: Ints, random: np.random.Generator, splice: float, change: float) -> Ints:
    """Return relative tokens [N, 24] of varied absolute tokens [N, 24] (see `vary`)."""
    return vary(tokens, random, splice, change)[0]


def vary(
    tokens: Ints, random: np.random.Generator, splice: float, change: float
) -> tuple[Ints, Ints]:
    """Return relative tokens [N, 24] of varied absolute tokens [N, 24], and who went into them.

    A share ``splice`` goes on at a random beat as another measure of the batch does, a share
    ``change`` has notes moved by up to two semitones or dropped. The second array [N] holds the
    place in the batch of the measure that each goes on as, its own where it is not spliced.
    """
    tokens = tokens.copy()
    count = len(tokens)
    spliced = random.random(count) < splice
    cut = random.integers(1, FOUR_QUARTERS.beats, count) * PER_BEAT
    after = spliced[:, None] & (np.arange(TICKS) >= cut[:, None])
    others = random.permutation(count)
    tokens = np.where(after, tokens[others], tokens)
    changed = (random.random(count) < change)[:, None] & (tokens > REST)
    moved = changed & (random.random(tokens.shape) < 0.2)
    steps = random.integers(-2, 3, tokens.shape)
    tokens = np.where(moved, (tokens + steps).clip(LOWEST, HIGHEST), tokens)
    dropped = changed & (random.random(tokens.shape) < 0.1)
    tokens = np.where(dropped, HOLD, tokens)
    return relative(tokens)[0], np.where(spliced, others, np.arange(count))
