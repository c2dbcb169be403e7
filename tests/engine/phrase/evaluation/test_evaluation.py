"""The judges of the phrase model: that they can say no, and that a good answer is one."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from engine.latent.spec import Latent, LatentModel, LatentSpec
from engine.music.attributes import attributes
from engine.music.measure import Measure
from engine.music.scales import key_of
from engine.phrase.evaluation import evaluate as evaluation
from engine.phrase.evaluation.bits import (
    FARTHEST,
    TuneBits,
    bits_rows,
    copied,
    copying,
    interval,
    tune_bits,
)
from engine.phrase.evaluation.evaluate import evaluate, table
from engine.phrase.evaluation.held import in_key, step
from engine.phrase.evaluation.ranks import RankTarget, rank_row, targets
from engine.phrase.evaluation.spoilt import SPOILERS
from engine.phrase.model import shipped
from tests.support import small_phrase

RANDOM = np.random.default_rng


class PlainCodes:
    """A measure model whose codes are a measure's attributes, and whose decodings are one tune."""

    spec = LatentSpec("plain", "0", ())

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        return [(*attributes(each).values(), *[0.0] * 28) for each in measures]

    def decode(
        self, latents: Sequence[Latent], *, candidates: int = 32, moved: Sequence[int] = ()
    ) -> list[Measure]:
        assert candidates > len(moved)
        tune = small_phrase.tunes()[0]
        return [tune.measures[at % len(tune)] for at in range(len(latents))]


def test_repeats_are_cheap_to_copy_and_new_measures_are_not() -> None:
    found = [tune_bits(shipped(), tune) for tune in small_phrase.tunes()[:6]]
    weights = copying(found)
    assert weights.shape == (FARTHEST,)
    assert 0 < weights.sum() < 1
    for each in found:
        bits = copied(each, weights)
        assert (bits[~each.same.any(1)] >= each.alone[~each.same.any(1)]).all()
        assert len(each.before) == len(each.tune)
    rows = bits_rows(found, found, RANDOM(0))
    by_name = {(row["name"], row["metre"]): row for row in rows}
    alone, before = by_name["without context", "4/4"], by_name["after those before it", "4/4"]
    assert isinstance(alone["bits"], float)
    assert isinstance(before["bits"], float)
    assert before["bits"] < alone["bits"]


def test_an_interval_holds_the_mean_and_is_wide_for_few_tunes() -> None:
    low, high = interval([10.0, 30.0, 20.0], [2.0, 2.0, 2.0], RANDOM(0))
    assert low < 10 < high
    assert interval([8.0] * 9, [2.0] * 9, RANDOM(0)) == (4.0, 4.0)


def test_a_judge_knows_an_oracle_from_a_guess() -> None:
    four = [t for t in small_phrase.tunes() if t.grid.metre == "4/4"]
    found = targets(four, 12, RANDOM(1))
    assert len(found) == 12
    for each in found:
        assert len(each.candidates) == 100
        assert each.candidates[0] == each.tune.measures[each.number]
        assert each.candidates[0] not in each.candidates[1:]
    falling = np.arange(100, 0.0, -1)
    oracle = rank_row("oracle", found, lambda *_: falling, RANDOM(0))
    nobody = rank_row("none", found, lambda t, _: np.zeros(len(t.candidates)), RANDOM(0))
    assert oracle["next"] == oracle["infill"]
    assert oracle["next"]["first"] == 1  # type: ignore[index]
    # Who cannot tell them apart is in the middle.
    assert nobody["next"]["first"] == 0  # type: ignore[index]
    assert nobody["next"]["reciprocal"] == pytest.approx(1 / 50.5)  # type: ignore[index]


def test_a_target_that_is_played_again_is_a_repeat() -> None:
    tune = next(t for t in small_phrase.tunes() if t.measures[0] in t.measures[1:8])
    assert RankTarget(tune, 0, ()).repeats
    new = next(at for at, m in enumerate(tune.measures) if tune.measures.count(m) == 1)
    assert not RankTarget(tune, new, ()).repeats


def test_what_is_spoilt_is_two_notes_of_its_kind() -> None:
    key = key_of("D major")
    tune = next(t for t in small_phrase.tunes() if t.key == key and len(t.measures[2].pitches) > 6)
    measure = tune.measures[2]
    for name, spoil in SPOILERS.items():
        made = spoil(measure, key, RANDOM(3))
        assert made is not None
        spoilt, ticks = made
        changed = {at for at in range(24) if at < len(measure.tokens)
                   and spoilt.tokens[at] != measure.tokens[at]}  # fmt: skip
        assert changed == ticks
        assert len(ticks) == 2
        ways = [abs(spoilt.tokens[at] - measure.tokens[at]) for at in ticks]
        inside = [key.holds(spoilt.tokens[at]) for at in ticks]
        assert (set(ways), inside) in {
            "two notes out of key": [({1}, [False, False])],
            "two notes an octave off": [({12}, inside)],
            "two notes a third off, in key": [(set(ways) & {3, 4}, [True, True])],
        }[name]


def test_key_and_step() -> None:
    row = [small_phrase.measure((67, 69, 70, 74)), small_phrase.measure((79, 0, 0, 67))]
    assert in_key(row[0], key_of("G major")) == (3, 4)
    assert step(*row) == 5
    assert step(row[0], small_phrase.measure((0, 0, 0, 0))) is None


@pytest.mark.long
def test_all_tables_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {
        "train": small_phrase.tunes("validation"),
        "validation": small_phrase.tunes("validation")[:3],
        "test": [t for t in small_phrase.tunes() if len(t) >= 16][:14],
    }
    monkeypatch.setattr(evaluation, "tunes_of", lambda _, split: few[split])
    told: list[float] = []
    latent = cast(LatentModel, PlainCodes())
    found = evaluate(shipped(), latent, (), count=4, on_progress=lambda done, _: told.append(done))
    text = table(found)
    assert "| copy: the nearest measure of the tune | 4 |" in text
    assert "| real measures there |  |  |" in text
    assert "| two notes out of key |" in text
    assert "| percentile of validation tunes | 5 |" in text
    assert told == sorted(told)
    assert told[-1] == 1


def test_made_bits_have_their_places() -> None:
    tune = next(t for t in small_phrase.tunes() if len(t) > 8)
    same = np.zeros((len(tune), FARTHEST), dtype=bool)
    same[4, 3] = True
    made = TuneBits(
        tune, np.full(len(tune), 3.0), np.full(len(tune), 9.0), np.ones(len(tune)), same
    )
    weights = copying([made])
    assert weights.argmax() == 3
    assert copied(made, weights)[4] < 9
