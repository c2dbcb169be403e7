"""`armonica bench search`: one measure against a million, in notes and in latent space."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.bench import Result
from engine.corpus.table import SPLITS, shipped
from engine.influence.posteriors import distances
from engine.influence.ranking import highest
from engine.influence.raw import cardinality
from engine.influence.search import CANDIDATES, MeasureInfluence, open_index
from engine.music.measure import REST

MEASURES = 1_000_000
ROUNDS = 6
_SPREAD = 40

Tokens = npt.NDArray[np.uint8]


def run(measures: int = MEASURES) -> tuple[Result, ...]:
    """Times both in turn and compares the medians; raises `BadIndex` where there is no index."""
    search = open_index()
    corpus = shipped()
    test = np.flatnonzero(corpus.splits == SPLITS.index("test"))
    queries = [row for row in test.tolist() if (corpus.tokens[row] > REST).sum() >= 4]
    with tempfile.TemporaryDirectory() as folder:
        columns, notes, points, squares = _million(search, measures, Path(folder))
        turn = iter(np.random.default_rng(1).choice(queries, 4 * ROUNDS).tolist())

        def ours() -> None:
            query = corpus.tokens[next(turn)]
            raw = cardinality(query, columns, notes)
            apart = distances(np.array(points[7]), points, squares)
            np.union1d(highest(raw, CANDIDATES), highest(-apart, CANDIDATES))

        def other() -> None:
            query = corpus.tokens[next(turn)]
            raw = _by_definition(query, columns, notes)
            apart = ((points - points[7]) ** 2).sum(axis=1)
            np.union1d(np.argsort(-raw)[:CANDIDATES], np.argsort(apart)[:CANDIDATES])

        times = [(_timed(ours), _timed(other)) for _ in range(ROUNDS)][1:]
    how = (
        f"one measure of a test tune against {measures} measures of which each is spliced from two "
        "of the corpus, in files that are mapped into memory: the score of every one by its notes "
        f"and its distance in latent space, and the {CANDIDATES} nearest of each kind; median of "
        f"{ROUNDS - 1} turns, one thread; the other is the same by the definitions, transposition "
        "by transposition, with whole arrays and a full sort"
    )
    a, b = (median(each) * 1000 for each in zip(*times, strict=True))
    return (Result("search", a, b, "ms", how),)


def _million(search: MeasureInfluence, count: int, folder: Path) -> list[npt.NDArray[Any]]:
    random = np.random.default_rng(0)
    index = search.index
    first, second = random.integers(0, len(index), (2, count))
    columns = np.array(index.columns)[:, first]
    columns[12:] = np.array(index.columns)[12:][:, second]
    points = np.array(index.points)[first]
    points += random.normal(0, 0.1, points.shape).astype(np.float32)
    arrays = {
        "columns": columns,
        "notes": (columns > REST).sum(axis=0).astype(np.uint8),
        "points": points,
        "squares": (points**2).sum(axis=1),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return [np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays]


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
