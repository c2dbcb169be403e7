"""Candidates: what may lie behind a measure, by its notes, its figures and its latent code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus.table import Corpus
from engine.influence.measures.calibration import CLASSES, WINDOWS, class_of
from engine.influence.measures.index import Index
from engine.influence.measures.ngrams import grams
from engine.influence.measures.note_overlap import cardinality
from engine.influence.measures.passages import Passages
from engine.influence.measures.posteriors import NearestPoints, distances, posteriors
from engine.influence.measures.rank_fusion import fused, highest
from engine.latent.model import TrainedVAE
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import REST

CANDIDATES = 500
"""How many of the nearest each channel brings in; all are then compared in every channel."""

Tokens = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Rows of the corpus [R] that may lie behind a measure, and how near each is.

    ``raw`` is the score of the measure alone; ``best``, ``window`` and ``before`` are those of
    the longer match that is most remarkable, ``percentile`` says how much; ``figures`` is the
    weight of shared figures, ``apart`` the squared distance in latent space.
    """

    rows: Rows
    items: Rows
    raw: Floats
    best: Floats
    window: Rows
    before: Rows
    percentile: Floats
    figures: Floats
    apart: Floats
    reached: dict[int, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class NearRow:
    """One of the candidates: its row, its scores, and the longer match that it belongs to."""

    row: int
    best: float
    window: int
    before: int
    percentile: float
    apart: float

    @classmethod
    def of(cls, found: Candidates, place: int) -> NearRow:
        """Return the candidate at a place."""
        return cls(
            int(found.rows[place]),
            float(found.best[place]),
            int(found.window[place]),
            int(found.before[place]),
            float(found.percentile[place]),
            float(found.apart[place]),
        )


@dataclass(frozen=True, slots=True)
class RankedUnits:
    """The nearest units [K] by rank: which they are, their scores, and the candidate of each."""

    units: Rows
    scores: Floats
    places: Rows


class CandidateSearch:
    """Finds the candidates of a measure in one index, and ranks the units that they are of."""

    def __init__(self, index: Index, corpus: Corpus, model: TrainedVAE) -> None:
        self._index, self._model = index, model
        self._human = index.human
        self._item_of = np.full(len(corpus), -1, np.int64)
        self._item_of[index.rows] = np.repeat(np.arange(len(index)), np.diff(index.offsets))
        self._unit_of = index.units[corpus.tune]
        self._passages = Passages(corpus)
        self._near = NearestPoints(index.points, index.squares)
        self._tables: dict[int, Floats] = {}

    def indexed(self, rows: slice) -> bool:
        """Return whether any of these rows of the corpus is in the index."""
        return bool((self._item_of[rows] >= 0).any())

    def unit(self, row: int) -> int:
        """Return the unit that a row of the corpus is of."""
        return int(self._unit_of[row])

    def find(self, tokens: Tokens, at: int) -> Candidates:
        """Return the candidates for measure ``at`` of ``tokens`` [N, T]."""
        index = self._index
        raw = cardinality(tokens[at], index.columns, index.notes)
        point = self._point(tokens[at])
        names, where = grams(tokens[at : at + 2])
        shared, weights = index.grams.scores(names[where == 0])
        chosen = highest(weights, CANDIDATES)
        shared, weights = shared[chosen], weights[chosen]
        items = np.union1d(highest(raw, CANDIDATES), self._near.nearest(point, CANDIDATES))
        rows = np.union1d(index.rows[spans(index.offsets, items)], shared).astype(np.int64)
        item = self._item_of[rows]
        figures = np.zeros(len(rows))
        figures[np.searchsorted(rows, shared)] = weights
        notes = int((tokens[at] > REST).sum())
        own = raw[item].astype(np.float64)
        best, percentile = own.copy(), self._human.percentiles(own, 1, notes)
        window, before = np.ones(len(rows), np.int64), np.zeros(len(rows), np.int64)
        reached = {1: (float(raw.max(initial=0.0)), notes)}
        for each in self._passages.compared(tokens, at, rows):
            scores = (each.agreed / each.sizes).astype(np.float32)
            scores[~each.there] = -1
            nearest = float(scores.max())
            if nearest > reached.get(each.length, (-1.0, 0))[0]:
                reached[each.length] = nearest, each.notes
            now = self._percentiles(each.length, each.notes)[each.agreed, each.sizes]
            # The longer one of two that are as remarkable says more.
            better = each.there & (now >= np.maximum(percentile, 1e-9))
            percentile[better], best[better] = now[better], scores[better]
            window[better], before[better] = each.length, each.earlier
        return Candidates(
            rows, item, own, best, window, before, percentile, figures,
            self._near.distances(point, item).astype(np.float64), reached,
        )  # fmt: skip

    def rank(
        self, found: Candidates, allowed: npt.NDArray[np.bool_] | None, top: int
    ) -> RankedUnits:
        """Return the ``top`` units of the candidates that are ``allowed`` [R] (None: all)."""
        chosen = np.arange(len(found.rows)) if allowed is None else np.flatnonzero(allowed)
        unit = self._unit_of[found.rows[chosen]]
        names, which = np.unique(unit, return_inverse=True)
        remarkable = 10 * found.percentile + found.best + found.raw
        channels = {
            "raw": most_of(remarkable[chosen], which, len(names)),
            "figures": most_of(found.figures[chosen], which, len(names)),
            "latent": most_of(-found.apart[chosen], which, len(names)),
        }
        # The one that is shown of a unit is its nearest by notes, then in latent space.
        order = np.lexsort((found.rows[chosen], found.apart[chosen], -remarkable[chosen], which))
        shown = chosen[order[np.searchsorted(which[order], np.arange(len(names)))]]
        score = fused(channels, self._index.specificity[found.items[shown]])
        # Identical up to transposition is a fact, and goes before every likeness.
        same = (most_of(found.raw[chosen], which, len(names)) >= 1.0).astype(np.float64)
        ranked = np.lexsort((names, -score, -same))[:top] if len(names) else np.empty(0, np.int64)
        return RankedUnits(names[ranked].astype(np.int64), score[ranked], shown[ranked])

    def distances(self, measure: Tokens) -> npt.NDArray[np.float32]:
        """Return the squared distance of a measure [T] to each item of the index."""
        return distances(self._point(measure), self._index.points, self._index.squares)

    def _point(self, measure: Tokens) -> npt.NDArray[np.float32]:
        # One by one, for many as for one: in a batch the last bits of a code differ.
        means, spreads = posteriors(self._model, measure[None].astype(np.int64))
        return np.asarray(self._index.space.points(means, spreads)[0])

    def _percentiles(self, window: int, notes: int) -> Floats:
        # By the notes that agree and those of the larger side; a few notes more change nothing.
        kind = class_of(notes, window)
        key = window * CLASSES + kind
        if key not in self._tables:
            most = np.arange(max(WINDOWS) * FOUR_QUARTERS.ticks + 1)
            scores = (most[:, None] / np.maximum(most, 1)).astype(np.float32).astype(np.float64)
            self._tables[key] = self._human.percentiles(scores, window, notes)
        return self._tables[key]


def spans(offsets: Rows, chosen: Rows) -> Rows:
    """Return the places from ``offsets[n]`` to ``offsets[n + 1]`` of each chosen n, in order."""
    counts = offsets[chosen + 1] - offsets[chosen]
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(counts.sum()) + np.repeat(offsets[chosen] - before, counts))


def most_of(scores: Floats, which: npt.NDArray[np.intp], count: int) -> Floats:
    """Return the highest score of each group [count]; minus infinity for an empty one."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, which, scores)
    return found
