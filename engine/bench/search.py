"""`armonica bench search`: one measure against a million, from the question to the answer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.bench import Result
from engine.corpus.table import SPLITS, Corpus, shipped
from engine.influence.measures.candidates import CANDIDATES
from engine.influence.measures.index import figures, place, read, write
from engine.influence.measures.search import MeasureInfluence
from engine.latent.model import TrainedVAE
from engine.latent.weights import load
from engine.music.measure import HIGHEST, LOWEST, REST

MEASURES = 1_000_000
ROUNDS = 6
_SPREAD = 40

Tokens = npt.NDArray[np.uint8]


def run(measures: int = MEASURES) -> tuple[Result, ...]:
    """Time both in turn and compares the medians; raises `BadIndex` where there is no index."""
    corpus, model = shipped(), load(locations.MEASURE_VAE)
    test = np.flatnonzero(corpus.splits == SPLITS.index("test"))
    queries = [row for row in test.tolist() if (corpus.tokens[row] > REST).sum() >= 4]
    turn = iter(np.random.default_rng(1).choice(queries, 2 * ROUNDS).tolist())
    with tempfile.TemporaryDirectory() as folder:
        search = _many(corpus, model, measures, Path(folder))
        index = search.index

        def ours() -> None:
            row = next(turn)
            own = corpus.rows_of(int(corpus.tune[row])).tolist()
            search.of([corpus.measure(each) for each in own], own.index(row))

        def other() -> None:
            raw = _by_definition(corpus.tokens[next(turn)], index.columns, index.notes)
            apart = ((index.points - index.points[7]) ** 2).sum(axis=1)
            np.union1d(np.argsort(-raw)[:CANDIDATES], np.argsort(apart)[:CANDIDATES])

        times = [(_timed(ours), _timed(other)) for _ in range(ROUNDS)][1:]
    how = (
        f"what `influence --measure` asks of a test tune, answered from {measures} measures of "
        "tunes of which each is spliced from two, in files that are mapped into memory: notes, "
        "figures and latent space, the measures around, ten tunes with their places; median of "
        f"{ROUNDS - 1} turns, one thread; the other compares notes and latent space alone, by the "
        "definitions, transposition by transposition, with whole arrays and a full sort"
    )
    a, b = (median(each) * 1000 for each in zip(*times, strict=True))
    return (Result("search", a, b, "ms", how),)


def _many(corpus: Corpus, model: TrainedVAE, count: int, folder: Path) -> MeasureInfluence:
    # Training measures, tunes after tunes, each with the second half of another at another
    # pitch; encoding a million would take minutes, so posteriors are real ones, a little moved.
    random = np.random.default_rng(0)
    known = read(place(), corpus, model.spec.digest)
    item = np.full(len(corpus), -1)
    item[known.rows] = np.repeat(np.arange(len(known)), np.diff(known.offsets))
    train = np.flatnonzero(item >= 0)
    rows = np.resize(train, count)
    turn = np.arange(count) // len(train)
    tokens, second = corpus.tokens[rows], corpus.tokens[random.choice(train, count), 12:]
    moved = second.astype(np.int16) + random.integers(-3, 4, count)[:, None]
    second = np.where(second > REST, np.clip(moved, LOWEST, HIGHEST), second).astype(np.uint8)
    tokens[:, 12:] = np.where((turn > 0)[:, None], second, tokens[:, 12:])
    names, tune = np.unique(
        corpus.tune[rows].astype(np.int64) + turn * len(corpus.tunes), return_inverse=True
    )
    tunes = tuple(corpus.tunes[name % len(corpus.tunes)] for name in names.tolist())
    every = np.arange(count, dtype=np.int32)
    many = Corpus(tokens, tune.astype(np.int32), corpus.number[rows], every, tunes, "a million")
    points = np.array(known.points)[item[rows]]
    points += random.normal(0, 0.1, points.shape).astype(np.float32)
    units = np.arange(len(tunes), dtype=np.int32)
    found = figures(many, units, len(units))
    index = replace(
        known,
        columns=tokens.T,
        notes=(tokens > REST).sum(axis=1).astype(np.uint8),
        points=points,
        squares=(points**2).sum(axis=1),
        offsets=np.arange(count + 1),
        rows=every,
        specificity=np.array(known.specificity)[item[rows]],
        units=units,
        gram_names=found.names,
        gram_offsets=found.offsets,
        gram_rows=found.rows,
        gram_weights=found.weights,
        corpus=many.digest,
    )
    write(folder, index)
    return MeasureInfluence(read(folder, many, model.spec.digest), many, model)


def _by_definition(
    query: Tokens, columns: Tokens, notes: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    ticks = np.flatnonzero(query > REST)
    best = np.zeros(columns.shape[1], np.int16)
    for by in range(-_SPREAD, _SPREAD + 1):
        agreed = np.zeros_like(best)
        for at in ticks:
            column = columns[at].astype(np.int16)
            agreed += (column > REST) & (column + by == int(query[at]))
        np.maximum(best, agreed, out=best)
    return (best / np.maximum(notes, len(ticks))).astype(np.float32)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
