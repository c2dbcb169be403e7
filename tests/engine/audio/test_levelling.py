"""The level of a wave: what sounds counts, pauses do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.levelling import levelled

RATE = 16_000


def tone(seconds: float, loud: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (loud * np.sin(2 * np.pi * 400 * time)).astype(np.float32)


@settings(max_examples=40)
@given(st.floats(0.01, 1.0), st.floats(-40, -3), st.floats(0, 3))
def test_a_tone_comes_to_the_level_however_long_the_rest(
    loud: float, level: float, rest: float
) -> None:
    wave = np.concatenate([tone(1.0, loud), np.zeros(round(rest * RATE), np.float32)])
    found = levelled(wave, level)
    assert found.dtype == np.float32
    power = float((found[:RATE].astype(np.float64) ** 2).mean())
    assert 10 * np.log10(power) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("wave", [np.zeros(4000, np.float32), np.ones(399, np.float32)])
def test_what_is_silent_or_too_short_stays(
    wave: np.ndarray[tuple[int], np.dtype[np.float32]],
) -> None:
    assert np.array_equal(levelled(wave, -10), wave)
