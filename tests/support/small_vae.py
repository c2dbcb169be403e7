"""What a small, quickly trained measure model is made of: its shape and random measures."""

from __future__ import annotations

import numpy as np

from engine.latent.shape import Shape
from engine.latent.tokens import Ints
from engine.music.measure import HOLD

SHAPE = Shape(width=32)


def random_measures(count: int = 64, seed: int = 0) -> Ints:
    """Return made-up measures [count, 24]."""
    random = np.random.default_rng(seed)
    sounding = random.random((count, 24)) < 0.3
    sounding[:, 0] = True
    return np.where(sounding, random.integers(62, 80, (count, 24)), HOLD)
