"""Passages are found in clips, in any key and from any eighth, and strangers are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.influence.clips.alignment import LEVELS, SLOTS, Aligner, levels
from engine.influence.clips.chroma import (
    CLASSES,
    HOP,
    RATE,
    chroma,
    onsets,
    over_slots,
)

EIGHTH = 0.25
"""Seconds, at 120 quarters a minute."""

Floats = npt.NDArray[np.float32]


def melody(seed: int, notes: int = 32) -> list[int]:
    """Return MIDI pitches of eighths, a walk over a major scale."""
    random = np.random.default_rng(seed)
    steps = np.cumsum(random.choice([-2, -1, 1, 2], notes))
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    return [int(67 + 12 * (s // 7) + scale[s % 7]) for s in np.clip(steps, -7, 9)]


def played(pitches: list[int], eighth: float = EIGHTH) -> Floats:
    """Return a wave at 16 kHz of plucked tones with three partials."""
    time = np.arange(round(eighth * RATE)) / RATE
    tones = []
    for pitch in pitches:
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in (1, 2, 3))
        tones.append(tone * np.exp(-6 * time))
    return (0.2 * np.concatenate(tones)).astype(np.float32)


def clip(melody_of: list[int], rest_of: list[int]) -> npt.NDArray[np.uint8]:
    """Return the levels of a clip with these two parts."""
    parts = [over_slots(chroma(played(each)), 0.0, EIGHTH, SLOTS) for each in (melody_of, rest_of)]
    return levels(np.stack(parts))


def accompaniment(seed: int) -> list[int]:
    """Return a slow line, two eighths a note."""
    return [pitch - 12 for pitch in melody(seed, 16) for _ in range(2)]


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(np.stack([clip(melody(n), accompaniment(100 + n)) for n in range(12)]))


@pytest.mark.parametrize("number", [0, 5, 11])
@pytest.mark.parametrize("higher", [0, 3, -5])
def test_a_melody_is_found_in_any_key(aligner: Aligner, number: int, higher: int) -> None:
    wave = played([pitch + higher for pitch in melody(number)])
    found = aligner.align(chroma(wave))
    assert found.similarity.argmax() == number
    assert found.similarity[number] > 0.8
    assert (found.higher[number] + higher) % CLASSES == 0
    assert abs(found.slot[number]) <= 1


def test_a_melody_is_found_at_another_tempo(aligner: Aligner) -> None:
    found = aligner.align(chroma(played(melody(4), EIGHTH * 1.2)))
    assert found.similarity.argmax() == 4


def test_a_passage_says_where_in_the_clip_it_begins(aligner: Aligner) -> None:
    found = aligner.align(chroma(played(melody(7)[12:])))
    assert found.similarity.argmax() == 7
    assert abs(found.slot[7] - 12) <= 1
    assert abs(found.slots[7] - 20) <= 1


@pytest.mark.parametrize("share", [0.3, 1.0, 3.0])
def test_a_mix_fits_its_parts_at_any_levels(aligner: Aligner, share: float) -> None:
    wave = played(melody(3)) + share * played(accompaniment(103))
    found = aligner.align(chroma(wave.astype(np.float32)))
    assert found.similarity.argmax() == 3
    assert found.similarity[3] > 0.75


def test_a_stranger_lies_farther_than_what_is_there(aligner: Aligner) -> None:
    own = [aligner.align(chroma(played(melody(n)))).similarity.max() for n in range(4)]
    strange = [aligner.align(chroma(played(melody(50 + n)))).similarity.max() for n in range(4)]
    assert max(strange) < min(own)


def test_silence_and_noise_fit_nothing_well(aligner: Aligner) -> None:
    silence = np.zeros(4 * RATE, np.float32)
    assert aligner.align(chroma(silence)).similarity.max() < 0.1
    noise = np.random.default_rng(0).normal(0, 0.1, 8 * RATE).astype(np.float32)
    assert aligner.align(chroma(noise)).similarity.max() < 0.6


def test_an_a_sounds_in_the_class_of_a() -> None:
    found = chroma(played([69] * 8))
    assert found.shape == (8 * round(EIGHTH * RATE) // HOP, CLASSES)
    assert (found.argmax(axis=1) == 9).mean() > 0.95


def test_onsets_come_with_the_notes() -> None:
    frames = chroma(played([60, 64, 67, 72] * 4, 0.5))
    strength = onsets(frames)
    near = [strength[max(0, at - 3) : at + 4].max() for at in range(20, len(strength), 20)]
    assert min(near) > 2 * np.median(strength)


@given(
    st.integers(1, 300),
    st.floats(-2, 4),
    st.floats(0.05, 1.0),
    st.integers(1, 60),
)
def test_slots_are_means_of_what_they_span(
    frames: int, start: float, slot: float, count: int
) -> None:
    found = over_slots(np.ones((frames, CLASSES), np.float32), start, slot, count)
    assert found.shape == (count, CLASSES)
    assert np.isfinite(found).all()
    assert (found >= -1e-5).all()
    assert (found <= 1 + 1e-3).all()


def test_levels_fill_half_a_byte() -> None:
    found = levels(np.random.default_rng(0).random((2, SLOTS, CLASSES)).astype(np.float32) * 1e4)
    assert found.dtype == np.uint8
    assert found.max() == LEVELS
    assert not levels(np.zeros((2, SLOTS, CLASSES), np.float32)).any()
