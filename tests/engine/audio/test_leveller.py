"""What grows behind a prompt stays about as loud as it, below full scale, and never clicks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.leveller import CEILING, HEADROOM, RISE, Leveller
from engine.audio.levelling import level_of
from engine.audio.synth import Wave

RATE, HOP = 16_000, 640.0
FRAME = 25
"""Frames a second."""


def noise(seconds: float, level: float, seed: int = 0) -> Wave:
    """Return noise of a level in dB."""
    random = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (random * 10 ** (level / 20)).astype(np.float32)


def prompted(level: float = -20.0, seconds: float = 2.0) -> Leveller:
    """Return a leveller behind a prompt that was never turned down."""
    return Leveller(RATE, HOP, (0.0,) * (round(seconds * FRAME) + 1), level)


@pytest.mark.parametrize("louder", [4.0, 10.0, 17.0])
def test_what_is_louder_than_its_prompt_comes_down_to_what_a_part_adds(louder: float) -> None:
    prompt, grown = noise(2, -20), noise(6, -20 + louder)
    wave = prompted().add(np.concatenate([prompt, grown]), last=True)
    # A peak that would exceed full scale is met from the frame before it on.
    whole = len(prompt) - round(HOP)
    np.testing.assert_array_equal(wave[:whole], prompt[:whole])
    continued = level_of(wave[2 * RATE :])
    assert continued is not None
    assert -20 < continued <= -20 + 3 + 1.4
    settled = level_of(wave[-2 * RATE :])
    assert settled == pytest.approx(-20 + HEADROOM, abs=0.3)


@pytest.mark.parametrize("louder", [-12.0, 0.0, 1.0])
def test_what_is_no_louder_stays_as_it_is(louder: float) -> None:
    given_ = np.concatenate([noise(2, -20), noise(4, -20 + louder)])
    np.testing.assert_array_equal(prompted().add(given_, last=True), given_)


def test_behind_nothing_only_full_scale_is_heeded() -> None:
    quiet, loud = noise(1, -20), noise(1, 6)
    held = Leveller(RATE, HOP)
    wave = held.add(np.concatenate([quiet, loud, quiet]), last=True)
    np.testing.assert_array_equal(wave[: RATE - round(HOP)], quiet[: RATE - round(HOP)])
    assert np.abs(wave).max() <= CEILING + 1e-3
    # It comes back, as slowly as is said.
    rises = np.diff(held.gains[2 * FRAME + 2 :])
    assert rises.max() <= RISE / FRAME + 2e-3
    assert held.gains[-1] > held.gains[2 * FRAME] + 4


def test_a_gain_that_was_in_force_in_the_prompt_is_gone_on_with() -> None:
    first = prompted()
    loud = np.concatenate([noise(2, -20), noise(4, -10)])
    levelled = first.add(loud, last=True)
    second = Leveller(RATE, HOP, first.gains, -20.0)
    again = second.add(np.concatenate([loud, noise(3, -10, 1)]), last=True)
    # But for the last frame, whose end is no end any more.
    whole = len(loud) - round(HOP)
    np.testing.assert_allclose(again[:whole], levelled[:whole], atol=1e-4)
    joined = np.array(second.gains[len(first.gains) - 3 :])
    assert np.abs(np.diff(joined)).max() < 1.0
    assert level_of(again[-RATE:]) == pytest.approx(-20 + HEADROOM, abs=0.5)


@pytest.mark.parametrize("peak", [0.5, 3.0])
def test_its_gains_given_again_lead_to_the_same_sound(peak: float) -> None:
    wave = np.concatenate([noise(2, -20), noise(2, -8)])
    wave[2 * RATE - 100] = wave[2 * RATE + 300] = peak
    # Handed on by a take whose gains could not yet know of the peaks.
    first = Leveller(RATE, HOP, (0.0,) * 40 + (-5.0,) * 11, -20.0)
    levelled = first.add(wave, last=True)
    again = Leveller(RATE, HOP, first.gains[:51], -20.0)
    np.testing.assert_array_equal(again.add(wave, last=True), levelled)
    assert again.gains == first.gains


@settings(max_examples=40)
@given(
    st.lists(st.floats(-40, 12), min_size=1, max_size=6),
    st.lists(st.integers(0, 9_000), max_size=12),
    st.integers(0, 2**31),
    st.sampled_from([640.0, 640.5, 320.25]),
)
def test_however_it_is_cut_it_is_the_same_sound_and_nothing_is_clipped(
    levels: list[float], cuts: list[int], seed: int, hop: float
) -> None:
    wave = np.concatenate([noise(0.5, level, seed) for level in levels])
    prompt, reference = (0.0,) * 6, -20.0
    whole_held = Leveller(RATE, hop, prompt, reference)
    whole = whole_held.add(wave, last=True)
    parts_held = Leveller(RATE, hop, prompt, reference)
    edges = sorted({min(cut, len(wave)) for cut in cuts})
    pieces = np.split(wave, edges)
    parts = [parts_held.add(piece) for piece in pieces]
    parts.append(parts_held.add(wave[:0], last=True))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert parts_held.gains == whole_held.gains
    assert len(whole) == len(wave)
    assert np.abs(whole).max() <= CEILING + 1e-3
    assert (np.abs(whole) <= np.abs(wave)).all()
    # The gain has no step: what it is at the end of a frame it is at the beginning of the next.
    sounding = np.abs(wave) > 1e-3
    gains = (whole / np.where(sounding, wave, 1))[sounding]
    lowest, highest = 10 ** (min(whole_held.gains) / 20), 10 ** (max(whole_held.gains) / 20)
    assert gains.min() >= lowest - 1e-3
    assert gains.max() <= highest + 1e-3


def test_silence_and_nothing_are_left() -> None:
    silent = np.zeros(1_000, np.float32)
    np.testing.assert_array_equal(prompted(seconds=0).add(silent, last=True), silent)
    assert len(Leveller(RATE, HOP).add(silent[:0], last=True)) == 0
