"""One ranking of several: ranks are fused, never the scores, which are of different kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SOFT = 60
"""Added to each rank, so that the first places do not decide all (Cormack et al. 2009)."""

WEIGHTS: Mapping[str, float] = {"raw": 1.0, "figures": 1.0, "latent": 1.0}
"""What each channel counts for; nothing was tuned."""

_STRIDE = 16
"""One score in so many is looked at to learn where the highest lie."""


def ranks(scores: npt.ArrayLike) -> Floats:
    """Return the rank [N] of each score, from 1 for the highest; equals share their mean rank."""
    values = np.asarray(scores, np.float64)
    order = np.argsort(-values, kind="stable")
    found = np.empty(len(values))
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    ends = np.append(starts[1:], len(values))
    found[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    return found


def fused(channels: Mapping[str, npt.ArrayLike], specificity: npt.ArrayLike) -> Floats:
    """Return the fused score [N] of candidates, 1 for one that is first in every channel.

    Reciprocal rank fusion: the sum over channels of weight / (60 + rank). ``specificity`` [N],
    from 0 for what every tune has to 1 for what one has, demotes the generic by up to half.
    """
    total = sum(
        (WEIGHTS[name] / (SOFT + ranks(scores)) for name, scores in channels.items()),
        start=np.zeros(np.shape(specificity)),
    )
    most = sum(WEIGHTS[name] for name in channels) / (SOFT + 1)
    return np.asarray(total / most * (0.5 + 0.5 * np.asarray(specificity, np.float64)))


def highest(scores: npt.NDArray[np.floating[Any]], count: int) -> npt.NDArray[np.int64]:
    """Return the places of the ``count`` highest scores [N], rising; of equal ones the first."""
    if len(scores) <= count:
        return np.arange(len(scores))
    # A sample says above what the highest lie, so that most scores are looked at once; where it
    # errs, too few lie there, and all are ordered.
    sample = scores[::_STRIDE]
    kept = 2 * (count // _STRIDE + 8)
    if len(sample) > kept:
        likely = np.flatnonzero(scores >= np.partition(sample, len(sample) - kept)[-kept])
        if count < len(likely) < len(scores):
            return np.asarray(likely[highest(scores[likely], count)])
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    above = np.flatnonzero(scores > least)
    return np.union1d(above, np.flatnonzero(scores == least)[: count - len(above)])
