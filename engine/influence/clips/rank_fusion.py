"""One ranking of what is heard: ranks are fused as among measures, with weights of its own.

Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): a sum of 1 / (k + rank), weighed
by channel. Magnitudes of different channels are never compared.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.influence.measures.rank_fusion import ranks

WEIGHTS = {"chroma": 1.0, "tokens": 0.3, "hidden": 0.3}
"""What each channel counts, chosen as `DAMPING` is."""

DAMPING = 1
"""The k of the fusion: how little the first ranks differ.

The usual 60 lets two weak channels outvote a strong one: of 20 training clips in other mixes it
put the own tune first in 10 to 15, where chroma alone did in 19, and 1 does in 19 too.
"""

CANDIDATES = 100
"""How many of the nearest in each channel are candidates; ranks are among all of these."""

Floats = npt.NDArray[np.float32]


def fused(
    channels: Mapping[str, Floats],
    weights: Mapping[str, float] = WEIGHTS,
    damping: int = DAMPING,
) -> Floats:
    """Return a score from 0 to 1 for each item of similarities [items] by channel.

    1 is first in every channel; what is a candidate of none, or near in none, has 0.
    """
    values = list(channels.values())
    chosen = np.zeros(len(values[0]), bool)
    for each in values:
        chosen[np.argsort(-each, kind="stable")[:CANDIDATES]] = True
    chosen &= np.any([each > 0 for each in values], axis=0)
    rows = np.flatnonzero(chosen)
    scores = np.zeros(len(chosen), np.float32)
    best = sum(weights[name] for name in channels) / (damping + 1)
    for name, each in channels.items():
        scores[rows] += weights[name] / (damping + ranks(each[rows])) / best
    return scores
