"""The outline of a wave, and how long a take will take."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.waveform import Peaks, outline
from engine.services.generation.eta import Pace


@given(
    st.lists(st.integers(0, 70), max_size=12),
    st.integers(1, 300),
    st.integers(1, 40),
)
def test_an_outline_is_the_same_however_the_wave_comes(
    sizes: list[int], samples: int, columns: int
) -> None:
    wave = np.random.default_rng(1).uniform(-1, 1, sum(sizes)).astype(np.float32)
    grown, whole = Peaks(samples, columns), Peaks(samples, columns)
    at = 0
    for size in sizes:
        grown.add(wave[at : at + size])
        at += size
    whole.add(wave)
    assert grown.pairs() == whole.pairs()
    assert len(grown.pairs()) <= columns
    if len(wave):
        lows, highs = zip(*grown.pairs(), strict=True)
        assert min(lows) == pytest.approx(float(wave.min()), abs=1e-4)
        assert max(highs) == pytest.approx(float(wave.max()), abs=1e-4)


def test_columns_lie_where_their_samples_are() -> None:
    wave = np.repeat(np.array([0.1, -0.2, 0.3, -0.4], dtype=np.float32), 50)
    assert outline(wave, 4) == ((0.1, 0.1), (-0.2, -0.2), (0.3, 0.3), (-0.4, -0.4))
    half = Peaks(200, 4)
    half.add(wave[:100])
    assert half.pairs() == ((0.1, 0.1), (-0.2, -0.2))


def test_the_time_that_is_left_is_a_range_of_what_was_seen() -> None:
    pace = Pace()
    assert (pace.rate, pace.left(10)) == (0.0, (0.0, 0.0))
    for _ in range(20):
        pace.add(0.1)
    assert pace.rate == pytest.approx(10)
    assert pace.left(10) == pytest.approx((1.0, 1.0))
    for _ in range(20):
        pace.add(0.3)
    assert pace.left(10) == pytest.approx((1.0, 3.0))
    for _ in range(200):
        pace.add(0.2)
    assert pace.left(10) == pytest.approx((2.0, 2.0))


@given(st.lists(st.floats(1e-4, 10), min_size=1, max_size=200), st.integers(0, 1000))
def test_the_range_holds_what_the_mean_says(times: list[float], steps: int) -> None:
    pace = Pace()
    for each in times:
        pace.add(each)
    low, high = pace.left(steps)
    assert 0 <= low <= high
