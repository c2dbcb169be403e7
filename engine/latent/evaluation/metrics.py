"""What a measure VAE is judged by: reconstruction, and how its decoder obeys the gauges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.latent.model import TrainedVAE
from engine.latent.spec import LIMIT
from engine.latent.tokens import Floats, Ints, measured, relative
from engine.music.attributes import NAMES
from engine.music.measure import HOLD, REST

SWEEP = 13
"""How many points a sweep of one gauge has, from -3 to 3."""


@dataclass(frozen=True)
class Reconstruction:
    """Shares of tokens, of onset tokens and of whole measures that come back as they were."""

    token: float
    onset: float
    exact: float


def compared(truth: Ints, found: Ints) -> Reconstruction:
    """Compare tokens [N, 24] with what a model made of them."""
    same = truth == found
    return Reconstruction(
        float(same.mean()), float(same[truth > REST].mean()), float(same.all(axis=1).mean())
    )


def reconstruction(model: TrainedVAE, tokens: Ints) -> Reconstruction:
    """Encode absolute tokens [N, 24] and plainly decodes their posterior means."""
    return compared(tokens, model.decode_tokens(model.encode_tokens(tokens)))


def all_hold(tokens: Ints) -> Reconstruction:
    """Return the figures of a baseline that always answers hold."""
    return compared(tokens, np.full_like(tokens, HOLD))


def spearman(x: Floats, y: Floats) -> float:
    """Return Spearman's rank correlation of two samples, 0 where one of them is constant."""
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else 0.0


def ranks(values: Floats) -> Floats:
    """Return the ranks of a sample [N]; equal values share their mean rank."""
    _, inverse, counts = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray(((ends - counts + ends + 1) / 2)[inverse], dtype=np.float64)


@dataclass(frozen=True)
class GaugeControl:
    """How the decoder obeys: sweeps of each gauge from many held-out measures.

    ``spearman`` is the mean over measures of the rank correlation of gauge and attribute
    (a sweep that changes nothing counts 0), ``monotone`` the share of sweeps that rise and never
    step back, ``slopes[moved][seen]`` the mean change of each attribute's normal score per
    unit, ``silent`` the share of silent measures, ``attributes`` the decoded values
    [gauge, N, 13, 4].
    """

    spearman: dict[str, float]
    monotone: dict[str, float]
    slopes: Floats
    silent: float
    attributes: Floats
    tokens: Ints


def sweep_codes(base: Floats, dimension: int, positions: Floats) -> Floats:
    """Return codes [N * P, Z]: each base code [N, Z] with one dimension at each position [P]."""
    codes = np.repeat(base, len(positions), axis=0)
    codes[:, dimension] = np.tile(positions, len(base))
    return codes


def decoder_control(
    model: TrainedVAE,
    tokens: Ints,
    *,
    candidates: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> GaugeControl:
    """Sweep each named gauge over 13 positions from each measure [N, 24] (see `GaugeControl`)."""
    base = model.encode_tokens(tokens)
    positions = np.linspace(-LIMIT, LIMIT, SWEEP)
    centred = positions - positions.mean()
    every, found = [], []
    for dimension in range(len(NAMES)):
        codes = sweep_codes(base, dimension, positions)
        every.append(model.decode_tokens(codes, candidates=candidates, moved=(dimension,)))
        found.append(measured(every[-1]).reshape(len(base), SWEEP, len(NAMES)))
        on_progress((dimension + 1) / len(NAMES))
    values = np.stack(found)
    rank, monotone = {}, {}
    for at, name in enumerate(NAMES):
        own = values[at, :, :, at]
        rank[name] = float(np.mean([spearman(positions, row) for row in own]))
        steady = (np.diff(own, axis=1) >= -1e-9).all(axis=1)
        monotone[name] = float(np.mean(steady & (own[:, -1] > own[:, 0])))
    scores = np.stack([model.codec.score(values[at]) for at in range(len(NAMES))])
    slopes = np.einsum("gnpa,p->ga", scores, centred) / (len(base) * (centred @ centred))
    decoded = np.concatenate(every)
    silent = float((~(decoded > REST).any(axis=1)).mean())
    return GaugeControl(rank, monotone, slopes, silent, values, decoded)


def distinct_on_grid(model: TrainedVAE, tokens: Ints, levels: int = 10) -> tuple[float, float]:
    """Count, per measure [N, 24], distinct outputs over a grid of the four named gauges.

    Gives the mean number of distinct measures among levels^4 points within -3 to 3, and the
    share of silent ones.
    """
    axis = np.linspace(-LIMIT, LIMIT, levels)
    grid = np.stack(np.meshgrid(*[axis] * len(NAMES), indexing="ij"), -1).reshape(-1, len(NAMES))
    counts, silent = [], []
    for base in model.encode_tokens(tokens):
        codes = np.repeat(base[None], len(grid), axis=0)
        codes[:, : len(NAMES)] = grid
        decoded = model.decode_tokens(codes)
        counts.append(len(np.unique(relative(decoded)[0], axis=0)))
        silent.append((~(decoded > REST).any(axis=1)).mean())
    return float(np.mean(counts)), float(np.mean(silent))
