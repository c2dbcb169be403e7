"""Bits a measure of held-out tunes: with the measures before it, without, and copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.phrase.book_tunes import PhraseTune
from engine.phrase.drawing import Drawer
from engine.phrase.model import PhraseModel, Reading
from engine.phrase.sequences import Seen, head
from engine.phrase.surprise import surprise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FARTHEST = 24
"""From how many measures before a measure may be copied."""


@dataclass(frozen=True, eq=False)
class TuneBits:
    """Of each measure of a tune its bits in context and alone, and what it repeats.

    ``same`` [N, 24] says of which of the measures before, by distance, it is a copy.
    """

    tune: PhraseTune
    before: Floats
    alone: Floats
    notes: Floats
    same: Bools

    @property
    def repeats(self) -> Bools:
        """Whether each measure equals an earlier one of the tune."""
        measures = self.tune.measures
        return np.array([measure in measures[:at] for at, measure in enumerate(measures)])


def tune_bits(model: PhraseModel, tune: PhraseTune) -> TuneBits:
    """Measure a tune."""
    found = [each for each in surprise(model, tune.measures, tune.key) if each is not None]
    drawer = alone_drawer(model, tune)
    alone = [drawer.bits(Seen(0, (), told=False), measure) for measure in tune.measures]
    same = np.zeros((len(tune), FARTHEST), dtype=bool)
    for at, measure in enumerate(tune.measures):
        for way in range(1, min(at, FARTHEST) + 1):
            same[at, way - 1] = tune.measures[at - way] == measure
    return TuneBits(
        tune,
        np.array([each.bits for each in found]),
        np.array(alone),
        np.array([max(1, len(each.events) - 1) for each in found], dtype=float),
        same,
    )


def alone_drawer(model: PhraseModel, tune: PhraseTune) -> Drawer:
    """Return what says the bits of a measure in the key and metre of a tune, and knows no more."""
    reading = Reading(model)
    reading.read(head(tune.about, 0))
    return Drawer(reading, tune.about, tune.grid, tune.base)


def copying(found: Sequence[TuneBits]) -> Floats:
    """Return how often a measure is a copy by distance [24], fitted to validation tunes.

    What is left to 1 is new; by expectation and maximisation, where several distances would do.
    """
    same = np.concatenate([each.same for each in found]).astype(float)
    new = 2.0 ** -np.concatenate([each.alone for each in found])
    weights = np.full(FARTHEST, 0.5 / FARTHEST)
    for _ in range(30):
        parts = same * weights
        whole = parts.sum(1) + new * (1 - weights.sum())
        weights = (parts / whole[:, None]).sum(0) / len(same)
    return weights


def copied(found: TuneBits, weights: Floats) -> Floats:
    """Return the bits of each measure of a tune that is copied, or else made without context."""
    new = 2.0**-found.alone * (1 - weights.sum())
    return np.asarray(-np.log2((found.same * weights).sum(1) + new))


def bits_rows(
    validation: Sequence[TuneBits], test: Sequence[TuneBits], random: np.random.Generator
) -> list[dict[str, object]]:
    """Return the rows of the table: mean bits with the ends of a 95 % interval over tunes."""
    weights = copying(validation)
    in_four = [each for each in test if each.tune.grid.metre == "4/4"]
    ways: list[tuple[str, Callable[[TuneBits], Floats]]] = [
        ("without context", lambda each: each.alone),
        ("copy an earlier one, else without context", lambda each: copied(each, weights)),
        ("after those before it", lambda each: each.before),
    ]
    rows = [_row(name, "4/4", in_four, way, random) for name, way in ways]
    for metre in sorted({each.tune.grid.metre for each in test} - {"4/4"}):
        part = [each for each in test if each.tune.grid.metre == metre]
        rows += [_row(name, metre, part, way, random) for name, way in (ways[0], ways[2])]
    return rows


def _row(
    name: str,
    metre: str,
    found: Sequence[TuneBits],
    way: Callable[[TuneBits], Floats],
    random: np.random.Generator,
) -> dict[str, object]:
    bits = [way(each) for each in found]
    repeats = np.concatenate([each.repeats for each in found])
    whole = np.concatenate(bits)
    return {
        "name": name,
        "metre": metre,
        "measures": len(whole),
        "bits": float(whole.mean()),
        "between": interval([each.sum() for each in bits], [len(each) for each in bits], random),
        "new": float(whole[~repeats].mean()),
        "repeats": float(whole[repeats].mean()) if repeats.any() else None,
    }


def interval(
    sums: Sequence[float], counts: Sequence[float], random: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % interval of a mean over all, by drawing the tunes again a thousand times."""
    drawn = random.integers(0, len(sums), (1000, len(sums)))
    above, below = np.array(sums, dtype=float)[drawn], np.array(counts, dtype=float)[drawn]
    means = above.sum(1) / np.maximum(below.sum(1), 1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


QUANTILES = (5, 25, 50, 75, 90, 95, 99)


def calibration(model: PhraseModel, test: Sequence[TuneBits]) -> list[dict[str, float]]:
    """Return for quantiles of validation tunes the share of test measures below them."""
    a_note = np.concatenate([(each.before / each.notes)[1:] for each in test])
    return [
        {"percent": at, "below": float((a_note < model.quantiles[at]).mean() * 100)}
        for at in QUANTILES
    ]
