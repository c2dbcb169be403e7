"""Ranks, their fusion, the human scale, and alerts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.influence.alerts import COPIED, alert
from engine.influence.licences import FREE, UNKNOWN, licence
from engine.influence.measures.calibration import WINDOWS, PercentileScale
from engine.influence.measures.posteriors import NearestPoints, distances
from engine.influence.measures.rank_fusion import fused, highest, ranks


@settings(max_examples=100)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_ranks_fall_with_scores_and_equals_share_theirs(scores: list[int]) -> None:
    found = ranks(scores)
    assert found.sum() == pytest.approx(len(scores) * (len(scores) + 1) / 2)
    for at, one in enumerate(scores):
        for there, other in enumerate(scores):
            assert (found[at] < found[there]) == (one > other)


def test_ranks_count_and_magnitudes_do_not() -> None:
    near, far = {"raw": [3.0, 2.0, 1.0], "latent": [0.0, 5.0, 1.0]}, {"raw": [1e9, 2.0, 1.0]}
    assert np.array_equal(
        fused(near, np.ones(3)), fused({**far, "latent": [0.0, 1e9, 1.0]}, np.ones(3))
    )


def test_the_first_in_every_channel_is_one_and_the_generic_are_demoted() -> None:
    channels = {"raw": [2.0, 1.0], "figures": [1.0, 0.0], "latent": [0.0, -1.0]}
    assert fused(channels, [1.0, 1.0])[0] == pytest.approx(1.0)
    assert fused(channels, [0.0, 0.0])[0] == pytest.approx(0.5)


def test_a_percentile_is_the_share_of_held_out_queries_that_come_less_near() -> None:
    best = np.linspace(0, 0.99, 100, dtype=np.float32)
    every = np.ones(100, np.float32)
    scale = PercentileScale.of(every, every * 8, best, best * np.float32(0.5))
    found = scale.percentiles(np.array([0.0, 0.25, 0.5, 1.0]), 1, 8)
    assert found[0] == 0
    assert found[1:3].tolist() == pytest.approx([25, 50], abs=1.5)
    assert found[3] == 100
    low, high = scale.human(1, 8)
    assert (low, high) == pytest.approx((0.025, 0.965), abs=0.02)
    assert scale.whole_range() == pytest.approx((0.0125, 0.4825), abs=0.01)
    assert scale.whole_percentile(0.25) == pytest.approx(50, abs=1.5)
    assert WINDOWS == (1, 2, 4)


def test_what_is_not_known_counts_as_in_copyright() -> None:
    assert licence("A book nobody has heard of") == UNKNOWN
    assert alert(UNKNOWN, COPIED, 0.0) == "red"
    assert alert(UNKNOWN, 2, 99.95) == "red"
    assert alert(UNKNOWN, 2, 99.2) == "amber"
    assert alert(UNKNOWN, 2, 50.0) == ""
    assert alert("CC BY", 1, 0.0) == "amber"
    assert {alert(free, 30, 100.0) for free in FREE} == {""}


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_the_nearest_in_latent_space_are_those_of_the_definition(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(200, 62)).astype(np.float32)
    query = random.normal(size=62).astype(np.float32)
    found = distances(query, points, (points**2).sum(axis=1))
    expected = ((points.astype(np.float64) - query) ** 2).sum(axis=1)
    assert np.allclose(found, expected, atol=1e-3)
    nearest = highest(-found, count)
    assert nearest.tolist() == np.sort(np.argsort(expected)[:count]).tolist()


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4000), st.integers(1, 300), st.integers(1, 999))
def test_the_highest_are_those_of_a_full_sort(seed: int, size: int, count: int, kinds: int) -> None:
    scores = np.random.default_rng(seed).integers(0, kinds, size).astype(np.float32)
    expected = np.sort(np.argsort(-scores, kind="stable")[:count])
    assert highest(scores, count).tolist() == expected.tolist()
    rising = np.sort(scores)
    expected = np.sort(np.argsort(-rising, kind="stable")[:count])
    assert highest(rising, count).tolist() == expected.tolist()


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_the_nearest_of_many_are_those_of_all_distances(seed: int, count: int, alike: bool) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(600, 62)).astype(np.float32)
    if alike:
        # The same along the dimensions that are looked at first, or wholly.
        points[:, :31] = np.where(random.random((600, 1)) < 0.5, 1.5, -1.5)
        points[random.integers(0, 600, 200)] = points[0]
    query = points[random.integers(600)] + random.normal(0, 0.1, 62).astype(np.float32)
    known = NearestPoints(points, (points**2).sum(axis=1))
    places = known.nearest(query, count)
    expected = ((points.astype(np.float64) - query) ** 2).sum(axis=1)
    assert places.tolist() == np.unique(places).tolist()
    assert len(places) == count
    assert np.allclose(np.sort(expected[places]), np.sort(expected)[:count], atol=1e-3)
    assert np.allclose(known.distances(query, places), expected[places], atol=1e-3)
