"""The beat of a wave: how well its onsets repeat themselves at the best lag."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from engine.steering.musicgen.spectrum import HOP, log_mel, magnitude

_RATE, _BANDS = 16_000, 40
_LEAST = 0.25
"""A band that rises by less than this, in nats, goes on sounding: strings waver, and no onset."""

_SHORTEST, _LONGEST = 0.25, 1.5
"""Lags in seconds among which the best is looked for: from a fast eighth to a slow half."""

Envelope = npt.NDArray[np.float64]


def onsets(wave: npt.NDArray[np.float32]) -> Envelope:
    """Return the strength of onsets, 100 times a second, of a wave [samples] at 16 kHz.

    It is what mel bands rise by from one frame to the next, summed over those that rise
    by more than a sounding tone wavers (spectral flux).
    """
    bands = log_mel(magnitude(torch.from_numpy(wave)[None]), _BANDS, _RATE)[0]
    rise = (bands[:, 1:] - bands[:, :-1] - _LEAST).clamp_min(0).sum(dim=0)
    return np.asarray(rise.numpy(), dtype=np.float64)


def regularity(envelope: Envelope) -> float:
    """Return the autocorrelation of onsets at the best lag, from -1 to 1; 0 for no onsets."""
    rate = _RATE / HOP
    if len(envelope) <= round(_SHORTEST * rate) + 1:
        return 0.0
    centred = envelope - envelope.mean()
    power = float(centred @ centred)
    if power <= 1e-9:
        return 0.0
    lags = range(round(_SHORTEST * rate), min(round(_LONGEST * rate), len(centred) - 1))
    # By the mean of products, so that a long lag is not at a disadvantage.
    found = [
        float(centred[lag:] @ centred[:-lag]) / (len(centred) - lag) * len(centred) / power
        for lag in lags
    ]
    # Where few onsets lie far apart that mean may pass 1, and at few products even -1.
    return float(np.clip(max(found), -1.0, 1.0))


def shuffled(envelope: Envelope, seed: int) -> float:
    """Return what the same onsets in a random order reach: the floor of `regularity`."""
    return regularity(np.random.default_rng(seed).permutation(envelope))
