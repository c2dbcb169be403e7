"""A small corpus and a short plan, so that retrainings take moments; and a sweep to be killed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.corpus.table import Corpus, Tune
from engine.influence.retraining.queries import Query
from engine.influence.retraining.removals import Removal
from engine.influence.retraining.retrain import RETRAINED, Plan
from engine.influence.retraining.sweep import Outcome, Sweep, Task, run
from engine.latent.shape import Shape
from engine.music.measure import Measure
from tests.support.small_vae import random_measures

SMALL = Plan(Shape(width=16, encoder_blocks=1, decoder_blocks=1), RETRAINED, 12, "float32")

TUNES, LENGTH = 60, 8
"""Tunes of the corpus and measures of each; three quarters of them are for training."""


@lru_cache(maxsize=1)
def corpus() -> Corpus:
    """Return a corpus of made-up tunes; the first measure of each is also its neighbour's last."""
    tokens = random_measures(TUNES * LENGTH).astype(np.uint8)
    first = np.arange(TUNES) * LENGTH
    tokens[first[1:]] = tokens[first[1:] - 1]
    _, alike = np.unique(tokens, axis=0, return_inverse=True)
    books = ("one book", "another book")
    return Corpus(
        tokens=tokens,
        tune=np.repeat(np.arange(TUNES), LENGTH).astype(np.int32),
        number=np.tile(np.arange(LENGTH) + 1, TUNES).astype(np.int32),
        cluster=np.asarray(alike).ravel().astype(np.int32),
        tunes=tuple(
            Tune(f"{at}", books[at % 2], at, f"tune {at}", "4/4", "G major", 100 + at // 2, split)
            for at in range(TUNES)
            for split in [("train", "train", "train", "validation", "test")[at // 12]]
        ),
        digest="made up",
    )


def queries() -> tuple[Query, ...]:
    """Return six queries, of measures that no training has seen."""
    rows = corpus().tokens[corpus().test()][:6]
    return tuple(Query("held out", Measure(tuple(map(int, row)))) for row in rows)


def sweep() -> Sweep:
    """Return the sweep of the small corpus, plan and queries."""
    return Sweep(SMALL, corpus(), queries(), samples=4)


def removals() -> list[Removal]:
    """Return twenty retrainings of two seeds: three stacks."""
    return [
        Removal("random", (100 + at % 10,), 1, draw=at // 2, seed=seed)
        for at in range(10)
        for seed in (0, 1)
    ]


@contextmanager
def here(
    work: Callable[[Task], list[Outcome]], tasks: Sequence[Task]
) -> Iterator[Iterator[list[Outcome]]]:
    """Spread tasks over nobody else."""
    yield map(work, tasks)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sweep(), removals(), here)
