"""Choice at decode: of the measures around a code, the one that best does what was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.latent.calibration import CalibratedCodec
from engine.latent.plausibility import RARE, beat_patterns, in_key
from engine.latent.shape import NAMED
from engine.latent.tokens import Floats, Ints, measured
from engine.music.attributes import NAMES

MOST = 512
"""The most candidates a choice can be made of."""

REACH_NAMED, REACH_FREE = 0.8, 0.12
"""How far candidates lie from the code, in standard deviations of the prior."""

DISTANCE_COST, ODD_COST, KEY_COST = 0.6, 0.25, 0.5
"""What counts against a candidate beside attributes missed, in normal scores: the share of ticks
that differ from the plainly decoded measure, the rhythms' excess surprise, the share of notes out
of key. Chosen on validation tunes, so that a small step of a gauge changes few other notes."""

MOVED, KEPT, FOLLOWS = 1.0, 0.2, 0.05
"""How firmly an attribute is asked for: moved by hand, left where it was, or bound to follow."""

COMPLEXITY, DENSITY = NAMES.index("rhythmic_complexity"), NAMES.index("note_density")


def neighbours(size: int) -> Floats:
    """Return the steps [512, size] from a code to its candidates; the first is no step.

    They are the same always: an answer depends on the code alone, and moves with it.
    """
    steps = np.random.default_rng(0).standard_normal((MOST, size))
    steps[:, :NAMED] *= REACH_NAMED
    steps[:, NAMED:] *= REACH_FREE
    steps[0] = 0
    return steps


def firmness(moved: Sequence[int]) -> Floats:
    """Return how firmly each attribute [4] is asked for when these dimensions were moved.

    Complexity is a sum over onsets: where density alone is moved complexity follows it, and
    the other way about. When no named dimension was moved all four count alike.
    """
    named = [at for at in moved if at < NAMED]
    if not named:
        return np.ones(NAMED)
    weights = np.full(NAMED, KEPT)
    weights[named] = MOVED
    for one, other in ((COMPLEXITY, DENSITY), (DENSITY, COMPLEXITY)):
        if one in named and other not in named:
            weights[other] = FOLLOWS
    return weights


def choose(codec: CalibratedCodec, named: Floats, tokens: Ints, weights: Floats) -> Ints:
    """Return the best candidate [N, 24] of relative tokens [N, C, 24] at named codes [N, 4].

    The first candidate of each is the plainly decoded measure.
    """
    count, candidates, ticks = tokens.shape
    flat = tokens.reshape(-1, ticks)
    # A gauge beyond the last knot asks for what the last knot asks for.
    ends = np.array([(table[0, 0], table[-1, 0]) for table in codec.tables])
    wanted = np.repeat(named.clip(ends[:, 0], ends[:, 1]), candidates, axis=0)
    cost = np.abs(codec.score(measured(flat)) - wanted) @ weights
    cost += DISTANCE_COST * (tokens != tokens[:, :1]).mean(axis=2).ravel()
    cost += ODD_COST * (codec.surprise[beat_patterns(flat)] - RARE).clip(min=0).sum(axis=1)
    cost += KEY_COST * (1 - in_key(flat))
    best = cost.reshape(count, candidates).argmin(axis=1)
    return np.asarray(tokens[np.arange(count), best])
