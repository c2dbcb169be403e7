"""The shape of a wave: its outline for drawing, and its level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.audio.synth import Wave

QUIETEST = -120.0
"""The level in dB that stands for silence."""

Peak = tuple[float, float]
"""The lowest and the highest sample of a column, -1 to 1 at full scale."""


def outline(wave: Wave, columns: int) -> tuple[Peak, ...]:
    """Return the lowest and highest sample of each of ``columns`` equal parts of a mono wave.

    A column without a sample of its own, where the wave is shorter than the columns, shows
    the nearest; a wave without samples is flat.
    """
    if columns < 1:
        return ()
    if not len(wave):
        return ((0.0, 0.0),) * columns
    starts = np.arange(columns) * len(wave) // columns
    lowest, highest = (np.asarray(f.reduceat(wave, starts)) for f in (np.minimum, np.maximum))
    return tuple(zip(lowest.tolist(), highest.tolist(), strict=True))


def level(wave: Wave) -> float:
    """Return the root mean square of a wave in dB of full scale; `QUIETEST` for silence."""
    if not wave.size:
        return QUIETEST
    return decibels(math.sqrt(float(np.mean(np.square(wave, dtype=np.float64)))))


def decibels(factor: float) -> float:
    """Return a factor in dB, `QUIETEST` at least."""
    return max(QUIETEST, 20 * math.log10(factor)) if factor > 0 else QUIETEST
