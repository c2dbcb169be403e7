"""What a player holds can be told to another, and put right where it holds something else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.remote.sent_schedule import Held

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
@given(scores(), scores(), scores(), scores())
def test_whatever_is_held_becomes_what_is_wanted(
    before: tuple[m.TimedNote, ...],
    wanted: tuple[m.TimedNote, ...],
    routed: tuple[m.TimedNote, ...],
    routed_then: tuple[m.TimedNote, ...],
) -> None:
    held, other = Held(), Held()
    for each, notes in ((held, (before, routed)), (other, (wanted, routed_then))):
        for outlet in (0, 1):
            each.take(m.Notes(notes[outlet], outlet), AT)
    for message in held.put_right(other.score(AT), AT):
        held.take(message, AT)
    assert held.score(AT) == other.score(AT)
    assert held.notes(AT) == wanted


@settings(deadline=None)
@given(scores(), st.integers(0, 12))
def test_what_is_right_already_is_left_alone(score: tuple[m.TimedNote, ...], part: int) -> None:
    held = Held()
    held.take(m.Notes(score[:part], 2), AT)
    told = held.put_right((m.Notes(score, 2),), AT)
    assert told == ([m.Notes(score[part:], 2)] if score[part:] else [])


def test_an_instrument_is_told_its_bank_before_its_program_and_its_controllers_after() -> None:
    held = Held()
    sent = (b"\xb0\x07\x10", b"\xc0\x05", b"\xb0\x20\x02", b"\xb0\x00\x01", b"\xb0\x07\x40")
    for data in (*sent, b"\xb0\x7b\x00", b"\xb0\x06\x01", b"\x90\x3c\x40"):
        held.take(m.Send(AT, data), AT)
    held.take(m.Send(AT, b"\xc0\x09", 1), AT)
    told = [(each.data, each.outlet) for each in held.program(AT + 1)]
    assert told == [
        (b"\xb0\x00\x01", 0),
        (b"\xb0\x20\x02", 0),
        (b"\xc0\x05", 0),
        (b"\xb0\x07\x40", 0),
        (b"\xc0\x09", 1),
    ]


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
    held.take(m.SilenceAll(), AT + 1)
    assert held.notes(0.0) == ()
