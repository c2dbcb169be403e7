"""The level of a wave while it sounds."""

from __future__ import annotations

import math

import numpy as np

from engine.audio.synth import Wave

_FRAME = 400
_QUIET = 1e-3
"""Frames of less power than this share of the loudest are pauses."""


def level_of(wave: Wave) -> float | None:
    """Return the level of a wave [samples] while it sounds, in dB, 0 being full scale.

    That is its mean power over frames of 400 samples that are no pauses; None for what is
    silent, or shorter than a frame.
    """
    power = _power(wave)
    return None if power is None else 10 * math.log10(float(power))


def levelled(wave: Wave, level: float) -> Wave:
    """Return a wave [samples] turned to ``level``, in dB below full scale while it sounds.

    What has no level by `level_of` stays as it is.
    """
    power = _power(wave)
    return wave if power is None else wave * np.float32(10 ** (level / 20) / np.sqrt(power))


def _power(wave: Wave) -> np.float32 | None:
    frames = wave[: len(wave) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = (frames**2).mean(axis=1)
    heard = power[power > max(1e-9, float(power.max(initial=0.0)) * _QUIET)]
    found: np.float32 | None = heard.mean() if len(heard) else None
    return found
