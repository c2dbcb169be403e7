"""Codes beside a measure's own: walks of a length, and even steps to another measure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.latent.spec import LIMIT, Latent
from engine.latent.variation import POINTS, between, distance, walked
from engine.music.measure import SILENCE, Measure
from tests.support.fakes import FakeModel
from tests.support.measures import quarters

codes = st.lists(st.floats(-LIMIT, LIMIT), min_size=32, max_size=32).map(tuple)


def test_a_walk_has_its_length_and_its_seed_alone_decides_where_it_leads() -> None:
    here = (0.0,) * 32
    there = walked(here, 2.0, 7)
    assert math.dist(here, there) == pytest.approx(2.0, abs=1e-3)
    assert walked(here, 2.0, 7) == there != walked(here, 2.0, 8)
    twice = walked(here, 1.0, 7)
    assert twice == pytest.approx(tuple(z / 2 for z in there), abs=1e-3)


@given(codes, st.floats(0, 10), st.integers(0, 99), st.frozensets(st.integers(0, 31)))
def test_what_stands_still_stays_and_nothing_leaves_the_gauge(
    here: tuple[float, ...], amount: float, seed: int, still: frozenset[int]
) -> None:
    there = walked(here, amount, seed, still)
    assert all(there[d] == here[d] for d in still)
    assert all(-LIMIT <= z <= LIMIT for z in there)
    assert math.dist(here, there) <= amount + 1e-3


@pytest.mark.parametrize("amount", [-0.1, 10.1, math.nan])
def test_no_walk_is_longer_than_ten(amount: float) -> None:
    with pytest.raises(OutOfRange):
        walked((0.0,), amount, 1)


def test_measures_differ_by_onsets_rests_and_intervals() -> None:
    plain = quarters(60, 62, 64, 65)
    assert distance(plain, plain) == 0
    assert distance(plain, plain.transposed(12)) == 24
    assert distance(plain, plain.transposed(1)) == pytest.approx(2)
    assert distance(plain, SILENCE) == 24 + 4
    assert distance(quarters(60, 60), quarters(60, 62)) == pytest.approx(6 * 2 / 12)


class Stairs(FakeModel):
    """Goes up a semitone at four places, all of them in the first half of a gauge."""

    def decode(
        self, latents: Sequence[Latent], *, candidates: int = 1, moved: Sequence[int] = ()
    ) -> list[Measure]:
        del candidates, moved
        return [
            quarters(60 + sum(code[0] > stair for stair in (-2.7, -2.2, -1.6, -0.9)), 60)
            for code in latents
        ]


def test_steps_between_two_measures_are_even_in_what_is_heard() -> None:
    model, start, goal = Stairs(), (-3.0, *[0.0] * 31), (3.0, *[0.0] * 31)
    first, last = model.decode([start, goal])
    found = between(model, (start, first), (goal, last), 3)
    assert [each.pitches[0] for each in model.decode(found)] == [61, 62, 63]


def test_locks_hold_on_the_way_and_equal_measures_have_one_too() -> None:
    model = FakeModel()
    start, goal = (0.0,) * 32, (1.0,) * 32
    (middle,) = between(model, (start, SILENCE), (goal, SILENCE), 1, frozenset({3}))
    assert middle[3] == 0.0
    assert middle[4] == 0.5


@pytest.mark.parametrize("count", [0, 17])
def test_no_more_than_sixteen_go_between(count: int) -> None:
    with pytest.raises(OutOfRange):
        between(FakeModel(), ((0.0,) * 32, SILENCE), ((1.0,) * 32, SILENCE), count)


@given(codes, codes, st.integers(1, 16))
def test_every_way_has_as_many_places_in_order(
    start: tuple[float, ...], goal: tuple[float, ...], count: int
) -> None:
    model = FakeModel()
    first, last = model.decode([start, goal])
    found = between(model, (start, first), (goal, last), count)
    assert len(found) == count <= POINTS - 2
    away = [math.dist(start, code) for code in found]
    assert away == sorted(away)
