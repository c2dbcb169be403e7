"""Chords under a melody: they fill the time, stay in the key and hold what the melody says."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus.table import shipped
from engine.errors import UnknownName
from engine.music.harmony import Chord, HarmonicKey, harmonise
from engine.music.note_line import Stretch

MODES = ("major", "dorian", "phrygian", "lydian", "mixolydian", "minor", "locrian")

keys = st.builds(HarmonicKey, st.integers(0, 11), st.sampled_from(MODES))


@st.composite
def melodies(draw: st.DrawFn) -> list[Stretch]:
    """Note one after another in halves of a quarter, any pitch of the measures' range."""
    found, at = [], 0.0
    while at < 16:
        length = draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 4.0]))
        if draw(st.booleans()):
            found.append(Stretch(at, at + length, draw(st.integers(55, 84))))
        at += length
    return found


def quarters(*pitches: int) -> list[Stretch]:
    return [Stretch(float(at), at + 1.0, pitch) for at, pitch in enumerate(pitches)]


def broken(chord: Chord) -> list[Stretch]:
    """The three notes of a chord, over its own time."""
    third = (chord.end - chord.start) / 3
    return [
        Stretch(chord.start + at * third, chord.start + (at + 1) * third, 60 + pitch_class)
        for at, pitch_class in enumerate(chord.pitch_classes)
    ]


@settings(max_examples=60)
@given(melodies(), keys, st.sampled_from([2.0, 4.0]))
def test_chords_fill_the_time_and_are_triads_of_the_key(
    line: list[Stretch], key: HarmonicKey, length: float
) -> None:
    chords = harmonise(line, key, 16.0, length)
    assert (chords[0].start, chords[-1].end) == (0, 16)
    assert all(one.end == two.start for one, two in pairwise(chords))
    for chord in chords:
        at = key.scale.index(chord.root)
        assert chord.third == key.scale[(at + 2) % 7]
        assert chord.fifth == key.scale[(at + 4) % 7]


@settings(max_examples=60)
@given(keys, st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_a_melody_of_broken_chords_gets_those_chords(key: HarmonicKey, degrees: list[int]) -> None:
    scale = key.scale
    meant = [
        Chord(at * 4.0, at * 4.0 + 4, *(scale[(degree + step) % 7] for step in (0, 2, 4)))
        for at, degree in enumerate(degrees)
    ]
    line = [note for chord in meant for note in broken(chord)]
    assert list(harmonise(line, key, 16.0, 4.0)) == meant


@settings(max_examples=60)
@given(keys, st.lists(st.integers(0, 6), min_size=4, max_size=4))
def test_a_long_note_of_the_key_lies_in_its_chord(key: HarmonicKey, degrees: list[int]) -> None:
    line = [
        Stretch(4.0 * at, 4.0 * at + 4, 60 + key.scale[degree]) for at, degree in enumerate(degrees)
    ]
    for note, chord in zip(line, harmonise(line, key, 16.0, 4.0), strict=True):
        assert note.pitch % 12 in chord.pitch_classes


@settings(max_examples=30)
@given(melodies(), keys, st.integers(-6, 5))
def test_a_melody_moved_with_its_key_moves_its_chords(
    line: list[Stretch], key: HarmonicKey, moved: int
) -> None:
    there = harmonise(line, key, 16.0, 4.0)
    higher = [Stretch(note.start, note.end, note.pitch + moved) for note in line]
    again = harmonise(higher, key.transposed(moved), 16.0, 4.0)
    assert [(c.root - moved) % 12 for c in again] == [c.root for c in there]


def test_a_tune_in_c_ends_at_home() -> None:
    line = quarters(60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 60, 64, 67, 72)
    chords = harmonise(line, HarmonicKey.named("C major"), 16.0, 4.0)
    assert [chord.root for chord in chords] == [0, 5, 7, 0]


def test_silence_ends_at_home_too() -> None:
    chords = harmonise([], HarmonicKey.named("D minor"), 16.0, 4.0)
    assert chords[-1].pitch_classes == (2, 5, 9)


def test_keys_are_read_as_tune_books_write_them() -> None:
    assert HarmonicKey.named("G major").scale == (7, 9, 11, 0, 2, 4, 6)
    assert HarmonicKey.named("Bb major").scale == (10, 0, 2, 3, 5, 7, 9)
    assert HarmonicKey.named("D dorian").scale == (2, 4, 5, 7, 9, 11, 0)
    assert [HarmonicKey.named(f"A {mode}").minor for mode in MODES] == [
        False, True, True, False, False, True, True,
    ]  # fmt: skip
    for tune in shipped().tunes:
        assert len(set(HarmonicKey.named(tune.key).scale)) == 7


@pytest.mark.parametrize("name", ["", "major", "G", "H major", "G Major", "G major "])
def test_a_key_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UnknownName):
        HarmonicKey.named(name)
