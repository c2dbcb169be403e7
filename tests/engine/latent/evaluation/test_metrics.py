"""The judges are judged: each figure on cases where the truth is known."""

import json
from math import log
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.table import shipped
from engine.errors import BadModel, OutOfRange
from engine.latent.calibration import CalibratedCodec
from engine.latent.evaluation.disentanglement import disentanglement, mutual_information
from engine.latent.evaluation.evaluate import evaluate, table
from engine.latent.evaluation.metrics import (
    all_hold,
    compared,
    decoder_control,
    distinct_on_grid,
    ranks,
    spearman,
    sweep_codes,
)
from engine.latent.model import TrainedVAE
from engine.latent.network import MeasureVAE
from engine.latent.sensitivity import effects, sensitivity
from engine.latent.tokens import Ints, measured
from engine.latent.training_recipe import ARMONICA
from engine.latent.weights import CARD, read_card, save
from engine.music.attributes import NAMES, attributes
from engine.music.slot import Slot
from tests.support.fakes import FakeModel
from tests.support.small_vae import SHAPE, random_measures


@pytest.fixture(scope="module")
def model() -> TrainedVAE:
    torch.manual_seed(0)
    return TrainedVAE(
        MeasureVAE(SHAPE).forward_pass(), CalibratedCodec.fitted(random_measures()), "untrained"
    )


def test_equal_values_share_their_rank() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, 2.0])).tolist() == [3.5, 1, 3.5, 2]


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40))
def test_spearman_sees_order_and_nothing_else(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    assert spearman(x, x**3) == pytest.approx(1.0 if len(set(values)) > 1 else 0.0)
    assert spearman(x, -x) == pytest.approx(-1.0 if len(set(values)) > 1 else 0.0)


def test_reconstruction_counts_tokens_onsets_and_whole_measures() -> None:
    truth = random_measures(4)
    found = truth.copy()
    sounding = np.flatnonzero(truth[1] > 1)
    found[1, sounding[0]] = 0
    counted = compared(truth, found)
    assert counted.exact == 0.75
    assert counted.token == pytest.approx(1 - 1 / (4 * 24))
    assert counted.onset == pytest.approx(1 - 1 / (truth > 1).sum())
    assert all_hold(truth).onset == 0


def test_mutual_information_of_normals_is_the_known_one() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((1200, 1))
    y = 0.9 * x + np.sqrt(1 - 0.81) * random.standard_normal((1200, 1))
    assert mutual_information(x, y, 0)[0, 0] == pytest.approx(-0.5 * log(1 - 0.81), abs=0.08)
    assert mutual_information(x, random.standard_normal((1200, 1)), 0)[0, 0] < 0.06


def test_codes_that_are_the_attributes_are_disentangled() -> None:
    random = np.random.default_rng(0)
    values = random.standard_normal((800, 4))
    codes = np.concatenate([values, 0.01 * random.standard_normal((800, 4))], axis=1)
    found = disentanglement(codes, values)
    assert min(found.interpretability.values()) > 0.99
    assert min(found.separation.values()) > 0.95
    assert min(found.gap.values()) > 0.9
    assert min(found.spearman.values()) > 0.99


def test_a_sweep_moves_one_dimension_and_keeps_the_rest() -> None:
    codes = sweep_codes(np.zeros((2, 5)), 3, np.array([-1.0, 1.0]))
    assert codes.tolist() == [[0, 0, 0, -1, 0], [0, 0, 0, 1, 0]] * 2


def test_control_of_a_decoder_that_was_never_trained_is_near_nothing(model: TrainedVAE) -> None:
    found = decoder_control(model, random_measures(6), candidates=1)
    assert list(found.spearman) == list(NAMES)
    assert found.attributes.shape == (4, 6, 13, 4)
    assert found.slopes.shape == (4, 4)
    assert np.abs(found.slopes).max() < 0.6


def test_distinct_outputs_are_counted(model: TrainedVAE) -> None:
    distinct, silent = distinct_on_grid(model, random_measures(2), levels=2)
    assert 1 <= distinct <= 16
    assert 0 <= silent <= 1


def test_the_whole_table_is_made_of_what_was_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    corpus = shipped()
    tokens: Ints = corpus.tokens[corpus.training()[:400]].astype(np.int64)
    card = {"recipe": ARMONICA.as_dict(), "seed": 7, "steps": 0, "corpus": corpus.digest}
    save(tmp_path, MeasureVAE(SHAPE).forward_pass(), CalibratedCodec.fitted(tokens), tokens, card)
    found = evaluate([tmp_path], corpus, bases=4, seed=0)
    (judged,) = found["models"]
    assert judged["trained_on_this_corpus"]
    assert judged["reconstruction"]["exact"] < 0.1
    assert found["measures"] == len(corpus.test())
    printed = table(found)
    assert "armonica, seed 7" in printed
    assert f"{judged['plain']['spearman']['note_range']:.3f}" in printed
    assert "always hold" in printed
    assert "XAI MeasureVAE" in printed
    with pytest.raises(OutOfRange):
        evaluate([tmp_path], corpus, bases=100_000, seed=0)
    (tmp_path / "other").mkdir()
    for path in list(tmp_path.glob("*.*")):
        (tmp_path / "other" / path.name).write_bytes(path.read_bytes())
    bare = {name: made for name, made in read_card(tmp_path).items() if name != "recipe"}
    (tmp_path / "other" / CARD).write_text(json.dumps(bare))
    with pytest.raises(BadModel, match="what made the model"):
        evaluate([tmp_path, tmp_path / "other"], corpus, bases=4, seed=0)


def test_effects_are_told_from_what_sounds_now() -> None:
    fake = FakeModel()
    (density,) = effects(fake, fake.spec.origin, [2])
    now = attributes(fake.decode([fake.spec.origin])[0])
    assert density.before == tuple(now.values())
    assert density.after[2] > density.before[2]
    assert density.sentence(fake.spec).startswith("density +1.0: 9 to 12 notes")
    (from_silence,) = effects(fake, fake.spec.origin, [2], slot=Slot())
    assert from_silence.before == (0, 0, 0, 0)


def test_at_the_end_of_a_gauge_the_effect_is_that_of_going_back() -> None:
    fake = FakeModel()
    latent = (0.0, 0.0, 2.5, *fake.spec.origin[3:])
    (density,) = effects(fake, latent, [2])
    assert (density.start, density.end) == (2.5, 1.5)
    assert density.sentence(fake.spec).startswith("density -1.0")


def test_the_register_says_how_far_it_moves() -> None:
    fake = FakeModel()
    (register,) = effects(fake, fake.spec.origin, [4])
    assert register.shift == 4
    assert register.sentence(fake.spec) == (
        "lowest pitch +1.0: lowest pitch +4 semitones, all attributes unchanged"
    )


def test_sensitivity_is_a_slope_in_units_of_the_prior() -> None:
    fake = FakeModel()
    found = sensitivity(fake, fake.spec.origin, [2, 9])
    assert found.dimensions == (2, 9)
    assert found.slopes[2][0] == pytest.approx(1, abs=0.15)
    assert [row[1] for row in found.slopes] == [0, 0, 0, 0]
    assert all(spread >= 0 for row in found.spreads for spread in row)


def test_arrays_and_measures_are_judged_alike() -> None:
    fake = FakeModel()
    (measure,) = fake.decode([fake.spec.origin])
    assert measured(np.array([measure.tokens]))[0] == pytest.approx(
        list(attributes(measure).values())
    )
