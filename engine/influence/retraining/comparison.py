"""What removals changed: each arm beside random removal, beside others' removal, beside the noise.

The change of a query is what its log-likelihood loses to the same seed's training with nothing
removed, in nats a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.influence.retraining.removals import Removal
from engine.influence.retraining.sweep import Outcome
from engine.latent.tokens import Floats

BOOTSTRAPS = 2000
Measured = Literal["bound", "plain"]

Done = Sequence[tuple[Removal, Outcome]]


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval by bootstrap."""

    mean: float
    low: float
    high: float

    def as_list(self) -> list[float] | None:
        """Return mean, low and high, as results hold them; ``None`` where nothing was measured."""
        values = (self.mean, self.low, self.high)
        return None if np.isnan(values).any() else [round(value, 5) for value in values]


@dataclass(frozen=True)
class Changes:
    """The changes of one arm at one ``k``, not a number where a run is not done.

    ``own`` [S, D, Q] are those of queries whose clusters the run removed, by seed and draw;
    ``others`` [S, D, Q] the mean change of the same queries in the runs that removed what
    belongs to the other pools.
    """

    own: Floats
    others: Floats

    @property
    def runs(self) -> int:
        """How many seeds and draws were done, in part or whole."""
        return int((~np.isnan(self.own)).any(axis=2).sum())


def changes(
    done: Done, arm: str, k: int, *, queries: int, pool: int, measured: Measured
) -> Changes | None:
    """Gather the changes of an arm; ``None`` where none of its runs has its base."""
    bases = {r.seed: np.array(getattr(o, measured)) for r, o in done if r.arm == "base"}
    chosen = [(r, o) for r, o in done if r.arm == arm and r.k == k and r.seed in bases]
    if not chosen:
        return None
    seeds = sorted({r.seed for r, _ in chosen})
    draws = 1 + max(r.draw for r, _ in chosen)
    groups = -(-queries // pool)
    every = np.full((groups, len(seeds), draws, queries), np.nan)
    for r, o in chosen:
        if r.group < groups:
            lost = bases[r.seed] - np.array(getattr(o, measured))
            every[r.group, seeds.index(r.seed), r.draw] = lost[:queries]
    mine = np.arange(queries) // pool == np.arange(groups)[:, None]
    own = np.where(mine[:, None, None], every, np.nan)
    others = np.where(mine[:, None, None], np.nan, every)
    return Changes(_mean(own, 0), _mean(others, 0))


def change(found: Changes, pool: int) -> Estimate:
    """Return the mean change of an arm's queries."""
    return _bootstrap(_mean(found.own, 1), pool)


def beyond_random(found: Changes, random: Changes, pool: int) -> Estimate:
    """Return by how much an arm changes its queries more than random removal changes the same."""
    seeds = min(len(found.own), len(random.own))
    return _bootstrap(_mean(found.own, 1)[:seeds] - _mean(random.own, 1)[:seeds], pool)


def beyond_others(found: Changes, pool: int) -> Estimate:
    """Return by how much an arm changes its queries more than what it removed for others does.

    What a whole run gained or lost by chance falls out, as each run counts on both sides.
    """
    return _bootstrap(_mean(found.own, 1) - _mean(found.others, 1), pool)


def noise(done: Done, queries: int, measured: Measured, seeds: int) -> float | None:
    """Return the half width of the band in which a mean of ``seeds`` runs lies by chance.

    From trainings with nothing removed: 1.96 standard deviations of the difference of two of
    them, over the root of ``seeds``. ``None`` for fewer than three of them.
    """
    full = [
        float(np.mean(getattr(o, measured)[:queries]))
        for r, o in done
        if r.arm in ("base", "reseed")
    ]
    if len(full) < 3:
        return None
    return float(1.96 * np.std(full, ddof=1) * np.sqrt(2 / max(1, seeds)))


def _bootstrap(values: Floats, pool: int) -> Estimate:
    # Values [S, Q]: cells of a seed and a pool are one run each, and are drawn first, then
    # the queries of each.
    cells = [
        row[at : at + pool]
        for row in values
        for at in range(0, values.shape[1], pool)
        if not np.isnan(row[at : at + pool]).all()
    ]
    cells = [cell[~np.isnan(cell)] for cell in cells]
    if not cells:
        return Estimate(*[float("nan")] * 3)
    random = np.random.default_rng(0)
    means = np.empty(BOOTSTRAPS)
    for at in range(BOOTSTRAPS):
        drawn = [cells[i] for i in random.integers(len(cells), size=len(cells))]
        means[at] = np.mean(np.concatenate([random.choice(cell, len(cell)) for cell in drawn]))
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.mean(np.concatenate(cells))), float(low), float(high))


def _mean(values: Floats, axis: int) -> Floats:
    # The mean of what was measured; not a number where nothing was.
    there: npt.NDArray[np.bool_] = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
