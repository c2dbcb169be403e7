"""The beat: clicks that repeat, the same clicks in disorder, and none at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.steering.evaluation.beat_strength import onsets, regularity, shuffled

RATE = 16_000


def clicks(places: list[float], seconds: float = 4.0) -> npt.NDArray[np.float32]:
    wave = np.zeros(round(seconds * RATE), np.float32)
    click = np.random.default_rng(0).normal(0, 0.3, 400) * np.exp(-np.arange(400) / 80)
    for at in places:
        start = round(at * RATE)
        end = min(len(wave), start + 400)
        wave[start:end] += click[: end - start].astype(np.float32)
    return wave


@pytest.mark.parametrize("tempo", [60, 90, 120, 170])
def test_a_click_track_is_near_one(tempo: int) -> None:
    envelope = onsets(clicks([at * 60 / tempo + 0.1 for at in range(4 * tempo // 60)]))
    assert regularity(envelope) > 0.8
    assert shuffled(envelope, 0) < 0.35


def test_clicks_in_disorder_are_near_the_floor() -> None:
    random = np.random.default_rng(1)
    found = [
        regularity(onsets(clicks(sorted(random.uniform(0, 3.9, 9).tolist())))) for _ in range(8)
    ]
    steady = regularity(onsets(clicks([0.1 + 0.43 * at for at in range(9)])))
    assert np.mean(found) < 0.6 * steady


def test_silence_and_what_is_too_short_have_no_beat() -> None:
    assert regularity(onsets(np.zeros(4 * RATE, np.float32))) == 0.0
    assert regularity(onsets(clicks([0.1], seconds=0.2))) == 0.0


@pytest.mark.parametrize("pitches", [(220.0,), (220.0, 331.7), (130.8, 164.8, 196.0, 261.6)])
def test_what_goes_on_sounding_has_no_beat(pitches: tuple[float, ...]) -> None:
    time = np.arange(4 * RATE) / RATE
    held = np.sum([np.sin(2 * np.pi * pitch * time) for pitch in pitches], axis=0) * 0.1
    wavering = held * (1 + 0.05 * np.sin(2 * np.pi * 5 * time))
    for wave in (held, wavering):
        assert regularity(onsets(wave.astype(np.float32))) < 0.1


def test_onsets_are_where_clicks_are_and_a_hundred_to_the_second() -> None:
    envelope = onsets(clicks([0.5, 1.75, 3.0]))
    assert len(envelope) == 399
    for at in (0.5, 1.75, 3.0):
        frame = round(at * 100)
        assert envelope[frame - 4 : frame + 4].max() > 10 * np.median(envelope) + 1


@settings(max_examples=80)
@given(
    arrays.arrays(
        np.float64, st.integers(0, 400), elements=st.floats(0, 100, allow_subnormal=False)
    )
)
def test_any_envelope_has_a_regularity_up_to_one(envelope: npt.NDArray[np.float64]) -> None:
    found = regularity(envelope)
    assert -1.0 <= found <= 1.0
    assert shuffled(envelope, 3) == shuffled(envelope, 3)


def test_three_onsets_far_apart_are_no_more_than_regular() -> None:
    envelope = np.zeros(400)
    envelope[[0, 149, 298]] = 1.0
    assert 0.9 < regularity(envelope) <= 1.0
