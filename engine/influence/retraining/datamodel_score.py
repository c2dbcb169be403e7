"""The linear datamodeling score: do a ranking's scores, summed, foretell trainings on halves?

For each query Spearman's correlation, over subsets of the training set, of its log-likelihood
after training on the subset and the sum of the scores of what the subset holds (Park et al. 2023,
arXiv 2303.14186, definition 2.3); the mean over queries, with an interval by bootstrap over
subsets.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.influence.retraining.comparison import Estimate
from engine.latent.tokens import Floats

BOOTSTRAPS = 1000


def datamodel(
    truth: Floats, kept: npt.NDArray[np.bool_], scores: Mapping[str, Floats]
) -> dict[str, Estimate]:
    """Judge rankings by the log-likelihoods ``truth`` [J, Q] after training on J subsets.

    ``kept`` [J, C] says which clusters each subset holds, ``scores`` [Q, C] are by name. At
    least three subsets are needed.
    """
    foretold = {name: kept.astype(np.float64) @ each.T for name, each in scores.items()}
    return correlations(truth, foretold)


def correlations(truth: Floats, foretold: Mapping[str, Floats]) -> dict[str, Estimate]:
    """Return the mean over queries of each Spearman correlation of [J, Q] with ``truth``."""
    random = np.random.default_rng(0)
    means = {name: float(spearmans(truth, each).mean()) for name, each in foretold.items()}
    again: dict[str, list[float]] = {name: [] for name in foretold}
    for _ in range(BOOTSTRAPS):
        drawn = random.integers(len(truth), size=len(truth))
        rank = _ranks(truth[drawn])
        for name, each in foretold.items():
            again[name].append(float(_correlation(rank, _ranks(each[drawn])).mean()))
    bands = {name: np.percentile(each, [2.5, 97.5]) for name, each in again.items()}
    return {
        name: Estimate(mean, float(bands[name][0]), float(bands[name][1]))
        for name, mean in means.items()
    }


def spearmans(first: Floats, second: Floats) -> Floats:
    """Return Spearman's correlation [Q] of the columns of [J, Q], 0 where one is constant."""
    return _correlation(_ranks(first), _ranks(second))


def _ranks(values: Floats) -> Floats:
    # Equal values share their mean rank, as drawing with replacement makes them many.
    less = (values[:, None] > values[None]).sum(axis=1)
    same = (values[:, None] == values[None]).sum(axis=1)
    return np.asarray(less + (same + 1) / 2, dtype=np.float64)


def _correlation(first: Floats, second: Floats) -> Floats:
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.asarray(np.where(scale > 0, (a * b).sum(axis=0) / np.maximum(scale, 1e-12), 0.0))
