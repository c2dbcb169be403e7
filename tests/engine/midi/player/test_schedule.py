"""Notes in, (time, bytes) out, with time moved by hand."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.messages import TimedNote
from engine.midi.player.schedule import LATE_LIMIT, Schedule


def on(pitch: int, velocity: int = 100, channel: int = 0) -> bytes:
    return bytes((0x90 | channel, pitch, velocity))


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes((0x80 | channel, pitch, 0))


def note(start: float, end: float, pitch: int = 60, channel: int = 0) -> TimedNote:
    return TimedNote(start, end, channel, pitch, 100)


def play(schedule: Schedule, until: float = math.inf) -> list[tuple[float, bytes]]:
    """Move time from deadline to deadline and return what was sent when."""
    sent = []
    while (now := schedule.next_time) <= until and now < math.inf:
        sent += [(now, due.data) for due in schedule.pop_due(now)]
    return sent


def test_a_note_starts_and_ends_on_time() -> None:
    schedule = Schedule()
    schedule.add([note(1.0, 1.5), note(1.5, 2.0, pitch=64, channel=3)], now=0.0)
    assert play(schedule) == [
        (1.0, on(60)),
        (1.5, off(60)),
        (1.5, on(64, channel=3)),
        (2.0, off(64, channel=3)),
    ]


def test_a_repeated_note_ends_before_it_is_struck_again() -> None:
    schedule = Schedule()
    schedule.add([note(2.0, 3.0), note(1.0, 2.0)], now=0.0)
    assert play(schedule) == [(1.0, on(60)), (2.0, off(60)), (2.0, on(60)), (3.0, off(60))]


def test_a_note_struck_while_it_sounds_ends_with_the_last_of_the_two() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 4.0), note(1.0, 2.0)], now=0.0)
    assert play(schedule) == [(0.0, on(60)), (1.0, off(60)), (1.0, on(60)), (4.0, off(60))]


def test_a_note_that_sounds_or_waits_is_prolonged_without_another_stroke() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 1.0), note(0.5, 2.0, pitch=64)], now=0.0)
    assert play(schedule, until=0.2) == [(0.0, on(60))]
    schedule.prolong(0, 60, 3.0)
    schedule.prolong(0, 64, 2.5)
    schedule.prolong(0, 64, 1.0)
    schedule.prolong(0, 72, 9.0)
    assert play(schedule) == [(0.5, on(64)), (2.5, off(64)), (3.0, off(60))]


def test_a_change_of_program_comes_before_the_note_it_is_meant_for() -> None:
    schedule = Schedule()
    schedule.add([note(1.0, 2.0)], now=0.0)
    schedule.send(1.0, b"\xc0\x28", now=0.0)
    assert play(schedule, 1.0) == [(1.0, b"\xc0\x28"), (1.0, on(60))]


def test_a_flush_drops_what_has_not_begun_and_keeps_the_ends() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 2.0), note(1.0, 2.0, pitch=62), note(0.5, 1.5, pitch=64)], now=0.0)
    sent = play(schedule, 0.0)
    schedule.flush(1.0, cut=False, now=0.1)
    assert sent + play(schedule) == [
        (0.0, on(60)),
        (0.5, on(64)),
        (1.5, off(64)),
        (2.0, off(60)),
    ]


def test_a_cutting_flush_ends_what_sounds_there() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 2.0), note(1.0, 2.0, pitch=62), note(0.5, 1.5, pitch=64)], now=0.0)
    sent = play(schedule, 0.0)
    schedule.flush(1.0, cut=True, now=0.1)
    assert sent + play(schedule) == [
        (0.0, on(60)),
        (0.5, on(64)),
        (1.0, off(60)),
        (1.0, off(64)),
    ]


def test_what_replaces_a_flushed_note_may_be_the_same_note() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 4.0)], now=0.0)
    sent = play(schedule, 0.0)
    schedule.flush(1.0, cut=True, now=0.5)
    schedule.add([note(1.0, 2.0)], now=0.5)
    assert sent + play(schedule) == [
        (0.0, on(60)),
        (1.0, off(60)),
        (1.0, on(60)),
        (2.0, off(60)),
    ]


def test_a_note_that_is_too_late_is_dropped_and_an_end_never_is() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 1.0), note(0.5, 2.0, pitch=62)], now=0.0)
    schedule.pop_due(0.0)
    late = 0.5 + LATE_LIMIT + 0.01
    assert schedule.pop_due(late) == []
    assert schedule.dropped == 1
    assert [due.data for due in schedule.pop_due(9.0)] == [off(60)]
    assert schedule.next_time == math.inf


def test_lateness_counts_from_when_a_note_became_known() -> None:
    schedule = Schedule()
    schedule.add([note(1.0, 2.0)], now=1.1)
    (due,) = schedule.pop_due(1.15)
    assert due.ready == 1.1


def test_silence_ends_what_sounds_and_quiets_the_used_channels() -> None:
    schedule = Schedule()
    schedule.add([note(0.0, 4.0, channel=2), note(1.0, 2.0)], now=0.0)
    schedule.send(3.0, b"\xc5\x01", now=0.0)
    play(schedule, 0.0)
    assert schedule.silence() == [
        off(60, channel=2),
        b"\xb2\x40\x00",
        b"\xb2\x7b\x00",
        b"\xb2\x78\x00",
    ]
    assert play(schedule) == [(3.0, b"\xc5\x01")]


def test_raw_notes_are_ended_by_silence_too() -> None:
    schedule = Schedule()
    schedule.send(0.0, on(70, channel=1), now=0.0)
    schedule.send(0.0, on(71, channel=1), now=0.0)
    schedule.send(1.0, b"\x91\x46\x00", now=0.0)
    assert [data for _, data in play(schedule)] == [
        on(70, channel=1),
        on(71, channel=1),
        off(70, channel=1),
    ]
    assert schedule.silence()[0] == off(71, channel=1)


times = st.integers(0, 40).map(lambda quarter: quarter / 4)
notes = st.builds(
    lambda start, length, channel, pitch: note(start, start + length, pitch, channel),
    times,
    st.integers(1, 12).map(lambda quarter: quarter / 4),
    st.integers(0, 1),
    st.integers(60, 62),
)
steps = st.one_of(
    st.lists(notes, max_size=6).map(lambda each: ("notes", each)),
    st.tuples(st.just("flush"), times, st.booleans()),
    st.tuples(st.just("panic")),
    st.tuples(st.just("wait"), st.integers(0, 8).map(lambda quarter: quarter / 4)),
)


@given(st.lists(steps, max_size=30), st.booleans())
def test_every_start_is_followed_by_one_end_whatever_happens(
    story: list[tuple[object, ...]], killed: bool
) -> None:
    schedule = Schedule()
    now = 0.0
    sent: list[bytes] = []
    for step in story:
        match step:
            case ("notes", list(each)):
                schedule.add(each, now)
            case ("flush", float(at), bool(cut)):
                schedule.flush(at, cut, now)
            case ("panic",):
                sent += schedule.silence()
            case ("wait", float(pause)):
                now += pause
                sent += [due.data for due in schedule.pop_due(now)]
    if killed:
        sent += schedule.silence()
    else:
        while schedule.next_time < math.inf:
            now = max(now, schedule.next_time)
            sent += [due.data for due in schedule.pop_due(now)]
    assert not schedule.sounding
    held: Counter[tuple[int, int]] = Counter()
    for data in sent:
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if kind == 0x90:
            held[key] += 1
        elif kind == 0x80:
            held[key] -= 1
        assert held[key] in (0, 1)
    assert not +held
