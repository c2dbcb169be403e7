"""The search: which training measures lie nearest to one, in its notes and in latent space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.corpus.table import Corpus, shipped
from engine.errors import OutOfRange
from engine.influence.alerts import alert
from engine.influence.calibration import WINDOWS, Scale
from engine.influence.index import Index, place, read
from engine.influence.licences import licence
from engine.influence.ngrams import grams, longest_among, longest_run, steps
from engine.influence.posteriors import distances, posteriors
from engine.influence.ranking import fused, highest
from engine.influence.raw import agreement, cardinality
from engine.influence.spec import Found, Match, Originality
from engine.latent.model import TrainedVAE
from engine.latent.weights import load
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HOLD, REST, Measure

CANDIDATES = 500
"""How many of the nearest each channel brings in; all are then compared in every channel."""

CLOSE = 90.0
"""A best match that fewer than one in ten held-out human measures reach is a close one."""

AROUND = 3
"""Measures to each side of the one asked about that may belong to a longer match."""

ASKED_MOST = 10_000
"""The most measures that are asked about at once."""

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

    def of(
        self,
        measures: Sequence[Measure],
        at: int,
        *,
        top: int = 10,
        books: Collection[str] | None = None,
        licences: Collection[str] | None = None,
        without_clusters: Collection[int] = (),
    ) -> Found:
        """Gives what lies behind measure ``at`` (from 0), the ones around it considered.

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
        return self._told(tokens, at, found, allowed, top)

    def behind(
        self,
        measures: Sequence[Measure],
        *,
        top: int = 10,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Found:
        """Gives what lies behind measures as a whole: the units that most of them come near to.

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
        scores: dict[int, float] = defaultdict(float)
        best: dict[int, Match] = {}
        original: list[float] = []
        longest, copied = 0, False
        for number, at in enumerate(asked):
            found = self.of(measures, at, top=max(50, top))
            for match in found.matches:
                scores[match.cluster] += match.score / len(asked)
                known = best.get(match.cluster)
                if known is None or _remarkable(match) > _remarkable(known):
                    best[match.cluster] = match
            original.append(found.originality.value)
            longest = max(longest, found.originality.longest_match)
            # Of many passages some are near by chance: one must be nearer than all of theirs.
            copied |= any(match.percentile >= 100 for match in found.matches)
            on_progress((number + 1) / len(asked))
        order = sorted(scores, key=lambda unit: -scores[unit])[:top]
        matches = tuple(
            replace(best[unit], rank=rank, score=scores[unit]) for rank, unit in enumerate(order, 1)
        )
        if len(asked) == 1:
            return replace(found, matches=matches)
        value = float(np.mean(original))
        low, high = self._human.whole_range()
        return replace(
            found,
            matches=matches,
            originality=Originality(value, 1 - high, 1 - low, longest),
            close=copied or self._human.whole_percentile(1 - value) >= CLOSE,
        )

    def rankings(self, measures: Sequence[Measure], at: int) -> dict[str, dict[int, float]]:
        """Gives each unit's score by ``raw``, ``latent`` and ``fused`` ranking, higher is nearer.

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
        told = self._told(tokens, at, self._candidates(tokens, at), None, len(names))
        found["fused"] = dict.fromkeys(names.tolist(), 0.0)
        found["fused"] |= {match.cluster: 1.0 / match.rank for match in told.matches}
        return found

    def reached(self, tokens: Tokens, at: int) -> dict[int, tuple[float, int]]:
        """Gives for each length of a match the best score around a measure, and the notes asked."""
        return self._candidates(tokens, at).reached

    def _candidates(self, tokens: Tokens, at: int) -> _Candidates:
        index, corpus = self.index, self.corpus
        raw = cardinality(tokens[at], index.columns, index.notes)
        apart = self._apart(tokens[at])
        names, where = grams(tokens[at : at + 2])
        shared, weights = self._grams.scores(names[where == 0])
        chosen = highest(weights, CANDIDATES)
        shared, weights = shared[chosen], weights[chosen]
        items = np.union1d(highest(raw, CANDIDATES), highest(-apart, CANDIDATES))
        spans = [index.rows[index.offsets[i] : index.offsets[i + 1]] for i in items.tolist()]
        rows = np.union1d(np.concatenate([*spans, np.empty(0, np.int32)]), shared).astype(np.int64)
        item = self._item_of[rows]
        figures = np.zeros(len(rows))
        figures[np.searchsorted(rows, shared)] = weights
        notes = int((tokens[at] > REST).sum())
        own = raw[item].astype(np.float64)
        best, percentile = own.copy(), self._percentiles(own, 1, notes)
        window, before = np.ones(len(rows), np.int64), np.zeros(len(rows), np.int64)
        reached = {1: (float(raw.max(initial=0.0)), notes)}
        for length in WINDOWS[1:]:
            for earlier in range(length):
                first = at - earlier
                if first < 0 or first + length > len(tokens):
                    continue
                asked = tokens[first : first + length].reshape(-1)
                start = rows - earlier
                last = start + length - 1
                there = (start >= 0) & (last < len(corpus))
                there[there] &= corpus.tune[start[there]] == corpus.tune[last[there]]
                if not there.any():
                    continue
                many = corpus.tokens[start[there][:, None] + np.arange(length)]
                columns = np.ascontiguousarray(many.reshape(len(many), -1).T)
                scores = cardinality(asked, columns, (columns > REST).sum(axis=0).astype(np.uint8))
                count = int((asked > REST).sum())
                if float(scores.max()) > reached.get(length, (-1.0, 0))[0]:
                    reached[length] = float(scores.max()), count
                now = np.full(len(rows), -1.0)
                now[there] = self._percentiles(scores.astype(np.float64), length, count)
                # The longer one of two that are as remarkable says more.
                better = now >= np.maximum(percentile, 1e-9)
                percentile[better] = now[better]
                found = np.zeros(len(rows))
                found[there] = scores
                best[better], window[better], before[better] = found[better], length, earlier
        return _Candidates(
            rows, item, own, best, window, before, percentile, figures,
            apart[item].astype(np.float64), reached,
        )  # fmt: skip

    def _told(
        self,
        tokens: Tokens,
        at: int,
        found: _Candidates,
        allowed: npt.NDArray[np.bool_] | None,
        top: int,
    ) -> Found:
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
        ours, _ = steps(tokens[max(0, at - AROUND) : at + AROUND + 1])
        matches = tuple(
            self._match(tokens, at, found, int(shown[each]), float(score[each]), rank, ours)
            for rank, each in enumerate(ranked, 1)
        )
        length = max(found.reached)
        nearest, notes = found.reached[length]
        low, high = self._human.human(length, notes)
        longest = self._longest(found, ours)
        return Found(
            matches=matches,
            originality=Originality(1 - nearest, 1 - high, 1 - low, longest),
            close=any(match.percentile >= CLOSE for match in matches),
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
        reach = np.arange(-AROUND - 1, AROUND + 2)
        near = np.clip(rows[:, None] + reach, 0, len(self.corpus) - 1)
        lines = self.corpus.tokens[near]
        lines[self.corpus.tune[near] != self.corpus.tune[rows][:, None]] = HOLD
        return longest_among(ours, lines) + 1

    def _match(
        self,
        tokens: Tokens,
        at: int,
        found: _Candidates,
        place: int,
        score: float,
        rank: int,
        ours: npt.NDArray[np.int64],
    ) -> Match:
        corpus = self.corpus
        row, length, earlier = (
            int(each[place]) for each in (found.rows, found.window, found.before)
        )
        start = row - earlier
        asked = tokens[at - earlier : at - earlier + length].reshape(-1)
        transposed, pairs = agreement(asked, corpus.tokens[start : start + length].reshape(-1))
        number = int(corpus.tune[row])
        tune = corpus.tunes[number]
        theirs, _ = steps(corpus.tokens[corpus.rows_of(number)])
        common, _, _ = longest_run(ours, theirs)
        run = common + 1 if common else min(1, len(pairs))
        terms = licence(tune.book)
        percentile = float(found.percentile[place])
        return Match(
            rank=rank,
            cluster=int(self._unit_of[row]),
            tune=number,
            title=tune.title,
            book=tune.book,
            number=tune.number,
            measure=int(corpus.number[start]),
            measures=length,
            asked=at - earlier + 1,
            transposed=transposed,
            raw=float(found.best[place]),
            latent=float(np.exp(-found.apart[place] / self.index.points.shape[1])),
            score=score,
            percentile=percentile,
            licence=terms,
            alert=alert(terms, run, percentile),
            run=run,
            pairs=pairs,
            row=start,
        )

    def _apart(self, measure: Tokens) -> npt.NDArray[np.float32]:
        means, spreads = posteriors(self._model, measure[None].astype(np.int64))
        point = self._space.points(means, spreads)[0]
        return distances(point, self.index.points, self.index.squares)

    def _percentiles(self, scores: Floats, window: int, notes: int) -> Floats:
        return self._human.percentiles(scores, window, notes)

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
    """Opens the index of the training tunes for the model that ships.

    Raises `BadIndex`, `BadCorpus` or `BadModel` where one is missing or does not fit.
    """
    corpus, model = shipped(), load(locations.MEASURE_VAE)
    return MeasureInfluence(read(folder or place(), corpus, model.spec.digest), corpus, model)


def measured_scale(
    index: Index,
    corpus: Corpus,
    model: TrainedVAE,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Scale:
    """Gives the scale of the validation tunes, which the model never learned from."""
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
    return Scale.of(*(np.array(each, np.float32) for each in (windows, notes, best, whole)))


def _tokens(measures: Sequence[Measure]) -> Tokens:
    for number, measure in enumerate(measures, 1):
        if measure.grid != FOUR_QUARTERS:
            raise OutOfRange(
                f"Measure {number} is of {measure.grid.name}, and the model knows "
                f"{FOUR_QUARTERS.name} alone."
            )
    return np.array([measure.tokens for measure in measures], np.uint8).reshape(len(measures), -1)


def _most(scores: Floats, which: npt.NDArray[np.intp], count: int) -> Floats:
    found = np.full(count, -np.inf)
    np.maximum.at(found, which, scores)
    return found


def _remarkable(match: Match) -> tuple[float, float]:
    return match.percentile, match.score
