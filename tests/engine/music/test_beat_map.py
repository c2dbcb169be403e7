"""Positions of times, over changes of tempo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.beat_map import MOST, Beats, Mark


def test_a_tempo_holds_from_its_mark_on_and_the_first_before_it() -> None:
    beats = Beats(Mark(10.0, 4.0, 0.5))
    beats.add(Mark(12.0, 8.0, 1.0))
    assert [beats.at(time) for time in (9.0, 10.0, 11.0, 12.0, 13.0)] == [2, 4, 6, 8, 9]
    assert [beats.when(position) for position in (2, 4, 6, 8, 9)] == [9.0, 10.0, 11.0, 12.0, 13.0]
    assert (beats.began, beats.pace) == (10.0, 1.0)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.15, 3)), max_size=2 * MOST))
def test_times_and_positions_agree(changes: list[tuple[float, float]]) -> None:
    beats, now = Beats(Mark(0.0, 0.0, 0.5)), 0.0
    for after, pace in changes:
        now += after
        beats.add(Mark(now, beats.at(now), pace))
    for time in (beats.began, now / 2 + beats.began / 2, now, now + 1):
        assert beats.when(beats.at(time)) == pytest.approx(time)
