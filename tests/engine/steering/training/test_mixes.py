"""Mixes of parts: none too loud, none that is off heard, each entering when it is said to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus.clip_format import CLIP_PARTS, RATE
from engine.steering.training.mixes import LONE, SHARES, Mixture, draw, mix

PARTS = len(CLIP_PARTS)


def stems(loud: float = 0.1, seconds: float = 1.0) -> npt.NDArray[np.int16]:
    """Each part a tone of its own, the pitches far apart."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * 500 * (part + 1) * time) for part in range(PARTS)]
    return (np.stack(tones) * loud * 32767).astype(np.int16)


def levels(wave: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """How loud the tone of each part is, 1 for full scale."""
    found = np.abs(np.fft.rfft(wave)) / len(wave) * 2
    places = [round(500 * (part + 1) * len(wave) / RATE) for part in range(PARTS)]
    return np.asarray(found[places], np.float64)


def sounding(before: list[int], after: list[int], change: float = 0.5) -> Mixture:
    there = np.arange(PARTS)
    gains = np.ones(PARTS, np.float32)
    return Mixture(np.isin(there, before), np.isin(there, after), gains, change)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0.01, 1))
def test_nothing_passes_full_scale_and_what_is_off_is_not_heard(
    seed: int, changing: float, loud: float
) -> None:
    mixture = draw(np.random.default_rng(seed), 1.0, changing)
    wave = mix(stems(loud), mixture)
    assert wave.dtype == np.float32
    assert float(np.abs(wave).max()) <= 1.0
    found, on = levels(wave), mixture.before | mixture.after
    assert on.any()
    assert found[~on].max(initial=0) < 1e-3
    assert found[mixture.before & mixture.after].min(initial=1) > 1e-3


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(0.5, 10))
def test_a_part_at_most_enters_or_leaves_and_something_always_sounds(
    seed: int, seconds: float
) -> None:
    mixture = draw(np.random.default_rng(seed), seconds, 1.0)
    assert mixture.before.any()
    assert mixture.after.any()
    # Where the last one leaves the melody enters for it, or stays.
    assert np.sum(mixture.before != mixture.after) <= 2
    assert 0.25 * seconds <= mixture.change <= 0.75 * seconds
    still = draw(np.random.default_rng(seed), seconds)
    assert np.array_equal(still.before, still.after)


def test_parts_sound_as_often_as_they_are_to() -> None:
    random = np.random.default_rng(0)
    share = np.mean([draw(random, 8.0).before for _ in range(3000)], axis=0)
    lone = np.arange(PARTS) == 0
    assert np.allclose(share, LONE * lone + (1 - LONE) * np.array(SHARES), atol=0.04)


@pytest.mark.parametrize(("before", "after"), [([0], [0, 1]), ([0, 1], [0])])
def test_a_part_enters_or_leaves_at_its_moment(before: list[int], after: list[int]) -> None:
    wave = mix(stems(), sounding(before, after))
    first, last = levels(wave[:6400]), levels(wave[9600:])
    there, away = (last, first) if 1 in after else (first, last)
    assert there[1] == pytest.approx(0.1, rel=0.05)
    assert away[1] < 0.002
    assert first[0] == pytest.approx(0.1, rel=0.05)


def test_gains_are_heard() -> None:
    mixture = sounding([0, 2], [0, 2])
    mixture.gains[2] = 3.0
    found = levels(mix(stems(), mixture))
    assert found[0] == pytest.approx(0.1, rel=0.01)
    assert found[2] == pytest.approx(0.3, rel=0.01)


def test_silence_stays_silent() -> None:
    assert not mix(np.zeros((PARTS, 100), np.int16), sounding([0], [0])).any()
