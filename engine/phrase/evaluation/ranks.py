"""Where the true measure comes among a hundred: next, and between two that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.latent.spec import LatentModel
from engine.music.measure import HIGHEST, LOWEST, Measure
from engine.phrase.book_tunes import PhraseTune
from engine.phrase.context import AFTER, BEFORE
from engine.phrase.drawing import Drawer
from engine.phrase.evaluation.bits import alone_drawer, interval
from engine.phrase.events import events, measure_of
from engine.phrase.model import PhraseModel, Reading
from engine.phrase.sequences import Seen, steps

Floats = npt.NDArray[np.float64]

CANDIDATES = 100
IN_KEY = 50
"""So many of the others are of other tunes in the key and metre; the rest are any."""

NEAREST, WIDTH, SOFT = 32, 2.0, 6.0
"""Of retrieval: how many contexts, the width of a kernel around what follows, how fast a context
counts less the farther it is."""


@dataclass(frozen=True)
class RankTarget:
    """A measure to be found: the tune, its number, the true one and the others beside it."""

    tune: PhraseTune
    number: int
    candidates: tuple[Measure, ...]

    @property
    def repeats(self) -> bool:
        """Whether it equals another measure of the tune that is read."""
        near = range(self.number - BEFORE, self.number + AFTER + 1)
        measures = self.tune.measures
        return any(
            measures[at] == measures[self.number]
            for at in near
            if at != self.number and 0 <= at < len(measures)
        )


def targets(
    tunes: Sequence[PhraseTune], count: int, random: np.random.Generator
) -> list[RankTarget]:
    """Draw targets, one of a tune, with others beside them from other held-out tunes."""
    long = [tune for tune in tunes if len(tune) >= 10]
    chosen = [long[int(at)] for at in random.permutation(len(long))[:count]]
    found = []
    for tune in chosen:
        places = [at for at in range(4, len(tune) - 2) if all(tune.beside[at - 1 : at + 2])]
        if not places:
            continue
        number = int(random.choice(places))
        alike = [o for o in tunes if o is not tune and _alike(o, tune)]
        any_tune = [o for o in tunes if o is not tune and o.grid == tune.grid]
        beside: list[Measure] = []
        while len(beside) < CANDIDATES - 1:
            from_where = alike if len(beside) < IN_KEY and alike else any_tune
            other = from_where[int(random.integers(len(from_where)))]
            measure = other.measures[int(random.integers(len(other)))]
            if from_where is alike:
                moved = _moved(measure, other, tune)
                if moved is None:
                    continue
                measure = moved
            if measure != tune.measures[number]:
                beside.append(measure)
        found.append(RankTarget(tune, number, (tune.measures[number], *beside)))
    return found


def _alike(other: PhraseTune, tune: PhraseTune) -> bool:
    return other.grid == tune.grid and other.key.scale == tune.key.scale


def _moved(measure: Measure, other: PhraseTune, tune: PhraseTune) -> Measure | None:
    by = tune.base - other.base
    low, high = min(measure.pitches) + by, max(measure.pitches) + by
    octave = 12 if low < LOWEST else -12 if high > HIGHEST else 0
    if low + octave < LOWEST or high + octave > HIGHEST:
        return None
    moved = events(measure.transposed(octave + by), tune.base)
    return measure_of(moved, tune.base, tune.grid)


Scorer = Callable[[RankTarget, bool], Floats]
"""Gives each candidate of a target a score, the best highest; with what follows it, or without."""


class PhraseScorer:
    """Scores candidates by bits saved: those without context less those in it."""

    def __init__(self, model: PhraseModel, compared: bool = True) -> None:
        self.model, self.compared = model, compared
        self._alone: dict[tuple[int, int], Floats] = {}

    def __call__(self, target: RankTarget, infill: bool) -> Floats:
        """Score the candidates of a target."""
        tune, number = target.tune, target.number
        around = list(range(max(0, number - BEFORE), number))
        if infill:
            around += range(number + 1, min(len(tune), number + 1 + AFTER))
        low = tune.index[around[0]] if around else 0
        off = low if tune.index[max(around)] > 60 else 0
        reading = Reading(self.model)
        reading.read(
            steps(tune.about, [Seen(tune.index[at] - off, tune.events[at]) for at in around])
        )
        drawer = Drawer(reading, tune.about, tune.grid, tune.base)
        place = Seen(tune.index[number] - off, ())
        bits = np.array([drawer.bits(place, each) for each in target.candidates])
        if not self.compared:
            return -bits
        key = (id(target), 0)
        if key not in self._alone:
            blind, nowhere = alone_drawer(self.model, tune), Seen(0, (), told=False)
            self._alone[key] = np.array([blind.bits(nowhere, m) for m in target.candidates])
        return np.asarray(self._alone[key] - bits)


class CodeScorer:
    """Scores by the codes of the measure model: the floors that know no phrase."""

    def __init__(self, latent: LatentModel, training: Sequence[PhraseTune]) -> None:
        self.latent = latent
        # A tune in the middle of the range stands for all keys, as the phrase model has it.
        codes = self._codes([each for tune in training for each in tune.measures])
        lows = [tune.base for tune in training for _ in tune.measures]
        features = self._features(codes, lows)
        at = 0
        contexts, follows, middles, between = [], [], [], []
        for tune in training:
            own = features[at : at + len(tune)]
            at += len(tune)
            for number in range(2, len(tune)):
                if tune.beside[number] and tune.beside[number - 1]:
                    contexts.append(np.concatenate([own[number - 1], 0.6 * own[number - 2]]))
                    follows.append(own[number])
                    middles.append(np.concatenate([own[number - 2], own[number]]))
                    between.append(own[number - 1])
        self._next = np.array(contexts), np.array(follows)
        self._middle = np.array(middles), np.array(between)

    def _codes(self, measures: Sequence[Measure]) -> Floats:
        return np.array(self.latent.encode(measures))

    def _features(self, codes: Floats, lows: Sequence[int]) -> Floats:
        # The lowest pitch above the tonic, in its place: z4 is that of the measure itself.
        found = codes.copy()
        found[:, 4] -= (np.array(lows) - 60) / 5.0
        return found

    def features(self, target: RankTarget, measures: Sequence[Measure]) -> Floats:
        """Return the features of measures in the key of a target."""
        return self._features(self._codes(measures), [target.tune.base] * len(measures))

    def prior(self, target: RankTarget, infill: bool) -> Floats:  # noqa: ARG002
        """Score by the prior of the codes: what is usual anywhere."""
        codes = self._codes(target.candidates)
        return np.asarray(-(codes**2).sum(1) / 2)

    def copy(self, target: RankTarget, infill: bool) -> Floats:
        """Score by the nearest measure of the tune that is read."""
        own, found = self._own(target, infill), self.features(target, target.candidates)
        return np.asarray(-_apart(found, own).min(1))

    def retrieval(self, target: RankTarget, infill: bool) -> Floats:
        """Score by what follows, or lies in, the nearest contexts of training tunes, and copy."""
        tune, number = target.tune, target.number
        near = self.features(
            target,
            [tune.measures[number - 2], tune.measures[number - 1], tune.measures[number + 1]],
        )
        if infill:
            (contexts, follows), query = self._middle, np.concatenate([near[1], near[2]])
        else:
            (contexts, follows), query = self._next, np.concatenate([near[1], 0.6 * near[0]])
        away = _apart(query[None], contexts)[0]
        nearest = np.argpartition(away, NEAREST)[:NEAREST]
        weights = np.exp(-(away[nearest] - away[nearest].min()) / SOFT)
        found = self.features(target, target.candidates)
        kernel = np.exp(-_apart(found, follows[nearest]) / (2 * WIDTH**2))
        own = np.exp(-_apart(found, self._own(target, infill)) / (2 * WIDTH**2))
        return np.asarray(np.log(kernel @ (weights / weights.sum()) + own.mean(1) + 1e-30))

    def _own(self, target: RankTarget, infill: bool) -> Floats:
        tune, number = target.tune, target.number
        around = list(tune.measures[max(0, number - BEFORE) : number])
        if infill:
            around += tune.measures[number + 1 : number + 1 + AFTER]
        return self.features(target, around)


def _apart(a: Floats, b: Floats) -> Floats:
    return np.asarray((a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)[None])


def rank_row(
    name: str,
    found: Sequence[RankTarget],
    score: Scorer,
    random: np.random.Generator,
    on_done: Callable[[], None] = lambda: None,
) -> dict[str, object]:
    """Return how often the true measure is first, and its mean reciprocal rank; both ways."""
    row: dict[str, object] = {"name": name, "targets": len(found)}
    new = np.array([not each.repeats for each in found])
    for way, infill in (("next", False), ("infill", True)):
        ranks = []
        for target in found:
            scores = score(target, infill)
            better = (scores[1:] > scores[0]).sum() + (scores[1:] == scores[0]).sum() / 2
            ranks.append(1 + float(better))
            on_done()
        place = np.array(ranks)
        first = (place < 1.5).astype(float)
        row[way] = {
            "first": float(first.mean()),
            "between": interval(first.tolist(), [1.0] * len(first), random),
            "reciprocal": float((1 / place).mean()),
            "new_first": float(first[new].mean()) if new.any() else None,
            "new_reciprocal": float((1 / place[new]).mean()) if new.any() else None,
        }
    return row
