"""Builds the index of measures with the scale of held-out tunes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.corpus.table import Corpus
from engine.influence.measures.calibration import PercentileScale
from engine.influence.measures.index import Index, build, write
from engine.influence.measures.search import MeasureInfluence
from engine.latent.model import TrainedVAE
from engine.music.measure import REST


def build_and_write(
    folder: Path,
    corpus: Corpus,
    model: TrainedVAE,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> Index:
    """Build an index with the scale of held-out tunes and write it; raises `CannotWrite`."""
    on_progress(0.0, "posteriors and figures")
    index = build(corpus, model)
    scale = measured_scale(
        index, corpus, model, lambda done: on_progress(0.1 + 0.9 * done, "scale")
    )
    index = replace(index, quantiles=scale.quantiles, whole=scale.whole)
    write(folder, index)
    return index


def measured_scale(
    index: Index,
    corpus: Corpus,
    model: TrainedVAE,
    on_progress: Callable[[float], None] = lambda _: None,
) -> PercentileScale:
    """Return the scale of the validation tunes, which the model never learned from."""
    search = MeasureInfluence(index, corpus, model)
    tunes = [at for at, tune in enumerate(corpus.tunes) if tune.split == "validation"]
    windows, notes, best, whole = [], [], [], []
    for number, tune in enumerate(tunes):
        tokens = corpus.tokens[corpus.rows_of(tune)]
        nearest = []
        for at in np.flatnonzero((tokens > REST).any(axis=1)).tolist():
            reached = search.reached(tokens, at)
            for length, (score, count) in reached.items():
                windows.append(length)
                notes.append(count)
                best.append(score)
            nearest.append(reached[max(reached)][0])
        if nearest:
            whole.append(float(np.mean(nearest)))
        on_progress((number + 1) / len(tunes))
    return PercentileScale.of(
        *(np.array(each, np.float32) for each in (windows, notes, best, whole))
    )
