"""Draws from the prior of the latent space, the same on every machine."""

from __future__ import annotations

import random

from engine.latent.spec import LIMIT, Latent


def draw(dimensions: int, seed: int) -> Latent:
    """Draw a point of the standard normal, held within -3 to 3; depends on ``seed`` alone."""
    dice = random.Random(seed)
    return tuple(max(-LIMIT, min(LIMIT, dice.gauss(0.0, 1.0))) for _ in range(dimensions))
