"""The chord track: charts that are typed, and what lasts where."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.chord_track import PlacedChord, following, place_words, sounding, written
from engine.music.chords import chord_of
from engine.music.grid import FOUR_QUARTERS
from engine.music.scales import Key
from engine.music.song import Song

FOUR = (FOUR_QUARTERS,) * 4
C = Key()


def chart(text: str, slot: int = 0, place: int = 0) -> list[tuple[int, float, str]]:
    """Return measure, place and name of each chord that is typed."""
    read = written(text, slot, Fraction(place), FOUR, C)
    return [(each.slot, float(each.place), each.name()) for each in read]


def test_one_chord_stands_where_it_is_typed_or_on_the_beat_that_is_named() -> None:
    assert chart("Am7", 1, 2) == [(1, 2, "Am7")]
    assert chart("3: C/E") == chart("3:C/E") == [(0, 2, "C/E")]
    assert chart("5/2: V7/V") == [(0, 1.5, "D7")]
    assert chart("vi7", 2) == [(2, 0, "Am7")]
    assert chart("nc") == [(0, 0, "N.C.")]


def test_a_chart_goes_over_measures_and_spreads_over_their_beats() -> None:
    assert chart("C | Am7 D7 | | F G Em Am") == [
        (0, 0, "C"), (1, 0, "Am7"), (1, 2, "D7"),
        (3, 0, "F"), (3, 1, "G"), (3, 2, "Em"), (3, 3, "Am"),
    ]  # fmt: skip
    assert chart("| C 4:G7 |", 3) == [(3, 0, "C"), (3, 3, "G7")]
    assert chart("C F G") == [(0, 0, "C"), (0, 2, "F"), (0, 3, "G")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "No chord is named"), (" | | ", "No chord is named"), ("C | G | C | G | C", "5 meas"),
        ("C D E F G", "5 chords do not fit"), ("5: C", "4 beats"), ("0: C", "4 beats"),
        ("1/0: C", "no beat"), ("H7", "no chord"), ("Cmaj11#99", "quality"), ("V/H", "no degree"),
        ("C" * 3000, "at most"), ("1.0013: C", "no chord"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(OutOfRange, match=words) as caught:
        chart(text)
    assert "\n" not in caught.value.line()


@given(st.text(st.sampled_from("CAm7/|: 13.#bviVG"), max_size=30) | st.text(max_size=12))
def test_whatever_is_typed_is_a_chart_or_refused(text: str) -> None:
    try:
        read = written(text, 0, Fraction(0), FOUR, C)
    except OutOfRange:
        return
    assert Song(chords=read).chords == read


def test_a_chord_lasts_until_the_next() -> None:
    chords = written("| C G7 | | F", 0, Fraction(0), FOUR, C)
    names = [
        each and each.name()
        for each in (
            sounding(chords, slot, Fraction(place))
            for slot in range(4)
            for place in (0, 1, 2)
        )
    ]  # fmt: skip
    assert names == ["C", "C", "G7", "G7", "G7", "G7", "F", "F", "F", "F", "F", "F"]
    later = following(chords, 0, Fraction(2))
    assert later is not None
    assert later.slot == 2
    assert following(chords, 2, 0) is None


def test_places_are_named_as_they_are_typed() -> None:
    assert place_words(Fraction(2), FOUR_QUARTERS) == "3"
    assert place_words(Fraction(3, 2), FOUR_QUARTERS) == "2+1/2"


def test_a_song_keeps_its_chords_in_order_and_inside() -> None:
    one, two = (PlacedChord(slot, Fraction(0), chord_of("C")) for slot in (0, 1))
    with pytest.raises(OutOfRange, match="in order"):
        Song(chords=(two, one))
    with pytest.raises(OutOfRange, match="in order"):
        Song(chords=(one, one))
    with pytest.raises(OutOfRange, match="no measure 9"):
        Song(chords=(PlacedChord(8, Fraction(0), None),))
    for slot, place in (
        (-1, Fraction(0)),
        (0, Fraction(-1)),
        (0, Fraction(64)),
        (0, Fraction(1, 97)),
    ):
        with pytest.raises(OutOfRange, match="begins on a beat"):
            PlacedChord(slot, place, None)
