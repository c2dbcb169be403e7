"""Disentanglement of codes by attributes: interpretability, modularity, MIG, SAP, Spearman.

As AR-VAE measures them (Pati and Lerch 2020, section 4): mutual information by the
nearest-neighbour estimator of Kraskov et al. 2004, linear regression on single dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.latent.evaluation.metrics import spearman
from engine.latent.tokens import Floats
from engine.music.attributes import NAMES

NEIGHBOURS = 3
MOST = 1500
"""At most so many measures enter the estimate of mutual information: its cost is quadratic."""


@dataclass(frozen=True)
class Disentanglement:
    """Figures of the encoder side; each dictionary is by attribute."""

    interpretability: dict[str, float]
    modularity: float
    gap: dict[str, float]
    separation: dict[str, float]
    spearman: dict[str, float]


def disentanglement(codes: Floats, values: Floats, seed: int = 0) -> Disentanglement:
    """Measure codes [N, Z] against attributes [N, 4].

    Interpretability is R2 of each attribute on the dimension with most information about it;
    modularity the mean over dimensions of 1 - (information on other attributes / most)2;
    the gap (MIG) is between the two most informed dimensions, over the attribute's own
    information; separation (SAP) between the two best R2; Spearman is that of the dimension
    that should carry the attribute.
    """
    chosen = np.random.default_rng(seed).permutation(len(codes))[:MOST]
    some, few = codes[chosen], values[chosen]
    information = mutual_information(some, few, seed)
    own = np.diag(mutual_information(few, few, seed))
    best = information.argmax(axis=0)
    squared = np.corrcoef(codes.T, values.T)[: codes.shape[1], codes.shape[1] :] ** 2
    squared = np.nan_to_num(squared)
    ranked, explained = np.sort(information, axis=0), np.sort(squared, axis=0)
    most = information.max(axis=1)
    others = (information**2).sum(axis=1) - most**2
    modular = 1 - others / np.maximum(most**2 * (len(NAMES) - 1), 1e-12)
    return Disentanglement(
        _named(squared[best, np.arange(len(NAMES))]),
        float(modular.mean()),
        _named((ranked[-1] - ranked[-2]) / own),
        _named(explained[-1] - explained[-2]),
        _named(np.array([spearman(codes[:, at], values[:, at]) for at in range(len(NAMES))])),
    )


def mutual_information(codes: Floats, values: Floats, seed: int) -> Floats:
    """Estimate the mutual information [Z, A] in nats of codes [N, Z] and values [N, A].

    A little noise parts equal values, as the estimator needs.
    """
    random = np.random.default_rng(seed)
    distances = [_distances(column, random) for column in values.T]
    found = np.zeros((codes.shape[1], values.shape[1]))
    for row, column in enumerate(codes.T):
        across = _distances(column, random)
        for at, up in enumerate(distances):
            found[row, at] = _estimate(across, up)
    return found


def _distances(column: Floats, random: np.random.Generator) -> Floats:
    scale = column.std() or 1.0
    column = column / scale + 1e-8 * random.standard_normal(len(column))
    apart = np.abs(column[:, None] - column[None])
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart, dtype=np.float64)


def _estimate(across: Floats, up: Floats) -> float:
    radius = np.partition(np.maximum(across, up), NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1 :][
        :, :1
    ]
    in_x = (across < radius).sum(axis=1) + 1
    in_y = (up < radius).sum(axis=1) + 1
    psi = _digamma(len(across) + 1)
    found = psi[len(across)] + psi[NEIGHBOURS] - (psi[in_x] + psi[in_y]).mean()
    return max(0.0, float(found))


def _digamma(count: int) -> Floats:
    # Of whole numbers: minus Euler's constant plus a harmonic number.
    harmonic = np.concatenate([[0.0, 0.0], np.cumsum(1 / np.arange(1, count))])
    return np.asarray(harmonic - np.euler_gamma)


def _named(row: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(NAMES, row, strict=True)}
