"""Start, stop, continue and song position of another's clock, by hand-moved time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.midi.sync.clock_tracker import Follower
from tests.support.clock_streams import (
    CONTINUE,
    PULSE,
    START,
    STOP,
    recorded,
    steady,
)


def song_position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


def pulses(follower: Follower, start: float, beats: float, tempo: float = 120) -> float:
    """Send pulses and return when the one after them is due."""
    for at in steady(tempo, beats, start):
        follower.receive(at, PULSE)
    return start + beats * 60 / tempo


def started(beats: float = 4) -> tuple[Follower, float]:
    """Return a follower that heard Start at time 10 and then so many beats at 120."""
    follower = Follower()
    follower.receive(10.0, START)
    return follower, pulses(follower, 10.0, beats)


def test_the_first_pulse_after_start_is_the_start_of_the_song() -> None:
    follower = Follower()
    follower.receive(9.999, START)
    assert (follower.running, follower.rolls(9.999)) == (True, False)
    follower.receive(10.0, PULSE)
    assert follower.rolls(10.0)
    assert follower.position(10.0) == 0
    end = pulses(follower, 10.0 + 0.5 / 24, 2)
    assert follower.position(end) == pytest.approx(2 + 1 / 24)
    assert follower.tempo == pytest.approx(120)
    assert follower.when(8) == pytest.approx(14.0)


def test_where_pulses_came_before_start_the_next_is_foretold() -> None:
    follower = Follower()
    follower.receive(0.0, PULSE)
    due = pulses(follower, 0.5 / 24, 2)
    assert (follower.running, follower.rolls(due), follower.lock(due)) == (False, False, "locked")
    follower.receive(due - 0.005, START)
    assert follower.rolls(due - 0.005)
    assert follower.when(0) == pytest.approx(due)
    follower.receive(due + 0.001, PULSE)
    assert follower.position(due) == pytest.approx(0, abs=0.002)


def test_stop_stops_and_continue_goes_on_where_it_was() -> None:
    follower, end = started(4)
    follower.receive(end - 0.001, STOP)
    assert not follower.running
    assert not follower.rolls(end)
    assert follower.position(end + 9) == 4
    follower.receive(end + 5, CONTINUE)
    pulses(follower, end + 5.01, 1, tempo=90)
    assert follower.position(end + 5.01) == pytest.approx(4)
    assert follower.when(5) == pytest.approx(end + 5.01 + 60 / 90)


def test_pulses_while_it_stands_move_nothing() -> None:
    follower, end = started(4)
    follower.receive(end - 0.001, STOP)
    end = pulses(follower, end, 3)
    assert follower.position(end) == 4
    follower.receive(end - 0.001, CONTINUE)
    assert follower.when(4) == pytest.approx(end)


def test_a_song_position_is_where_continue_goes_on() -> None:
    follower, end = started(4)
    follower.receive(end, STOP)
    follower.receive(end + 0.1, song_position(300))
    assert follower.position(end) == 75
    follower.receive(end + 0.2, CONTINUE)
    pulses(follower, end + 0.3, 1)
    assert follower.position(end + 0.8) == pytest.approx(76)
    follower.receive(end + 0.8, START)
    pulses(follower, end + 0.8, 1)
    assert follower.position(end + 1.3) == pytest.approx(1)


def test_a_song_position_while_it_runs_is_passed_over() -> None:
    follower, end = started(4)
    follower.receive(end, song_position(0))
    follower.receive(end, CONTINUE)
    assert follower.position(end) == pytest.approx(4)


def test_a_clock_that_falls_silent_goes_on_by_itself_and_comes_back_in_phase() -> None:
    follower, end = started(4)
    assert follower.lock(end) == "locked"
    assert follower.lock(end + 0.3) == "free-wheeling"
    assert follower.rolls(end + 2)
    assert follower.position(end + 2) == pytest.approx(8)
    # Four beats were lost, and it is 3 ms later than it would have been.
    pulses(follower, end + 2.003, 0.25)
    assert follower.lock(end + 2.1) == "locking"
    end = pulses(follower, end + 2.128, 1)
    assert follower.lock(end) == "locked"
    assert follower.position(end) == pytest.approx(9.25, abs=0.001)


def test_a_source_that_only_sends_pulses_has_a_tempo_and_stands() -> None:
    follower = Follower(60)
    assert follower.lock(0.0) == "silent"
    end = pulses(follower, 5.0, 2, tempo=133)
    assert follower.tempo == pytest.approx(133)
    assert (follower.lock(end), follower.rolls(end), follower.position(end)) == ("locked", False, 0)
    assert follower.lock(end + 1) == "silent"


@pytest.mark.parametrize(
    ("tempo", "lock"), [(15, "too slow"), (20.5, "locked"), (390, "locked"), (450, "too fast")]
)
def test_a_tempo_out_of_range_is_said_and_not_followed(tempo: float, lock: str) -> None:
    follower = Follower()
    follower.receive(1.0, START)
    end = pulses(follower, 1.0, 4, tempo)
    assert follower.lock(end) == lock
    assert follower.rolls(end) == (lock == "locked")


def test_half_and_double_tempo_are_told_apart() -> None:
    for before, after in ((120, 60), (60, 120), (100, 200), (180, 90)):
        follower = Follower(before)
        follower.receive(0.0, START)
        end = pulses(follower, 0.0, 4, before)
        end = pulses(follower, end, 4, after)
        assert follower.tempo == pytest.approx(after)
        # The pulse after the jump comes when the old tempo had it.
        assert follower.position(end) == pytest.approx(8)


def test_a_recorded_source_is_followed_from_start_to_stop() -> None:
    follower = Follower(90)
    stream = recorded("jack-64-frames-120-bpm")
    for at, data in stream:
        follower.receive(at, data)
    count = sum(data == PULSE for _, data in stream)
    assert follower.position(at) == count / 24
    assert not follower.running
    assert follower.tempo == pytest.approx(120, abs=0.3)


messages = st.sampled_from(
    [PULSE, PULSE, PULSE, START, STOP, CONTINUE, song_position(5), b"", b"\xf2", b"\x90\x40\x40"]
)


@given(
    st.lists(
        st.tuples(st.floats(0, 0.5) | st.floats(), messages | st.binary(max_size=4)), max_size=80
    )
)
def test_any_messages_at_all_leave_it_finite(messages: list[tuple[float, bytes]]) -> None:
    follower, now = Follower(), 0.0
    for step, data in messages:
        now = now + step if math.isfinite(step) and abs(step) <= 1e6 else now
        follower.receive(now if math.isfinite(step) else step, data)
        assert follower.position(now) >= 0
        assert math.isfinite(follower.position(now))
        assert 0 < follower.tempo <= 60_000
        follower.lock(now)
        if follower.rolls(now):
            assert math.isfinite(follower.when(follower.position(now) + 4))
