"""The search: which training measures lie nearest to one, in its notes and in latent space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.corpus.table import Corpus, shipped
from engine.errors import OutOfRange
from engine.influence.alerts import alert
from engine.influence.licences import licence
from engine.influence.measures.candidates import Candidates, CandidateSearch, NearRow
from engine.influence.measures.index import Index, place, read
from engine.influence.measures.ngrams import Stretches, longest_among, longest_run, steps
from engine.influence.measures.note_overlap import agreement, cardinality
from engine.influence.measures.passages import AROUND
from engine.influence.spec import InfluenceAnswer, Match, Originality
from engine.latent.model import TrainedVAE
from engine.latent.spec import check_served
from engine.latent.weights import load
from engine.music.measure import HOLD, REST, Measure

CLOSE = 90.0
"""A best match that fewer than one in ten held-out human measures reach is a close one."""

ASKED_MOST = 10_000
"""The most measures that are asked about at once."""

REMEMBERED = 50
"""Of each measure of many, so many of the nearest units count for the whole."""

Tokens = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class MeasureInfluence:
    """What lies behind measures, in the training tunes of one corpus and model.

    It is read only, so that several threads may ask.
    """

    def __init__(self, index: Index, corpus: Corpus, model: TrainedVAE) -> None:
        self.index, self.corpus = index, corpus
        self._human = index.human
        self._search = CandidateSearch(index, corpus, model)
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
        found = self._search.find(tokens, at)
        allowed = self._allowed(found.rows, books, licences, without_clusters)
        ranked = self._search.rank(found, allowed, top)
        matches = tuple(
            self._match(tokens, at, NearRow.of(found, place), score, rank)
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
        best: dict[int, tuple[float, float, int, NearRow]] = {}
        original: list[float] = []
        longest, copied = 0, False
        stretches = Stretches(self._lines())
        for number, at in enumerate(asked):
            found = self._search.find(tokens, at)
            ranked = self._search.rank(found, None, max(REMEMBERED, top))
            percentiles = found.percentile[ranked.places]
            for unit, score, percentile, candidate in zip(
                *(each.tolist() for each in (ranked.units, ranked.scores, percentiles)),
                ranked.places.tolist(),
                strict=True,
            ):
                scores[unit] += score / len(asked)
                # The most remarkable one is shown; what it says is put together at the end.
                if unit not in best or (percentile, score) > best[unit][:2]:
                    best[unit] = percentile, score, at, NearRow.of(found, candidate)
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
        near = -self._search.distances(tokens[at])
        unit = self.index.units[self.corpus.tune[self.index.rows]]
        items = np.repeat(np.arange(len(self.index)), np.diff(self.index.offsets))
        names, which = np.unique(unit, return_inverse=True)
        found: dict[str, dict[int, float]] = {}
        for name, scores in (("raw", raw), ("latent", near)):
            most = np.full(len(names), -np.inf)
            np.maximum.at(most, which, scores[items].astype(np.float64))
            found[name] = dict(zip(names.tolist(), most.tolist(), strict=True))
        ranked = self._search.rank(self._search.find(tokens, at), None, len(names))
        found["fused"] = dict.fromkeys(names.tolist(), 0.0)
        found["fused"] |= {unit: 1.0 / rank for rank, unit in enumerate(ranked.units.tolist(), 1)}
        return found

    def reached(self, tokens: Tokens, at: int) -> dict[int, tuple[float, int]]:
        """Return for each length of match the best score around a measure, and the notes asked."""
        return self._search.find(tokens, at).reached

    def _originality(self, found: Candidates, longest: int) -> Originality:
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

    def _longest(self, found: Candidates, ours: npt.NDArray[np.int64]) -> int:
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
            if self._search.indexed(slice(start, end)):
                yield self.corpus.tokens[start:end]

    def _match(self, tokens: Tokens, at: int, near: NearRow, score: float, rank: int) -> Match:
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
            cluster=self._search.unit(row),
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


def _tokens(measures: Sequence[Measure]) -> Tokens:
    check_served(measures)
    return np.array([measure.tokens for measure in measures], np.uint8).reshape(len(measures), -1)


def _around(tokens: Tokens, at: int) -> npt.NDArray[np.int64]:
    # The steps of a measure and of those beside it.
    return steps(tokens[max(0, at - AROUND) : at + AROUND + 1])[0]
