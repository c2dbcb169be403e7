"""The clock's ticks by hand-moved time: no drift, phase kept, position right."""

from __future__ import annotations

import math

import pytest

from engine.midi.clock import CONTINUE, START, STOP, TICK, Clock
from engine.midi.messages import ClockRun, ClockStop, ClockTempo

AT_120 = 0.5 / 24


def play(clock: Clock, until: float) -> list[tuple[float, bytes]]:
    sent = []
    while (now := clock.next_time) <= until:
        sent += [(now, due.data) for due in clock.pop_due(now)]
    return sent


def test_start_comes_with_the_first_of_24_ticks_a_quarter() -> None:
    clock = Clock()
    clock.change(ClockRun(10.0, AT_120))
    sent = play(clock, 10.4999)
    assert sent[:2] == [(10.0, START), (10.0, TICK)]
    assert [data for _, data in sent].count(TICK) == 24


def test_ten_hours_do_not_drift() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, AT_120))
    clock.pop_due(0.0)
    hours = 36_000.0
    clock.pop_due(hours - 1)
    ticks = [at for at, data in play(clock, hours) if data == TICK]
    assert ticks[-1] / AT_120 == pytest.approx(round(ticks[-1] / AT_120), abs=1e-6)


def test_a_change_of_tempo_keeps_the_phase() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    clock.change(ClockTempo(0.05, 0.04))
    ticks = [at for at, data in play(clock, 0.2) if data == TICK]
    assert ticks == pytest.approx([0.0, 0.02, 0.04, 0.07, 0.11, 0.15, 0.19])


def test_stop_ends_the_ticks() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    clock.change(ClockStop(0.03))
    assert [data for _, data in play(clock, 9.0)] == [START, TICK, TICK, STOP]
    assert not clock.running
    assert clock.next_time == math.inf


def test_continue_tells_the_position_in_sixteenths() -> None:
    clock = Clock()
    clock.change(ClockRun(1.0, 0.02, resume=True, position=300))
    assert play(clock, 1.0) == [(1.0, b"\xf2\x2c\x02"), (1.0, CONTINUE), (1.0, TICK)]


def test_a_running_receiver_is_stopped_before_it_is_moved() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    clock.change(ClockRun(0.01, 0.02, resume=True, position=4))
    sent = [data for _, data in play(clock, 0.01)]
    assert sent == [START, TICK, STOP, b"\xf2\x04\x00", CONTINUE, TICK]


def test_the_place_of_a_run_is_known_at_any_time() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02, resume=True, position=8))
    clock.change(ClockTempo(0.12, 0.04))
    play(clock, 0.5)
    # One sixteenth lasts 0.12 s, then 0.24 s: the tenth begins at 0.36, the eleventh at 0.6.
    resume = clock.resume(0.5)
    assert resume is not None
    assert resume.at == pytest.approx(0.6)
    assert (resume.interval, resume.resume, resume.position) == (0.04, True, 11)


def test_ticks_that_are_hopelessly_late_are_skipped_and_the_receiver_put_right() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    play(clock, 1.0)
    assert clock.pop_due(61.01) == []
    sent = [(at, data) for at, data in play(clock, 61.2) if data != TICK]
    # 61.01 s are 3050.5 ticks or 508.4 sixteenths; the 509th begins at 61.08.
    assert [data for _, data in sent] == [STOP, bytes((0xF2, 509 & 0x7F, 509 >> 7)), CONTINUE]
    assert sent[0][0] == pytest.approx(61.08)
    assert clock.pending() == []


def test_a_late_walk_obeys_the_changes_on_its_way() -> None:
    clock = Clock()
    for change in (ClockRun(0.0, 0.02), ClockTempo(12.0, 0.04), ClockTempo(24.0, 0.02)):
        clock.change(change)
    clock.change(ClockStop(99.0))
    clock.pop_due(36.0)
    resume = clock.resume(36.0)
    assert resume is not None
    assert (resume.position, resume.interval) == (100 + 50 + 100, 0.02)
    assert clock.pending() == [ClockStop(99.0)]


def test_a_standing_clock_has_nothing_to_resume() -> None:
    assert Clock().resume(1.0) is None


def test_a_stop_after_a_long_silence_is_the_end() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    clock.pop_due(1.0)
    # Nobody looked for a while, so that ticks were skipped and a way back was laid.
    clock.pop_due(9.01)
    clock.change(ClockStop(9.011))
    clock.pop_due(20.0)
    assert not clock.running


def test_a_tempo_after_a_long_silence_stays() -> None:
    clock = Clock()
    clock.change(ClockRun(0.0, 0.02))
    clock.pop_due(1.0)
    clock.pop_due(9.01)
    clock.change(ClockTempo(9.011, 0.01))
    clock.pop_due(9.2)
    assert (resume := clock.resume(9.2)) is not None
    assert resume.interval == 0.01
