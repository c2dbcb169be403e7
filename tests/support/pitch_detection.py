"""Ears for tests: what pitch sounds in a wave, and how many cents it is off."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def pitch(wave: NDArray[np.float32], rate: int) -> float:
    """Return the pitch of the strongest partial below 2 kHz as a MIDI number with fractions."""
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    limit = 2000 * size // rate
    strongest = int(np.argmax(spectrum[:limit]))
    return 69 + 12 * math.log2(max(strongest, 1) * rate / size / 440)


def tone(frequency: float, seconds: float, rate: int, level: float = 0.5) -> NDArray[np.float32]:
    """Return a sine."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * frequency * time), dtype=np.float32)
