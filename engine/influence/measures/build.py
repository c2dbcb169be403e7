"""Builds the index of measures with the scale of held-out tunes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.corpus.table import Corpus
from engine.influence.measures.index import Index, build, write
from engine.influence.measures.search import measured_scale
from engine.latent.model import TrainedVAE


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
