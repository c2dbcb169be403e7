"""What notes are against chords, and which chord keys make."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.chord_track import written
from engine.music.chords import QUALITIES, ChordSymbol, chord_of
from engine.music.grid import FOUR_QUARTERS
from engine.music.scales import Key
from engine.music.tension import broken, chord_of_keys, tension, tensions, words_of
from tests.support.measures import measure

C = Key()


def test_a_note_is_of_the_chord_of_the_key_or_foreign() -> None:
    chord = ChordSymbol(0)
    assert [tension(pitch, chord, C) for pitch in (64, 62, 61)] == ["chord", "scale", "foreign"]


@pytest.mark.parametrize(
    ("pitch", "name", "words"),
    [
        (64, "C", "chord tone (3rd of C)"), (65, "C", "tension: 11th of C"),
        (60, "Am", "chord tone (3rd of Am)"), (63, "C7", "foreign to key and chord: #9 of C7"),
        (71, "C", "tension: major 7th of C"), (65, "Bm7b5", "chord tone (b5 of Bm7b5)"),
        (69, "C6", "chord tone (6th of C6)"), (69, "C", "tension: 13th of C"),
    ],
)  # fmt: skip
def test_a_note_is_named_by_its_step_above_the_root(pitch: int, name: str, words: str) -> None:
    chord = chord_of(name)
    assert chord is not None
    assert words_of(pitch, chord, C) == words


def test_each_note_of_a_measure_stands_against_the_chord_where_it_starts() -> None:
    chords = written("C 3:G7", 0, Fraction(0), (FOUR_QUARTERS,), C)
    assert tensions(measure("CDEF"), chords, 0, C) == ("chord", "scale", "scale", "chord")
    # It lasts on into the measures after it, and where none lies nothing is said.
    assert tensions(measure("CDEF"), chords, 1, C) == ("scale", "chord", "scale", "chord")
    assert tensions(measure("CDEF"), (), 0, C) == ("chord",) * 4


@given(st.integers(0, 11), st.sampled_from(sorted(QUALITIES)))
def test_a_chord_that_is_held_from_its_root_up_is_recognised(root: int, quality: str) -> None:
    chord = ChordSymbol(root, quality)
    keys = [60 + root + above for above in QUALITIES[quality]]
    assert chord_of_keys(keys) == chord
    heard = broken(chord, FOUR_QUARTERS).pitches
    assert [pitch % 12 for pitch in heard] == [*chord.pitch_classes]


def test_keys_that_make_no_chord_are_none() -> None:
    assert chord_of_keys([]) is None
    assert chord_of_keys([60, 72]) is None
    assert chord_of_keys([60, 61, 62]) is None
    assert chord_of_keys([57, 60, 64, 67]) == ChordSymbol(9, "m7")
    assert chord_of_keys([60, 64, 67, 69]) == ChordSymbol(0, "6")
