"""A wave as it is drawn, and how loud it is."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.levels import QUIETEST, level, outline
from tests.support.pitch_detection import tone


def test_each_column_shows_its_own_part() -> None:
    wave = np.array([0, 0.5, -0.25, 0.25, -1, 1, 0, 0], dtype=np.float32)
    assert outline(wave, 4) == ((0.0, 0.5), (-0.25, 0.25), (-1.0, 1.0), (0.0, 0.0))
    assert outline(wave, 1) == ((-1.0, 1.0),)


def test_a_wave_shorter_than_the_columns_is_stretched_and_none_is_flat() -> None:
    wave = np.array([0.5, -0.5], dtype=np.float32)
    assert outline(wave, 4) == ((0.5, 0.5), (0.5, 0.5), (-0.5, -0.5), (-0.5, -0.5))
    assert outline(wave[:0], 3) == ((0.0, 0.0),) * 3
    assert outline(wave, 0) == ()


def test_columns_cover_every_sample() -> None:
    wave = np.linspace(-1, 1, 1001, dtype=np.float32)
    for columns in range(1, 90):
        drawn = outline(wave, columns)
        assert len(drawn) == columns
        assert (drawn[0][0], drawn[-1][1]) == (-1, 1)


def test_a_full_sine_is_three_decibels_down() -> None:
    assert level(tone(440, 1, 44_100, level=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level(np.zeros(10, dtype=np.float32)) == QUIETEST
    assert level(np.zeros(0, dtype=np.float32)) == QUIETEST
