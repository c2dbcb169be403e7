"""Where measures lie in latent space: the encoder's posteriors, and how far they are apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.influence.measures.rank_fusion import highest
from engine.latent.model import TrainedVAE
from engine.latent.tokens import Ints, relative

Points = npt.NDArray[np.float32]

ACTIVE = 0.01
"""The least variance of the posterior mean over the training measures of an active dimension."""

FEW = 24
"""Along so many dimensions, those in which points differ most, all points are looked at first. Of
the index that ships and test measures, 1.5 in 100 points must then be looked at whole; with 16
dimensions 26 in 100."""

SLACK = 1e-3
"""What is allowed for single precision where a bound is held against a distance."""


def posteriors(model: TrainedVAE, tokens: Ints) -> tuple[Points, Points]:
    """Return means and deviations [N, 31] of measures [N, 24].

    The lowest pitch is none of the dimensions: the encoder sees measures relative to it, so
    that a transposition changes nothing.
    """
    means, logvars = model.network.encode(relative(tokens)[0])
    return means, np.exp(0.5 * logvars)


class PosteriorSpace:
    """Posteriors as points whose squared distance is that of Wasserstein between them.

    For diagonal normals W2 squared is the squared distance of the means and that of the
    deviations. Active dimensions alone count, each in units of its deviation over the
    training measures (``scale`` [31], 0 for one that is not active).
    """

    def __init__(self, scale: Points) -> None:
        self.scale = scale
        self._active = scale > 0

    @classmethod
    def of(cls, means: Points) -> PosteriorSpace:
        """Return the space of the training measures' means [N, 31]."""
        variance = means.var(axis=0)
        active = variance > ACTIVE
        return cls(np.where(active, np.sqrt(variance), 0.0).astype(np.float32))

    def points(self, means: Points, spreads: Points) -> Points:
        """Return points [N, 2 x active] of means and deviations [N, 31]."""
        scale = self.scale[self._active]
        parts = [each[:, self._active] / scale for each in (means, spreads)]
        return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)


def distances(query: Points, points: Points, squares: Points) -> Points:
    """Return the squared distance [N] of a point [D] to each of ``points`` [N, D].

    ``squares`` [N] are their squared lengths, kept beside them.
    """
    found: Points = points @ (-2 * query)
    found += squares
    found += np.float32(query @ query)
    return np.maximum(found, 0, out=found)


class NearestPoints:
    """Finds the nearest of many points, exactly, and looks at most of them along `FEW` dimensions.

    A distance along some dimensions is never more than the whole one: what is farther along them
    than the last of the nearest need not be looked at further. ``points`` are [N, D], ``squares``
    [N] their squared lengths.
    """

    def __init__(self, points: Points, squares: Points) -> None:
        self._points, self._squares = points, squares
        differs = points[:: max(1, len(points) // 10_000)].var(axis=0)
        self._few = np.argsort(-differs, kind="stable")[:FEW]
        self._part = np.ascontiguousarray(points[:, self._few])
        self._part_squares = np.einsum("nd,nd->n", self._part, self._part)

    def nearest(self, query: Points, count: int) -> npt.NDArray[np.int64]:
        """Return the places of the ``count`` points nearest to a point [D], rising."""
        if len(self._points) <= 8 * count:
            return highest(-distances(query, self._points, self._squares), count)
        least = distances(query[self._few], self._part, self._part_squares)
        first = self.distances(query, highest(-least, 4 * count))
        farthest = np.partition(first, count - 1)[count - 1]
        likely = np.flatnonzero(least <= farthest * (1 + SLACK) + SLACK)
        return np.asarray(likely[highest(-self.distances(query, likely), count)])

    def distances(self, query: Points, places: npt.NDArray[np.int64]) -> Points:
        """Return the squared distance of a point [D] to those at places [K]."""
        return distances(query, self._points[places], self._squares[places])
