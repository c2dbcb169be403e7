"""Arrays of tokens agree with measures, and differentiable attributes with the definition."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.latent.differentiable import Scores, straight_through
from engine.latent.differentiable import attributes as expected
from engine.latent.network import Logits
from engine.latent.normal_scores import knots, score
from engine.latent.plausibility import (
    beat_patterns,
    in_key,
    pattern_surprise,
    plausible,
)
from engine.latent.tokens import SPAN, absolute, measured, relative
from engine.latent.training.sense_penalty import SensePenalty
from engine.music.attributes import attributes
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure

BATCHES = st.lists(
    st.lists(
        st.one_of(st.just(HOLD), st.just(REST), st.integers(LOWEST, HIGHEST)),
        min_size=24,
        max_size=24,
    ),
    min_size=1,
    max_size=6,
).map(np.array)


def one_hot(tokens: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return onsets and pitches of relative tokens as probabilities of 0 and 1."""
    whole = torch.from_numpy(tokens)
    pitch = torch.nn.functional.one_hot((whole - 2).clamp(min=0), SPAN).double()
    return (whole > 1).double(), pitch


@given(BATCHES)
def test_relative_tokens_come_back(tokens: np.ndarray) -> None:
    inner, lowest = relative(tokens)
    for row, back in zip(tokens, absolute(inner, lowest), strict=True):
        assert Measure.from_tokens(row).tokens == tuple(back)


@given(BATCHES)
def test_attributes_of_arrays_are_those_of_measures(tokens: np.ndarray) -> None:
    truth = [list(attributes(Measure.from_tokens(row)).values()) for row in tokens]
    assert measured(tokens) == pytest.approx(np.array(truth))
    assert measured(relative(tokens)[0]) == pytest.approx(np.array(truth))


@given(BATCHES)
def test_differentiable_attributes_equal_the_definition_on_tokens(tokens: np.ndarray) -> None:
    inner, _ = relative(tokens)
    found = expected(*one_hot(inner)).numpy()
    assert found == pytest.approx(measured(tokens), abs=1e-6)


def test_their_gradient_points_to_more_notes() -> None:
    torch.manual_seed(0)
    logits = Logits(torch.randn(4, 24, 3, requires_grad=True), torch.randn(4, 24, SPAN))
    density = expected(*straight_through(logits))[:, 2].sum()
    (gradient,) = torch.autograd.grad(density, logits.state)
    assert (gradient[..., 2] > 0).all()
    assert (gradient[..., :2] < 0).all()


def test_a_register_too_high_is_moved_down_and_not_cut() -> None:
    inner = np.zeros((1, 24), dtype=np.int64)
    inner[0, 0], inner[0, 6] = 2, 2 + 12
    assert absolute(inner, np.array([80]))[0, [0, 6]].tolist() == [72, 84]


@given(
    st.lists(st.integers(0, 12), min_size=5, max_size=200).filter(lambda v: len(set(v)) > 1),
)
def test_normal_scores_rise_and_centre(values: list[int]) -> None:
    sample = np.array(values, dtype=float)
    table = knots(sample)
    assert (np.diff(table, axis=0) > 0).all()
    scores = Scores([table])(torch.from_numpy(sample[:, None]).float()).numpy()[:, 0]
    assert scores == pytest.approx(score(table, sample), abs=1e-4)


def test_normal_scores_of_many_values_are_thinned_and_still_normal() -> None:
    sample = np.random.default_rng(0).gamma(2.0, size=20_000)
    table = knots(sample)
    assert len(table) <= 100
    found = score(table, sample)
    assert found.mean() == pytest.approx(0, abs=0.02)
    assert found.std() == pytest.approx(1, abs=0.02)


@settings(max_examples=30)
@given(BATCHES)
def test_trained_penalties_are_the_measures_of_sense(tokens: np.ndarray) -> None:
    inner, _ = relative(tokens)
    surprise = np.linspace(0, 9, 64)
    penalty = SensePenalty(surprise)
    onset, pitch = (part.float() for part in one_hot(inner))
    rhythm = (surprise[beat_patterns(tokens)] - 4).clip(min=0).sum(axis=1)
    assert penalty.rhythm(onset).numpy() == pytest.approx(rhythm, abs=1e-4)
    outside = np.where((tokens > REST).any(axis=1), 1 - in_key(tokens), 1.0)
    assert penalty.key(onset, pitch).numpy() == pytest.approx(outside, abs=1e-5)


def test_a_rhythm_that_the_books_know_is_plausible() -> None:
    quarters = np.zeros((50, 24), dtype=np.int64)
    quarters[:, ::6] = 60
    odd = quarters[:1].copy()
    odd[0, [2, 3]] = 60
    surprise = pattern_surprise(quarters)
    assert plausible(quarters, surprise).all()
    assert not plausible(odd, surprise).any()
