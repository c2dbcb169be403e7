"""What is proposed: gauges that are held, notes in the key, and steps over the bar line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.latent.spec import LatentModel
from engine.music.attributes import NAMES
from engine.music.measure import Measure
from engine.music.scales import Key
from engine.phrase.book_tunes import PhraseTune
from engine.phrase.model import PhraseModel
from engine.phrase.proposals import ProposalRequest, miss, propose, turned

POSITIONS = (-2.0, -1.0, 0.0, 1.0, 2.0)
AT = 8
"""The ninth measure is asked for, after eight."""


def held_rows(
    model: PhraseModel,
    latent: LatentModel,
    tunes: Sequence[PhraseTune],
    count: int,
    random: np.random.Generator,
    on_done: Callable[[], None] = lambda: None,
) -> list[dict[str, object]]:
    """Return obedience, notes in key and the step before the measure, of several ways to ask."""
    chosen = _long(tunes, count, random)

    def today(tune: PhraseTune, name: str, value: float) -> Measure:
        return turned(latent, [tune.measures[AT - 1]], {name: value})[0]

    def told(tune: PhraseTune, name: str, value: float) -> Measure:
        return propose(model, _asked(tune, name, value), count=1)[0].measures[0]

    def set_too(tune: PhraseTune, name: str, value: float) -> Measure:
        return propose(model, _asked(tune, name, value), latent, count=1)[0].measures[0]

    ways = {
        "the last measure with the gauge set": today,
        "proposed, the gauge told": told,
        "proposed, the gauge told and set": set_too,
    }
    rows: list[dict[str, object]] = []
    for name, way in ways.items():
        obeys: dict[str, float] = {}
        misses, keys, ways_in = [], [], []
        for gauge in NAMES:
            each_tune = []
            for tune in chosen:
                made = [way(tune, gauge, value) for value in POSITIONS]
                each_tune.append(_spearman(model, made, gauge))
                for measure, value in zip(made, POSITIONS, strict=True):
                    misses.append(miss(model, measure, {gauge: value}))
                    keys.append(in_key(measure, tune.key))
                    ways_in.append(step(tune.measures[AT - 1], measure))
                on_done()
            obeys[gauge] = float(np.mean(each_tune))
        rows.append(_told(name, keys, ways_in) | {"obeys": obeys, "miss": float(np.mean(misses))})
    rows.append(_real(chosen))
    return rows


def phrase_rows(
    model: PhraseModel,
    tunes: Sequence[PhraseTune],
    count: int,
    random: np.random.Generator,
    on_done: Callable[[], None] = lambda: None,
) -> list[dict[str, object]]:
    """Return what eight measures proposed after eight are like, beside those that are there."""
    chosen = [tune for tune in _long(tunes, count, random) if len(tune) >= 2 * AT]
    proposed: list[tuple[PhraseTune, Sequence[Measure]]] = []
    for seed, tune in enumerate(chosen):
        asked = ProposalRequest(tune.measures[:AT], tune.key, range(AT, 2 * AT), tune.grid)
        proposed.append((tune, propose(model, asked, count=1, seed=seed)[0].measures))
        on_done()
    real = [(tune, tune.measures[AT : 2 * AT]) for tune in chosen]
    rows = []
    for name, found in (("real", real), ("proposed", proposed)):
        keys, ways_in, repeats = [], [], []
        for tune, measures in found:
            row = [*tune.measures[:AT], *measures]
            keys += [in_key(measure, tune.key) for measure in measures]
            ways_in += [step(row[at - 1], row[at]) for at in range(AT, 2 * AT)]
            repeats += [row[at] in row[:at] for at in range(AT, 2 * AT)]
        rows.append(_told(name, keys, ways_in) | {"repeats": float(np.mean(repeats))})
    return rows


def in_key(measure: Measure, key: Key) -> tuple[int, int]:
    """Return how many notes of a measure are in a key, and how many there are."""
    return sum(key.holds(pitch) for pitch in measure.pitches), len(measure.pitches)


def step(before: Measure, after: Measure) -> float | None:
    """Return the semitones over a bar line, None where one side is silent."""
    if not before.pitches or not after.pitches:
        return None
    return float(abs(after.pitches[0] - before.pitches[-1]))


def _long(tunes: Sequence[PhraseTune], count: int, random: np.random.Generator) -> list[PhraseTune]:
    found = [tune for tune in tunes if len(tune) >= 2 * AT and all(tune.beside[1 : 2 * AT])]
    return [found[int(at)] for at in random.permutation(len(found))[:count]]


def _asked(tune: PhraseTune, name: str, value: float) -> ProposalRequest:
    return ProposalRequest(
        tune.measures[:AT], tune.key, range(AT, AT + 1), tune.grid, {name: value}
    )


def _real(chosen: Sequence[PhraseTune]) -> dict[str, object]:
    keys = [in_key(tune.measures[AT], tune.key) for tune in chosen]
    steps = [step(tune.measures[AT - 1], tune.measures[AT]) for tune in chosen]
    return _told("real measures there", keys, steps) | {"obeys": None, "miss": None}


def _told(
    name: str, keys: Sequence[tuple[int, int]], steps: Sequence[float | None]
) -> dict[str, object]:
    inside, notes = np.array(keys).sum(0)
    there = [each for each in steps if each is not None]
    return {
        "name": name,
        "in_key": float(inside / max(1, notes)),
        "step": float(np.mean(there)),
        "within_four": float(np.mean([each <= 4 for each in there])),
    }


def _spearman(model: PhraseModel, made: Sequence[Measure], gauge: str) -> float:
    scores = [model.scores.scores(measure) for measure in made]
    values = np.array([0.0 if each is None else each[NAMES.index(gauge)] for each in scores])
    # Equal values share their rank.
    ranks = np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])
    if ranks.std() == 0:
        return 0.0
    return float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1])
