"""What was played becomes measures: beats read as sixteenths or triplets, touches kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.performance import Touch
from engine.music.quantise import PlayedMeasure, PlayedNote, quantise

C, D, E, F, G = 60, 62, 64, 65, 67
PACE = 0.6  # Seconds a quarter note at 100.


def notes(*played: tuple[float, float, int]) -> list[PlayedNote]:
    """Note by start, end and pitch."""
    return [PlayedNote(start, end, pitch, 80) for start, end, pitch in played]


def tokens(measure: Measure) -> str:
    """The measure by ticks: a letter starts a note, ``-`` holds, ``.`` rests."""
    names = {HOLD: "-", REST: ".", C: "C", D: "D", E: "E", F: "F", G: "G"}
    return "".join(names[token] for token in measure.tokens)


def one(*played: tuple[float, float, int], strength: float = 1.0) -> PlayedMeasure:
    """The first measure of what was played."""
    return quantise(notes(*played), [FOUR_QUARTERS], pace=PACE, strength=strength)[0]


def test_quarter_notes_a_little_off_stand_on_the_beat() -> None:
    played = one((0.03, 0.9, C), (0.95, 1.9, D), (2.02, 2.9, E), (3.04, 3.95, F))
    assert tokens(played.measure) == "C-----D-----E-----F-----"
    assert played.touches == (Touch(80),) * 4
    assert played.over == (True,) * 24


def test_a_beat_is_read_as_sixteenths_or_as_triplets() -> None:
    sixteenths = one((0, 0.25, C), (0.31, 0.5, D), (0.52, 0.75, E), (0.7, 1, F), (1, 4, G))
    assert tokens(sixteenths.measure) == "CD-E-FG" + "-" * 17
    triplets = one((0, 0.33, C), (0.31, 0.66, D), (0.68, 1, E), (1, 4, G))
    assert tokens(triplets.measure) == "C-D-E-G" + "-" * 17
    # One note that lags is no triplet.
    assert tokens(one((0, 0.3, C), (0.29, 4, D)).measure).startswith("CD--")


def test_a_note_that_comes_early_belongs_to_the_next_beat_and_measure() -> None:
    first, second = quantise(notes((0, 3.9, C), (3.94, 7.9, D)), [FOUR_QUARTERS] * 2, pace=PACE)
    assert tokens(first.measure) == "C" + "-" * 23
    assert tokens(second.measure) == "D" + "-" * 23
    early = quantise(notes((-0.05, 3.9, C)), [FOUR_QUARTERS], pace=PACE, strength=0.0)[0]
    assert tokens(early.measure)[0] == "C"
    assert early.touches == (Touch(80, -0.05),)


def test_a_short_gap_is_no_rest_and_a_long_one_is() -> None:
    assert tokens(one((0, 0.8, C), (1, 1.5, D)).measure) == "C-----D--.--------------"
    assert tokens(one((0, 1.7, C), (2, 4, D)).measure) == "C-----------D-----------"
    assert tokens(one((0.5, 1, C)).measure) == ".--C--.-----------------"


def test_a_note_goes_on_over_the_bar_line() -> None:
    first, second, third = quantise(notes((3, 6, C)), [FOUR_QUARTERS] * 3, pace=PACE)
    assert tokens(first.measure) == "." + "-" * 17 + "C-----"
    assert tokens(second.measure) == "-" * 12 + "." + "-" * 11
    assert second.over == (True,) * 12 + (False,) * 12
    assert third.untouched
    assert tokens(third.measure) == "." + "-" * 23


@pytest.mark.parametrize(("strength", "left"), [(0.0, 0.06), (0.5, 0.03), (1.0, 0.0)])
def test_strength_says_how_much_of_the_playing_is_left(strength: float, left: float) -> None:
    played = one((0.06, 0.5, C), (1, 2, D), strength=strength)
    assert played.touches == (Touch(80, left), Touch(80))
    assert tokens(played.measure)[0] == "C"


def test_no_strength_beyond() -> None:
    with pytest.raises(OutOfRange):
        one((0, 1, C), strength=1.1)


def test_what_lies_outside_comes_in_by_octaves_and_is_counted() -> None:
    played = one((0, 1, 36), (1, 2, 96), (2, 3, C))
    assert played.measure.pitches == (60, 84, C)
    assert played.folded == 2


def test_of_two_on_one_place_the_higher_is_kept() -> None:
    grace = one((0.0, 0.06, D), (0.06, 1, C))
    assert tokens(grace.measure)[0] == "D"
    assert grace.crowded == 1


def test_the_grid_is_divided_two_ways() -> None:
    assert [[str(place) for place in family] for family in FOUR_QUARTERS.families] == [
        ["0", "1/4", "1/2", "3/4"],
        ["0", "1/3", "2/3"],
    ]


@given(
    st.lists(
        st.tuples(st.floats(-2, 18), st.floats(0.001, 4), st.integers(0, 127), st.integers(1, 127)),
        max_size=40,
    ),
    st.floats(0, 1),
    st.floats(0.15, 3),
)
def test_whatever_was_played_measures_come_out(
    played: list[tuple[float, float, int, int]], strength: float, pace: float
) -> None:
    starts = sorted({note[0]: note for note in played}.values())
    line = [
        PlayedNote(start, min(start + length, after[0]) if after else start + length, pitch, loud)
        for (start, length, pitch, loud), after in zip(
            starts, [*starts[1:], None], strict=True
        )
    ] if starts else []  # fmt: skip
    line = [note for note in line if note.end > note.start]
    found = quantise(line, [FOUR_QUARTERS] * 4, pace=pace, strength=strength)
    assert len(found) == 4
    onsets: list[float] = []
    for number, each in enumerate(found):
        assert len(each.touches) == len(each.measure.pitches)
        assert all(LOWEST <= pitch <= HIGHEST for pitch in each.measure.pitches)
        for note, touch in zip(each.measure.notes, each.touches, strict=True):
            assert touch is not None
            onsets.append(4 * number + float(note.onset) + touch.deviation)
    # Notes stay in the order in which they were played, whatever is left of their deviations.
    assert all(a <= b + 2e-4 for a, b in pairwise(onsets))
