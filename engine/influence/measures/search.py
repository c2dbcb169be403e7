"""The search: which training measures lie nearest to one, in its notes and in latent space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.corpus.table import Corpus, shipped
from engine.errors import OutOfRange
from engine.influence.alerts import alert
from engine.influence.licences import licence
from engine.influence.measures.calibration import CLASSES, WINDOWS, PercentileScale, class_of
from engine.influence.measures.index import Index, place, read
from engine.influence.measures.ngrams import Stretches, grams, longest_among, longest_run, steps
from engine.influence.measures.note_overlap import agreement, cardinality
from engine.influence.measures.passages import AROUND, Passages
from engine.influence.measures.posteriors import distances, posteriors
from engine.influence.measures.rank_fusion import fused, highest
from engine.influence.spec import InfluenceAnswer, Match, Originality
from engine.latent.model import TrainedVAE
from engine.latent.weights import load
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HOLD, REST, Measure

CANDIDATES = 500
"""How many of the nearest each channel brings in; all are then compared in every channel."""

CLOSE = 90.0
"""A best match that fewer than one in ten held-out human measures reach is a close one."""

ASKED_MOST = 10_000
"""The most measures that are asked about at once."""

REMEMBERED = 50
"""Of each measure of many, so many of the nearest units count for the whole."""

Tokens = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Candidates:
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
class _Near:
    """One of the candidates: its row, its scores, and the longer match that it belongs to."""

    row: int
    best: float
    window: int
    before: int
    percentile: float
    apart: float

    @classmethod
    def of(cls, found: _Candidates, place: int) -> _Near:
        return cls(
            int(found.rows[place]),
            float(found.best[place]),
            int(found.window[place]),
            int(found.before[place]),
            float(found.percentile[place]),
            float(found.apart[place]),
        )


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The nearest units [K] by rank: which they are, their scores, and the candidate of each."""

    units: Rows
    scores: Floats
    places: Rows


