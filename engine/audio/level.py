"""The level of a wave while it sounds."""

from __future__ import annotations

import numpy as np

from engine.audio.synth import Wave

_FRAME = 400
_QUIET = 1e-3
"""Frames of less power than this share of the loudest are pauses."""


def levelled(wave: Wave, level: float) -> Wave:
    """Gives a wave [samples] turned to ``level``, in dB below full scale while it sounds.

    The level is the mean power over frames of 400 samples that are no pauses. What is silent,
    or shorter than a frame, stays as it is.
    """
    frames = wave[: len(wave) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = (frames**2).mean(axis=1)
    heard = power[power > max(1e-9, float(power.max(initial=0.0)) * _QUIET)]
    if not len(heard):
        return wave
    return wave * np.float32(10 ** (level / 20) / np.sqrt(heard.mean()))
