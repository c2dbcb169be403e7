"""Measures: tokens and notes say the same thing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, SILENCE, Measure, Note

TOKENS = st.lists(
    st.one_of(st.just(HOLD), st.just(REST), st.integers(LOWEST, HIGHEST)), min_size=24, max_size=24
)


def test_the_ticks_of_a_beat_are_a_sixteenth_grid_and_a_triplet_grid_together() -> None:
    quarter = Fraction(1)
    assert FOUR_QUARTERS.onsets[:7] == (
        0 * quarter,
        quarter / 4,
        quarter / 3,
        quarter / 2,
        2 * quarter / 3,
        3 * quarter / 4,
        quarter,
    )
    assert FOUR_QUARTERS.length == 4
    assert sum(FOUR_QUARTERS.weights) == pytest.approx(27.79)


def test_notes_become_tokens_with_rests_between() -> None:
    measure = Measure.from_notes(
        [Note(Fraction(0), Fraction(1, 2), 60), Note(Fraction(2), Fraction(2), 67)]
    )
    assert measure.tokens == (60, 0, 0, REST, *[HOLD] * 8, 67, *[HOLD] * 11)
    assert measure.notes == (
        Note(Fraction(0), Fraction(1, 2), 60),
        Note(Fraction(2), Fraction(2), 67),
    )


def test_a_note_is_cut_where_the_next_one_starts() -> None:
    measure = Measure.from_notes(
        [Note(Fraction(0), Fraction(3), 60), Note(Fraction(1), Fraction(1), 62)]
    )
    assert measure.notes == (
        Note(Fraction(0), Fraction(1), 60),
        Note(Fraction(1), Fraction(1), 62),
    )


def test_a_measure_may_go_on_with_what_sounded_before_it() -> None:
    held = Measure((*[HOLD] * 6, 60, *[HOLD] * 17))
    assert held.held_in == 1
    assert held.pitches == (60,)
    assert SILENCE.silent
    assert SILENCE.held_in == 0


@given(TOKENS)
def test_notes_and_tokens_agree(tokens: list[int]) -> None:
    tokens[0] = REST if tokens[0] == HOLD else tokens[0]
    measure = Measure.from_tokens(tokens)
    assert Measure.from_notes(measure.notes) == measure
    assert Measure.from_tokens(measure.tokens) == measure


@given(TOKENS)
def test_a_rest_in_a_rest_is_a_hold(tokens: list[int]) -> None:
    resting = False
    for token in Measure.from_tokens(tokens).tokens:
        assert not (resting and token == REST)
        resting = token == REST or (resting and token == HOLD)


@pytest.mark.parametrize("tokens", [(), (60,) * 23, (60,) * 25, (54, *[0] * 23), (85, *[0] * 23)])
def test_what_is_no_measure_is_refused(tokens: tuple[int, ...]) -> None:
    with pytest.raises(OutOfRange):
        Measure(tokens)


def test_an_onset_off_the_grid_is_refused() -> None:
    with pytest.raises(OutOfRange, match="1/5"):
        Measure.from_notes([Note(Fraction(1, 5), Fraction(1), 60)])


def test_transposing_past_the_range_is_refused() -> None:
    measure = Measure.from_notes([Note(Fraction(0), Fraction(1), 84)])
    assert measure.transposed(-2).pitches == (82,)
    with pytest.raises(OutOfRange):
        measure.transposed(1)
