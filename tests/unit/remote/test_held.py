"""What a player holds can be told to another, and put right where it holds something else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.remote.held import Held, put_right

AT = 10.0


@st.composite
def scores(draw: st.DrawFn) -> tuple[m.TimedNote, ...]:
    ons = draw(st.lists(st.integers(0, 60), unique=True, max_size=12))
    return tuple(
        m.TimedNote(
            AT + on / 10,
            AT + on / 10 + draw(st.sampled_from([0.05, 0.2, 1.0])),
            draw(st.integers(0, 1)),
            draw(st.integers(60, 62)),
            90,
        )
        for on in sorted(ons)
    )


@settings(deadline=None)
@given(scores(), scores())
def test_whatever_is_held_becomes_what_is_wanted(
    before: tuple[m.TimedNote, ...], wanted: tuple[m.TimedNote, ...]
) -> None:
    held = Held()
    held.take(m.Notes(before), AT)
    for message in put_right(held.notes(AT), wanted, AT):
        held.take(message, AT)
    assert held.notes(AT) == wanted


@settings(deadline=None)
@given(scores(), st.integers(0, 12))
def test_what_is_right_already_is_left_alone(score: tuple[m.TimedNote, ...], part: int) -> None:
    told = put_right(score[:part], score, AT)
    assert not any(isinstance(message, m.Flush) for message in told)
    assert [n for message in told if isinstance(message, m.Notes) for n in message.notes] == list(
        score[part:]
    )


def test_it_follows_what_a_player_is_told() -> None:
    held = Held()
    first, second, third = (m.TimedNote(AT + n, AT + n + 0.5, 0, 60 + n, 90) for n in (0, 1, 2))
    held.take(m.Notes((first, second, third)), AT)
    held.take(m.Flush(AT + 1.8), AT)
    held.take(m.Prolong(0, 61, AT + 2.0), AT)
    held.take(m.Send(AT, b"\xc0\x05"), AT)
    held.take(m.Send(AT, b"\xc3\x07"), AT)
    held.take(m.ClockRun(AT, 0.02), AT)
    assert [note.off for note in held.notes(AT)] == [AT + 0.5, AT + 2.0]
    assert [each.data for each in held.program(AT)] == [b"\xc0\x05", b"\xc3\x07"]
    (clock,) = held.clock(AT + 1, AT + 1)
    assert isinstance(clock, m.ClockRun)
    assert clock.resume
    assert held.interval(AT + 1) == 0.02
    assert held.end == AT + 2.0
    held.take(m.Flush(AT + 1.2, cut=True), AT + 1)
    assert held.end == AT + 1.2
    held.take(m.ClockStop(AT + 1), AT + 1)
    assert held.interval(AT + 1.1) is None
    held.take(m.Panic(), AT + 1)
    assert held.notes(0.0) == ()