class MeasureInfluence:
    """What lies behind measures, in the training tunes of one corpus and model.

    It is read only, so that several threads may ask.
    """

    def __init__(self, index: Index, corpus: Corpus, model: TrainedVAE) -> None:
        self.index, self.corpus = index, corpus
        self._model = model
        self._grams, self._human, self._space = index.grams, index.human, index.space
        self._item_of = np.full(len(corpus), -1, np.int64)
        self._item_of[index.rows] = np.repeat(np.arange(len(index)), np.diff(index.offsets))
        self._unit_of = index.units[corpus.tune]
        self._tunes = len(np.unique(corpus.tune[index.rows]))
        self._passages = Passages(corpus)
        self._tables: dict[int, Floats] = {}

    def of(
        self,
        measures: Sequence[Measure],
        at: int,
        *,
        top: int = 10,
        books: Collection[str] | None = None,
        licences: Collection[str] | None = None,
        without_clusters: Collection[int] = (),
    ) -> InfluenceAnswer:
        """Return what lies behind measure ``at`` (from 0), the ones around it considered.

        ``books`` and ``licences`` are those that may be named (None: all), ``without_clusters``
        the units that may not. Raises `OutOfRange` where there is no such measure, it has no note,
        or it is of another metre.
        """
        tokens = _tokens(measures)
        if not 0 <= at < len(tokens):
            raise OutOfRange(f"There are measures 1 to {len(tokens)}, not {at + 1}.")
        if not (tokens[at] > REST).any():
            raise OutOfRange(
                f"Measure {at + 1} has no notes, so nothing can lie behind it.",
                "Ask about a measure in which a note starts.",
            )
        found = self._candidates(tokens, at)
        allowed = self._allowed(found.rows, books, licences, without_clusters)
        ranked = self._ranked(found, allowed, top)
        matches = tuple(
            self._match(tokens, at, _Near.of(found, place), score, rank)
            for rank, (place, score) in enumerate(
                zip(ranked.places.tolist(), ranked.scores.tolist(), strict=True), 1
            )
        )
        return self._answer(
            matches,
            self._originality(found, self._longest(found, _around(tokens, at))),
            any(match.percentile >= CLOSE for match in matches),
        )

    def behind(
        self,
        measures: Sequence[Measure],
        *,
        top: int = 10,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> InfluenceAnswer:
        """Return what lies behind measures as a whole: the units that most of them come near to.

        A unit's score is the mean over measures of that of its best match; its match is the
        most remarkable one. Originality is the mean over measures, beside that of whole
        held-out tunes; close is what lies nearer than nine in ten of them do, or a passage that
        is nearer than any of theirs. Raises `OutOfRange` as `of` does, for too many measures also.
        """
        if len(measures) > ASKED_MOST:
            raise OutOfRange(
                f"{len(measures)} measures are too many at once; {ASKED_MOST} are the most.",
                "Ask about one of them: --measure N.",
            )
        asked = [at for at, measure in enumerate(measures) if not measure.silent]
        if not asked:
            raise OutOfRange("There are no notes, so nothing can lie behind them.")
        tokens = _tokens(measures)
        scores: dict[int, float] = defaultdict(float)
        best: dict[int, tuple[float, float, int, _Near]] = {}
        original: list[float] = []
        longest, copied = 0, False
        stretches = Stretches(self._lines())
        for number, at in enumerate(asked):
            found = self._candidates(tokens, at)
            ranked = self._ranked(found, None, max(REMEMBERED, top))
            percentiles = found.percentile[ranked.places]
            for unit, score, percentile, candidate in zip(
                *(each.tolist() for each in (ranked.units, ranked.scores, percentiles)),
                ranked.places.tolist(),
                strict=True,
            ):
                scores[unit] += score / len(asked)
                # The most remarkable one is shown; what it says is put together at the end.
                if unit not in best or (percentile, score) > best[unit][:2]:
                    best[unit] = percentile, score, at, _Near.of(found, candidate)
            ours = _around(tokens, at)
            if longest < 2 or stretches.may_hold(ours, longest):
                longest = max(longest, self._longest(found, ours))
            original.append(self._originality(found, longest).value)
            # Of many passages some are near by chance: one must be nearer than all of theirs.
            copied |= bool((percentiles >= 100).any())
            on_progress((number + 1) / len(asked))
        order = sorted(scores, key=lambda unit: -scores[unit])[:top]
        matches = tuple(
            self._match(tokens, best[unit][2], best[unit][3], scores[unit], rank)
            for rank, unit in enumerate(order, 1)
        )
        if len(asked) == 1:
            close = bool((percentiles >= CLOSE).any())
            return self._answer(matches, self._originality(found, longest), close)
        value = float(np.mean(original))
        low, high = self._human.whole_range()
        close = copied or self._human.whole_percentile(1 - value) >= CLOSE
        return self._answer(matches, Originality(value, 1 - high, 1 - low, longest), close)

    def rankings(self, measures: Sequence[Measure], at: int) -> dict[str, dict[int, float]]:
        """Return each unit's score by ``raw``, ``latent`` and ``fused`` ranking, higher is nearer.

        All units are there; one that no channel brings in lies below all that one does.
        """
        tokens = _tokens(measures)
        raw = cardinality(tokens[at], self.index.columns, self.index.notes)
        near = -self._apart(tokens[at])
        unit = self._unit_of[self.index.rows]
        items = np.repeat(np.arange(len(self.index)), np.diff(self.index.offsets))
        names, which = np.unique(unit, return_inverse=True)
        found: dict[str, dict[int, float]] = {}
        for name, scores in (("raw", raw), ("latent", near)):
            most = np.full(len(names), -np.inf)
            np.maximum.at(most, which, scores[items].astype(np.float64))
            found[name] = dict(zip(names.tolist(), most.tolist(), strict=True))
        ranked = self._ranked(self._candidates(tokens, at), None, len(names))
        found["fused"] = dict.fromkeys(names.tolist(), 0.0)
        found["fused"] |= {unit: 1.0 / rank for rank, unit in enumerate(ranked.units.tolist(), 1)}
        return found

    def reached(self, tokens: Tokens, at: int) -> dict[int, tuple[float, int]]:
        """Return for each length of match the best score around a measure, and the notes asked."""
        return self._candidates(tokens, at).reached

    def _candidates(self, tokens: Tokens, at: int) -> _Candidates:
        index = self.index
        raw = cardinality(tokens[at], index.columns, index.notes)
        apart = self._apart(tokens[at])
        names, where = grams(tokens[at : at + 2])
        shared, weights = self._grams.scores(names[where == 0])
        chosen = highest(weights, CANDIDATES)
        shared, weights = shared[chosen], weights[chosen]
        items = np.union1d(highest(raw, CANDIDATES), highest(-apart, CANDIDATES))
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
        return _Candidates(
            rows, item, own, best, window, before, percentile, figures,
            apart[item].astype(np.float64), reached,
        )  # fmt: skip

    def _ranked(
        self, found: _Candidates, allowed: npt.NDArray[np.bool_] | None, top: int
    ) -> _Ranked:
        chosen = np.arange(len(found.rows)) if allowed is None else np.flatnonzero(allowed)
        unit = self._unit_of[found.rows[chosen]]
        names, which = np.unique(unit, return_inverse=True)
        remarkable = 10 * found.percentile + found.best + found.raw
        channels = {
            "raw": _most(remarkable[chosen], which, len(names)),
            "figures": _most(found.figures[chosen], which, len(names)),
            "latent": _most(-found.apart[chosen], which, len(names)),
        }
        # The one that is shown of a unit is its nearest by notes, then in latent space.
        order = np.lexsort((found.rows[chosen], found.apart[chosen], -remarkable[chosen], which))
        shown = chosen[order[np.searchsorted(which[order], np.arange(len(names)))]]
        score = fused(channels, self.index.specificity[found.items[shown]])
        # Identical up to transposition is a fact, and goes before every likeness.
        same = (_most(found.raw[chosen], which, len(names)) >= 1.0).astype(np.float64)
        ranked = np.lexsort((names, -score, -same))[:top] if len(names) else np.empty(0, np.int64)
        return _Ranked(names[ranked].astype(np.int64), score[ranked], shown[ranked])

    def _originality(self, found: _Candidates, longest: int) -> Originality:
        length = max(found.reached)
        nearest, notes = found.reached[length]
        low, high = self._human.human(length, notes)
        return Originality(1 - nearest, 1 - high, 1 - low, longest)

    def _answer(
        self, matches: tuple[Match, ...], original: Originality, close: bool
    ) -> InfluenceAnswer:
        return InfluenceAnswer(
            matches=matches,
            originality=original,
            close=close,
            corpus=self.index.corpus,
            model=self.index.model,
            tunes=self._tunes,
            items=len(self.index),
        )

    def _longest(self, found: _Candidates, ours: npt.NDArray[np.int64]) -> int:
        # Whatever shares a figure with the measure shares the longest stretch, if it is longer
        # than one; it lies within the measures around, and a bar line may lie elsewhere.
        rows = found.rows[found.figures > 0]
        if not len(rows):
            return min(1, len(found.rows))
        near = rows[:, None] + np.arange(-AROUND - 1, AROUND + 2)
        within = np.clip(near, 0, len(self.corpus) - 1)
        lines = self.corpus.tokens[within]
        lines[(self.corpus.tune[within] != self.corpus.tune[rows][:, None]) | (near != within)] = (
            HOLD
        )
        return longest_among(ours, lines) + 1

    def _lines(self) -> Iterator[Tokens]:
        # The tunes that are searched, a line of measures each.
        ends = np.flatnonzero(np.diff(self.corpus.tune, append=-1)) + 1
        for start, end in pairwise([0, *ends.tolist()]):
            if (self._item_of[start:end] >= 0).any():
                yield self.corpus.tokens[start:end]

    def _match(self, tokens: Tokens, at: int, near: _Near, score: float, rank: int) -> Match:
        corpus, row, length = self.corpus, near.row, near.window
        start = row - near.before
        asked = tokens[at - near.before : at - near.before + length].reshape(-1)
        transposed, pairs = agreement(asked, corpus.tokens[start : start + length].reshape(-1))
        number = int(corpus.tune[row])
        tune = corpus.tunes[number]
        theirs, _ = steps(corpus.tokens[corpus.rows_of(number)])
        common, _, _ = longest_run(_around(tokens, at), theirs)
        run = common + 1 if common else min(1, len(pairs))
        terms = licence(tune.book)
        return Match(
            rank=rank,
            cluster=int(self._unit_of[row]),
            tune=number,
            title=tune.title,
            book=tune.book,
            number=tune.number,
            measure=int(corpus.number[start]),
            measures=length,
            asked=at - near.before + 1,
            transposed=transposed,
            raw=near.best,
            latent=float(np.exp(-near.apart / self.index.points.shape[1])),
            score=score,
            percentile=near.percentile,
            licence=terms,
            alert=alert(terms, run, near.percentile),
            run=run,
            pairs=pairs,
            row=start,
        )

    def _apart(self, measure: Tokens) -> npt.NDArray[np.float32]:
        # One by one, for many as for one: in a batch the last bits of a code differ.
        means, spreads = posteriors(self._model, measure[None].astype(np.int64))
        point = self._space.points(means, spreads)[0]
        return distances(point, self.index.points, self.index.squares)

    def _percentiles(self, window: int, notes: int) -> Floats:
        # By the notes that agree and those of the larger side; a few notes more change nothing.
        kind = class_of(notes, window)
        key = window * CLASSES + kind
        if key not in self._tables:
            most = np.arange(max(WINDOWS) * FOUR_QUARTERS.ticks + 1)
            scores = (most[:, None] / np.maximum(most, 1)).astype(np.float32).astype(np.float64)
            self._tables[key] = self._human.percentiles(scores, window, notes)
        return self._tables[key]

    def _allowed(
        self,
        rows: Rows,
        books: Collection[str] | None,
        licences: Collection[str] | None,
        without: Collection[int],
    ) -> npt.NDArray[np.bool_]:
        corpus = self.corpus
        tunes, which = np.unique(corpus.tune[rows], return_inverse=True)
        fits = [
            (books is None or corpus.tunes[tune].book in books)
            and (licences is None or licence(corpus.tunes[tune].book) in licences)
            and int(self.index.units[tune]) not in without
            for tune in tunes.tolist()
        ]
        return np.array(fits, np.bool_)[which]


def open_index(folder: Path | None = None) -> MeasureInfluence:
    """Open the index of the training tunes for the model that ships.

    Raises `BadIndex`, `BadCorpus` or `BadModel` where one is missing or does not fit.
    """
    corpus, model = shipped(), load(locations.MEASURE_VAE)
    return MeasureInfluence(read(folder or place(), corpus, model.spec.digest), corpus, model)


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


def _tokens(measures: Sequence[Measure]) -> Tokens:
    for number, measure in enumerate(measures, 1):
        if measure.grid != FOUR_QUARTERS:
            raise OutOfRange(
                f"Measure {number} is of {measure.grid.name}, and the model knows "
                f"{FOUR_QUARTERS.name} alone."
            )
    return np.array([measure.tokens for measure in measures], np.uint8).reshape(len(measures), -1)


def spans(offsets: Rows, chosen: Rows) -> Rows:
    """Return the places from ``offsets[n]`` to ``offsets[n + 1]`` of each chosen n, in order."""
    counts = offsets[chosen + 1] - offsets[chosen]
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(counts.sum()) + np.repeat(offsets[chosen] - before, counts))


def _around(tokens: Tokens, at: int) -> npt.NDArray[np.int64]:
    # The steps of a measure and of those beside it.
    return steps(tokens[max(0, at - AROUND) : at + AROUND + 1])[0]


def _most(scores: Floats, which: npt.NDArray[np.intp], count: int) -> Floats:
    found = np.full(count, -np.inf)
    np.maximum.at(found, which, scores)
    return found
