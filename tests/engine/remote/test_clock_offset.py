"""Two clocks far apart agree on when a note is due."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.remote.clock_offset import JUMP, SLEW, ClockMap, Offset

AHEAD = 3.0


def one_way(draws: random.Random, delay: float, jitter: float, loss: float) -> float:
    late = draws.expovariate(1 / jitter) if jitter else 0.0
    again = 0.3 if draws.random() < loss else 0.0
    return delay + late + again


@pytest.mark.parametrize(
    ("out", "back", "jitter_out", "jitter_back", "loss"),
    [
        (0.05, 0.05, 0.0, 0.0, 0.0),
        (0.05, 0.05, 0.005, 0.005, 0.01),
        (0.05, 0.05, 0.020, 0.002, 0.01),
        (0.05, 0.05, 0.002, 0.030, 0.05),
    ],
)
def test_the_offset_is_found_through_jitter_that_differs_each_way(
    out: float, back: float, jitter_out: float, jitter_back: float, loss: float
) -> None:
    draws = random.Random(1)
    true, drift = 1234.5, 20e-6
    offset, worst = Offset(), 0.0
    for second in range(600):
        sent = second + draws.random() / 10
        there = sent + one_way(draws, out, jitter_out, loss)
        here = there + one_way(draws, back, jitter_back, loss)
        offset.add(sent, there + true + drift * there, here)
        if second > 20:
            worst = max(worst, abs(offset.value(here) - true - drift * here))
    # Half of what the best of some tens of round trips was still held up by, and no more.
    assert worst < 0.001 + max(jitter_out, jitter_back) / 5


def test_a_way_that_is_always_longer_shifts_the_time_by_half_of_that_and_no_more() -> None:
    offset = Offset()
    for second in range(60):
        offset.add(second, second + 0.08, second + 0.1)
    assert offset.value(60.0) == pytest.approx(0.03)


def test_the_delay_covers_nine_of_ten_messages_but_not_those_sent_again() -> None:
    offset = Offset()
    for second in range(64):
        trip = 0.4 if second % 20 == 0 else 0.1
        offset.add(second, second + trip / 2, second + trip)
    assert offset.delay == pytest.approx(0.08)


offsets = st.lists(st.floats(-0.02, 0.02), min_size=1, max_size=40)


@given(offsets, st.floats(-1e5, 1e5))
def test_a_moment_once_converted_stays_where_it_is_and_time_rises(
    errors: list[float], base: float
) -> None:
    clock = ClockMap(base)
    seen: dict[float, float] = {}
    for second, error in enumerate(errors):
        for step in range(5):
            time = second + AHEAD + step / 5
            seen[time] = clock.local(time)
        clock.aim(base + error, float(second))
        for time, local in seen.items():
            assert clock.local(time) == local
    for (a, there_a), (b, there_b) in pairwise(sorted(seen.items())):
        assert (1 - 2 * SLEW) * (b - a) <= there_b - there_a <= (1 + 2 * SLEW) * (b - a)


@given(offsets)
def test_our_time_of_the_engines_and_back_is_the_same(errors: list[float]) -> None:
    clock = ClockMap(7.0)
    for second, error in enumerate(errors):
        clock.local(second + 1.0)
        clock.aim(7.0 + error, float(second))
    for tenth in range(10 * len(errors) + 30):
        assert clock.engine(clock.local(tenth / 10)) == pytest.approx(tenth / 10, abs=1e-9)


def test_a_clock_that_drifts_is_followed_within_a_millisecond() -> None:
    clock, drift = ClockMap(100.0), 50e-6
    worst = 0.0
    for second in range(600):
        there = second + AHEAD
        true = (there - 100.0) / (1 + drift)
        worst = max(worst, abs(clock.local(there) - true)) if second > 60 else 0.0
        here = (second - 100.0) / (1 + drift)
        assert clock.aim(second - here, float(second))
    assert worst < 0.001


def test_a_machine_that_slept_is_not_followed() -> None:
    clock = ClockMap(0.0)
    assert clock.aim(JUMP / 2, 1.0)
    assert not clock.aim(3.0, 2.0)
