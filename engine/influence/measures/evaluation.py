"""Self-tests of the search: does it find what is certainly there, and nothing where nothing is?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.corpus.table import SPLITS, Corpus
from engine.influence.measures.index import build
from engine.influence.measures.search import MeasureInfluence
from engine.latent.model import TrainedVAE
from engine.music.measure import HIGHEST, LOWEST, REST, Measure

FARTHEST = 5
"""Semitones up or down by which a query is moved."""

PLANTED = (1, 4, 16)
"""How often a tune is planted."""

TOP = 10


@dataclass(frozen=True)
class SelfTest:
    """What the search is worth on questions whose answers are known.

    ``alone`` and ``passage`` are the shares of training measures, transposed, whose own unit
    comes first (or one that has the same measure), asked without and with the measures around
    them. ``overlap`` is the mean share of the first ten that unrelated held-out queries have in
    common (Jaccard), ``close`` the share of them that have a close match. ``planted`` says for
    each number of copies whether the tune was found, ``permuted`` how often a query still finds
    its own unit where the corpus is permuted. ``queries`` counts them.
    """

    alone: float
    passage: float
    overlap: float
    close: float
    planted: dict[int, bool]
    permuted: float
    queries: int


def self_test(
    search: MeasureInfluence,
    model: TrainedVAE,
    *,
    count: int = 100,
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda _: None,
) -> SelfTest:
    """Ask ``count`` questions of each kind."""
    corpus = search.corpus
    random = np.random.default_rng(seed)
    rows = _rows(corpus, "train", count, random)
    alone, passage = [], []
    for number, row in enumerate(rows):
        moved = _moved(corpus, [row], random)
        alone.append(_finds(search, moved, 0, row))
        own = corpus.rows_of(int(corpus.tune[row]))
        around = own[max(0, row - own[0] - 3) : row - own[0] + 4].tolist()
        passage.append(_finds(search, _moved(corpus, around, random), around.index(row), row))
        on_progress(0.5 * (number + 1) / len(rows))
    lists, close = [], []
    for number, row in enumerate(_rows(corpus, "test", count, random)):
        found = search.of([corpus.measure(row)], 0, top=TOP)
        lists.append({match.cluster for match in found.matches})
        close.append(found.close)
        on_progress(0.5 + 0.3 * (number + 1) / count)
    overlap = [
        len(a & b) / max(1, len(a | b)) for at, a in enumerate(lists) for b in lists[at + 1 :]
    ]
    planted = {times: _plant(corpus, model, times, random) for times in PLANTED}
    on_progress(0.9)
    permuted = _permute(corpus, model, rows, random)
    on_progress(1.0)
    return SelfTest(
        alone=float(np.mean(alone)),
        passage=float(np.mean(passage)),
        overlap=float(np.mean(overlap)) if overlap else 0.0,
        close=float(np.mean(close)),
        planted=planted,
        permuted=permuted,
        queries=len(rows),
    )


def _rows(corpus: Corpus, split: str, count: int, random: np.random.Generator) -> list[int]:
    which = np.flatnonzero(corpus.splits == SPLITS.index(split))
    which = which[(corpus.tokens[which] > REST).sum(axis=1) >= 2]
    return [int(row) for row in random.choice(which, min(count, len(which)), replace=False)]


def _moved(corpus: Corpus, rows: list[int], random: np.random.Generator) -> list[Measure]:
    measures = [corpus.measure(row) for row in rows]
    pitches = [pitch for measure in measures for pitch in measure.pitches]
    low, high = LOWEST - min(pitches), HIGHEST - max(pitches)
    by = int(random.integers(max(low, -FARTHEST), min(high, FARTHEST) + 1))
    return [measure.transposed(by) for measure in measures]


def _finds(search: MeasureInfluence, measures: list[Measure], at: int, row: int) -> bool:
    # Where several units have the same measure, any of them is a right answer.
    same = np.flatnonzero(search.corpus.cluster == search.corpus.cluster[row])
    right = {int(search.index.units[tune]) for tune in search.corpus.tune[same]}
    found = search.of(measures, at, top=1)
    return bool(found.matches) and found.matches[0].cluster in right


def _plant(corpus: Corpus, model: TrainedVAE, times: int, random: np.random.Generator) -> bool:
    # A tune of random notes, copied over as many training tunes, is found under a name of theirs.
    train = np.array([at for at, tune in enumerate(corpus.tunes) if tune.split == "train"])
    long = [at for at in random.permutation(train).tolist() if len(corpus.rows_of(at)) >= 8]
    measure = [_random_measure(random) for _ in range(8)]
    tokens, cluster = corpus.tokens.copy(), corpus.cluster.copy()
    for tune in long[:times]:
        rows = corpus.rows_of(tune)[:8]
        tokens[rows] = [each.tokens for each in measure]
        cluster[rows] = cluster.max() + 1 + np.arange(8)
    changed = replace(corpus, tokens=tokens, cluster=cluster)
    search = MeasureInfluence(build(changed, model), changed, model)
    hosts = {int(search.index.units[tune]) for tune in long[:times]}
    asked = [each.transposed(3) for each in measure]
    found = search.of(asked, 3, top=max(1, len(hosts)))
    return {match.cluster for match in found.matches} == hosts


def _random_measure(random: np.random.Generator) -> Measure:
    tokens = np.zeros(24, np.int64)
    tokens[::3] = random.integers(LOWEST, HIGHEST - 3, 8)
    return Measure.from_tokens(tokens)


def _permute(
    corpus: Corpus, model: TrainedVAE, rows: list[int], random: np.random.Generator
) -> float:
    # Pitches are dealt anew to the notes of each measure: the rhythm stays, the tune is gone.
    tokens = corpus.tokens.copy()
    sounding = tokens > REST
    pitches = random.integers(LOWEST, HIGHEST + 1, int(sounding.sum())).astype(np.uint8)
    tokens[sounding] = pitches
    changed = replace(corpus, tokens=tokens, cluster=np.arange(len(corpus), dtype=np.int32))
    search = MeasureInfluence(build(changed, model), changed, model)
    hits = []
    for row in rows:
        unit = int(search.index.units[corpus.tune[row]])
        found = search.of([corpus.measure(row)], 0, top=1)
        hits.append(bool(found.matches) and found.matches[0].cluster == unit)
    return float(np.mean(hits))
