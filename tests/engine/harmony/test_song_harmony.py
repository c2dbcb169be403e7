"""The harmony of songs: keys and chords of known tunes, and chains that keep what is there."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.harmony.song_harmony import filled, keys_of_song, melody_of, suggest_at
from engine.music.chord_track import PlacedChord
from engine.music.chords import ChordSymbol, chord_of
from engine.music.scales import Key
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from tests.support.measures import quarters

TWINKLE = (
    (60, 60, 67, 67), (69, 69, 67, 67), (65, 65, 64, 64), (62, 62, 60, 60),
    (67, 67, 65, 65), (64, 64, 62, 62), (67, 67, 65, 65), (64, 64, 62, 62),
    (60, 60, 67, 67), (69, 69, 67, 67), (65, 65, 64, 64), (62, 62, 60, 60),
)  # fmt: skip


def song(semitones: int = 0) -> Song:
    """Return Twinkle, Twinkle, Little Star, in C or so many semitones above, in that key."""
    slots = tuple(
        Slot.brought_in(quarters(*(p + semitones for p in each)), Origin("written"))
        for each in TWINKLE
    )
    return Song(tracks=(Track(slots=slots),), key=Key(semitones % 12))


@pytest.mark.parametrize("semitones", [-3, 0, 5, 7])
def test_a_known_tune_has_its_key_and_begins_and_ends_on_the_tonic_chord(semitones: int) -> None:
    tune = song(semitones)
    found = keys_of_song(tune, 0)[0]
    assert found.key == tune.key
    assert found.certainty > 0.7
    chords = filled(tune, 0, 0, tune.length)
    tonic = ChordSymbol(semitones % 12)
    assert chords[0] == PlacedChord(0, Fraction(0), tonic)
    assert suggest_at(tune, 0, 11, Fraction(0)).options[0][0] == tonic
    # It falls to IV in the second measure, as the tune is sung.
    assert suggest_at(tune, 0, 1, Fraction(0)).options[0][0].root in (
        semitones % 12, (semitones + 5) % 12
    )  # fmt: skip


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 11), st.sampled_from([Fraction(0), Fraction(2)])),
        st.sampled_from(["C", "Am7", "F#m7b5", "N.C."]),
        max_size=6,
    ),
    st.integers(0, 11),
    st.integers(1, 12),
)
def test_what_is_there_stays_and_the_rest_of_a_span_is_filled(
    there: dict[tuple[int, Fraction], str], first: int, count: int
) -> None:
    own = tuple(PlacedChord(*at, chord_of(there[at])) for at in sorted(there))
    tune = song()
    tune = Song(tracks=tune.tracks, chords=own)
    made = filled(tune, 0, first, count)
    assert Song(tracks=tune.tracks, chords=made).chords == made
    assert set(own) <= set(made)
    taken = {each.slot for each in own}
    for each in set(made) - set(own):
        assert first <= each.slot < first + count
        assert each.slot not in taken
        assert each.place == 0


def test_an_empty_song_has_no_key_and_chords_by_degree_alone() -> None:
    assert keys_of_song(Song(), 0) == ()
    assert suggest_at(Song(), 0, 7, Fraction(0)).options[0][0] == ChordSymbol(0)


def test_drums_are_no_melody() -> None:
    tune = song()
    drums = Track(slots=tune.tracks[0].slots, kind="drums")
    assert melody_of(Song(tracks=(drums, *tune.tracks)), 0) == 1
    assert melody_of(Song(tracks=(drums,)), 0) is None
