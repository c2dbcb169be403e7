"""What each retraining leaves out: clusters of tunes, by rank, at random, the half of all.

A cluster (settings of one tune) is removed as a whole. A measure that another tune has too
stays: what is left is what training on the remaining tunes would learn from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.corpus.table import SPLITS, Corpus
from engine.influence.retraining.retrain import Kept
from engine.latent.tokens import Floats, Ints
from engine.music.measure import Measure

Ranking = Callable[[Sequence[Measure]], Floats]
"""Scores the clusters of the training tunes for measures: [Q, C], the higher the nearer."""

Arm = Literal[
    "base", "reseed", "subset",
    "search", "fused", "raw", "latent", "gradient",
    "random", "least",
]  # fmt: skip

RANKED: tuple[Arm, ...] = ("search", "fused", "raw", "latent", "gradient")
"""Arms that remove what a ranking puts first."""

AS_BIG = 8
"""Among how many clusters nearest in size a matched one is drawn."""


@dataclass(frozen=True)
class Removal:
    """One retraining: the clusters it is without, and what for.

    ``k`` clusters for each query of pool ``group``, the ``draw``-th of its kind, from ``seed``.
    """

    arm: Arm
    removed: tuple[int, ...] = ()
    k: int = 0
    group: int = 0
    draw: int = 0
    seed: int = 0


class Clusters:
    """The clusters of the training tunes, and which training measures they hold.

    ``ids`` [C] are the clusters' numbers, rising; ``sizes`` [C] their distinct measures. ``row``
    and ``at`` [P] pair each of the N training measures with each cluster (a place in ``ids``)
    that has it.
    """

    def __init__(self, corpus: Corpus) -> None:
        training = corpus.training()
        every = np.flatnonzero(corpus.splits == SPLITS.index("train"))
        of_tune = np.array([tune.cluster for tune in corpus.tunes])
        order = np.argsort(corpus.cluster[training])
        rows = order[np.searchsorted(corpus.cluster[training][order], corpus.cluster[every])]
        pairs = np.unique(np.stack([rows, of_tune[corpus.tune[every]]]), axis=1)
        self.count = len(training)
        self.ids, at = np.unique(pairs[1], return_inverse=True)
        self.row, self.at = pairs[0], np.asarray(at)
        self.sizes: Ints = np.bincount(self.at)
        kinds = {tune.cluster: (tune.book, tune.metre) for tune in reversed(corpus.tunes)}
        self._kinds = [kinds[cluster] for cluster in self.ids.tolist()]

    def __len__(self) -> int:
        return len(self.ids)

    def kept(self, removed: Iterable[int]) -> Kept:
        """Describe of each training measure [N] whether a cluster that is left has it."""
        gone = np.isin(self.ids, list(removed))
        left = np.bincount(self.row[~gone[self.at]], minlength=self.count)
        return np.asarray(left > 0)

    def summed(self, of_rows: Floats) -> Floats:
        """Return each cluster [Q, C] its share of the scores [Q, N] of training measures.

        A measure that several clusters have counts for each in equal parts.
        """
        shared = np.bincount(self.row, minlength=self.count)
        found = np.zeros((len(of_rows), len(self.ids)))
        np.add.at(found.T, self.at, (of_rows / shared).T[self.row])
        return found

    def matched(self, wanted: Iterable[int], random: np.random.Generator) -> tuple[int, ...]:
        """Draw as many other clusters, each like one wanted in book, metre and size."""
        wanted = set(wanted)
        free = ~np.isin(self.ids, list(wanted))
        chosen = []
        for place in np.searchsorted(self.ids, sorted(wanted)).tolist():
            alike = np.array([kind == self._kinds[place] for kind in self._kinds]) & free
            among = np.flatnonzero(alike if alike.any() else free)
            if not len(among):
                break
            far = np.abs(self.sizes[among] - self.sizes[place])
            nearest = among[np.argsort(far, kind="stable")[:AS_BIG]]
            picked = int(random.choice(nearest))
            free[picked] = False
            chosen.append(int(self.ids[picked]))
        return tuple(sorted(chosen))

    def half(self, random: np.random.Generator) -> tuple[int, ...]:
        """Draw the half of all clusters."""
        drawn = random.permutation(len(self.ids))[: len(self.ids) // 2]
        return tuple(sorted(self.ids[drawn].tolist()))


def full(bases: int, reseeds: int) -> list[Removal]:
    """Return the trainings with nothing removed: the bases by seed, and others for the noise."""
    return [Removal("base", seed=seed) for seed in range(bases)] + [
        Removal("reseed", draw=draw, seed=1000 + draw) for draw in range(reseeds)
    ]


def subsets(clusters: Clusters, count: int, seed: int) -> list[Removal]:
    """Return ``count`` trainings on random halves of the clusters, all from ``seed``."""
    return [
        Removal("subset", clusters.half(np.random.default_rng((7, draw))), draw=draw, seed=seed)
        for draw in range(count)
    ]


def arms(
    clusters: Clusters,
    scores: Mapping[str, Floats],
    *,
    ks: Sequence[int],
    pool: int,
    draws: int,
    seed: int,
) -> list[Removal]:
    """Return the trainings of every arm for Q queries, ``pool`` of them served by each.

    ``scores`` [Q, C] of every ranking, "fused" among them: its first are matched by ``draws``
    random sets, and its last are removed as "least".
    """
    found: list[Removal] = []
    count = len(scores["fused"])
    for k in ks:
        for group in range(0, count, pool):
            queries = range(group, min(group + pool, count))
            number = group // pool

            def taken(name: str, sign: int, k: int = k, queries: range = queries) -> set[int]:
                best = [np.argsort(-sign * scores[name][q], kind="stable")[:k] for q in queries]
                return set(clusters.ids[np.concatenate(best)].tolist())

            def removal(arm: Arm, out: Iterable[int], draw: int = 0, k: int = k,
                        number: int = number) -> Removal:  # fmt: skip
                return Removal(arm, tuple(sorted(out)), k, number, draw, seed)

            found += [removal(arm, taken(arm, 1)) for arm in RANKED if arm in scores]
            first = taken("fused", 1)
            found += [
                removal(
                    "random",
                    clusters.matched(first, np.random.default_rng((11, k, number, draw))),
                    draw,
                )
                for draw in range(draws)
            ]
            found.append(removal("least", taken("fused", -1)))
    return found


def left_out(removals: Sequence[Removal], clusters: Clusters) -> npt.NDArray[np.bool_]:
    """Return what each retraining may learn from, [M, N]."""
    return np.stack([clusters.kept(removal.removed) for removal in removals])
