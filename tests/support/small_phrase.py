"""A small phrase model of chance weights, and the tunes of the books with the least to read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import torch

from engine.music.grid import GRIDS, Grid
from engine.music.measure import Measure, Note
from engine.phrase.book_tunes import PhraseTune, tables, tunes_of
from engine.phrase.gauge_scores import GaugeScores
from engine.phrase.model import PhraseModel, load
from engine.phrase.shape import PhraseShape
from engine.phrase.training.network import PhraseNetwork
from engine.phrase.weights import QUANTILES, save

SHAPE = PhraseShape(width=16, heads=2, layers=1, inner=24)


@cache
def tunes(split: str = "test") -> list[PhraseTune]:
    """Return the tunes of a split."""
    return tunes_of(tables(), split)


@cache
def scores() -> GaugeScores:
    """Return normal scores among the measures of validation tunes."""
    return GaugeScores.fitted([each for tune in tunes("validation") for each in tune.measures])


def network(seed: int = 0) -> PhraseNetwork:
    """Return a network of chance weights, as it is after half precision."""
    torch.manual_seed(seed)
    made = PhraseNetwork(SHAPE).eval()
    with torch.no_grad():
        for name, value in made.state_dict().items():
            # Biases begin at zero, and would hide a mistake.
            spread = 0.3 if "by_" in name or "bias" in name else 0.0
            value.copy_((value + spread * torch.randn_like(value)).half().float())
    return made


def written(folder: Path, seed: int = 0) -> Path:
    """Write such a model to ``folder``."""
    arrays = {name: value.numpy() for name, value in network(seed).state_dict().items()}
    beside = {"quantiles": np.linspace(1.0, 9.0, QUANTILES), **scores().tensors()}
    save(folder, {**arrays, **beside}, {"shape": SHAPE.as_dict(), "seed": seed})
    return folder


def model(folder: Path, seed: int = 0) -> PhraseModel:
    """Return such a model."""
    return load(written(folder, seed))


def measure(pitches: Iterable[int], grid: Grid = GRIDS["4/4"]) -> Measure:
    """Return a measure of notes of equal length on its beats, one after the other."""
    notes = [Note(at * grid.beat, grid.beat, pitch) for at, pitch in enumerate(pitches) if pitch]
    return Measure.from_notes(notes, grid)
