"""Chord symbols: what is read is what was written, and what is none is refused in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.chords import ALIASES, QUALITIES, ChordSymbol, chord_of
from engine.music.scales import SCALES, Key

chords = st.builds(
    ChordSymbol,
    st.integers(0, 11),
    st.sampled_from(sorted(QUALITIES)),
    st.none() | st.integers(0, 11),
)
keys = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(SCALES)))


@given(chords, st.none() | keys)
def test_a_chord_is_read_as_it_was_written(chord: ChordSymbol, key: Key | None) -> None:
    read = chord_of(chord.name(key))
    assert read is not None
    assert (read.root, read.quality) == (chord.root, chord.quality)
    assert read.bass == (None if chord.bass == chord.root else chord.bass)


@pytest.mark.parametrize(
    ("text", "pitch_classes"),
    [
        ("C", (0, 4, 7)), ("Am7", (9, 0, 4, 7)), ("F#m", (6, 9, 1)), ("B♭7", (10, 2, 5, 8)),
        ("Ebmaj7", (3, 7, 10, 2)), ("bm", (11, 2, 6)), ("G7sus4", (7, 0, 2, 5)),
        ("Bø", (11, 2, 5, 9)), ("C°7", (0, 3, 6, 9)), (" D- ", (2, 5, 9)), ("E+", (4, 8, 0)),
    ],
)  # fmt: skip
def test_chords_are_read_as_musicians_write_them(text: str, pitch_classes: tuple[int, ...]) -> None:
    chord = chord_of(text)
    assert chord is not None
    assert chord.pitch_classes == pitch_classes
    assert all(chord.holds(60 + each) for each in pitch_classes)


def test_every_other_way_of_writing_means_a_quality() -> None:
    for alias, quality in ALIASES.items():
        assert chord_of(f"C{alias}") == ChordSymbol(0, quality)


def test_degrees_are_those_of_the_key() -> None:
    major, minor = Key(7, "major"), Key(9, "natural minor")
    names = [chord_of(each, major) for each in ("I", "ii", "V7", "vi7", "bVII", "vii°", "#IVm7b5")]
    assert [chord.name(major) for chord in names if chord] == [
        "G", "Am", "D7", "Em7", "F", "F#dim", "C#m7b5",
    ]  # fmt: skip
    assert [chord_of(each, minor) for each in ("i", "III", "v", "V")] == [
        ChordSymbol(9, "m"), ChordSymbol(0), ChordSymbol(4, "m"), ChordSymbol(4),
    ]  # fmt: skip
    with pytest.raises(OutOfRange, match="needs a key"):
        chord_of("vi7")


def test_the_bass_and_no_chord() -> None:
    assert chord_of("C/E") == ChordSymbol(0, "", 4)
    assert chord_of("Am7/G") == ChordSymbol(9, "m7", 7)
    assert chord_of("C/C") == ChordSymbol(0)
    assert chord_of("N.C.") is None
    assert chord_of("nc") is None
    assert ChordSymbol(0, "7", 4).transposed(-2) == ChordSymbol(10, "7", 2)


def test_sharps_and_flats_are_those_of_the_key() -> None:
    chord = ChordSymbol(10, "", 3)
    assert chord.name(Key(10, "major")) == "Bb/Eb"
    assert chord.name(Key(4, "major")) == "A#/D#"
    assert ChordSymbol(3).name(Key(7, "dorian")) == "Eb"
    assert ChordSymbol(6).name(Key(9, "dorian")) == "F#"


@pytest.mark.parametrize("text", ["", "H", "Cx", "C/H", "Am7/", "1", "IIX", "C" * 500, "\x1b[31m"])
def test_what_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        chord_of(text, Key())
    assert "\n" not in caught.value.line()
    assert len(caught.value.line()) < 300


@given(st.text(max_size=8))
def test_whatever_is_typed_is_a_chord_or_refused(text: str) -> None:
    try:
        chord = chord_of(text, Key())
    except OutOfRange:
        return
    assert chord is None or 0 <= chord.root <= 11
