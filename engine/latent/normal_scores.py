"""Normal scores: where an attribute's value lies in the training measures, as a standard normal.

A named latent dimension is regularised towards the normal score of its attribute, so that the
attribute and the prior agree (the tension of arXiv 2511.07118) and -3 to 3 is the whole gauge.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from engine.latent.tokens import Floats

MOST_KNOTS = 96


def knots(values: npt.NDArray[np.floating]) -> Floats:
    """Return pairs (normal score, value) [K, 2] of a sample, rising in both.

    Equal values share the score of their middle rank; a long table is thinned evenly.
    """
    found, counts = np.unique(np.round(values, 9), return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(values)
    if len(found) > MOST_KNOTS:
        normal = NormalDist()
        wanted = [normal.cdf(x) for x in np.linspace(-3.2, 3.2, MOST_KNOTS)]
        keep = np.unique(np.searchsorted(ranks, wanted).clip(0, len(found) - 1))
        keep = np.unique(np.concatenate([[0], keep, [len(found) - 1]]))
        found, ranks = found[keep], ranks[keep]
    quantile = NormalDist().inv_cdf
    scores = np.array([quantile(float(rank)) for rank in ranks])
    return np.stack([scores, found], axis=1)


def score(table: Floats, values: npt.NDArray[np.floating]) -> Floats:
    """Return the normal scores of values by a table of knots, linear between them."""
    return np.asarray(np.interp(values, table[:, 1], table[:, 0]))
