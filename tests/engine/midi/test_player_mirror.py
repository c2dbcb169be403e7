"""The mirror becomes the plan by what differs, and another player by a replay; no note hangs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.midi.player.schedule import Schedule
from engine.midi.player_mirror import SHORTEST, Messages, PlayerMirror, PlayerPlan

AT = 10.0
Notes = tuple[m.TimedNote, ...]


@st.composite
def scores(draw: st.DrawFn, first: int = 0) -> Notes:
    ons = draw(st.lists(st.integers(first, 60), unique=True, max_size=12))
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


def one_voice(notes: Notes) -> Notes:
    """Return the notes, each ended where the next begins."""
    return tuple(
        replace(note, off=min([note.off, *(other.on for other in notes if other.on > note.on)]))
        for note in notes
    )


CHANGES = st.one_of(
    scores().map(m.Notes),
    scores().map(lambda notes: m.Notes(notes, 1)),
    st.builds(m.Flush, st.floats(AT, AT + 6), st.booleans(), st.integers(0, 1)),
    st.builds(m.Prolong, st.just(0), st.integers(60, 62), st.floats(AT, AT + 9)),
    st.builds(
        m.Send,
        st.floats(AT, AT + 2),
        st.sampled_from([b"\xc0\x05", b"\xc1\x06", b"\xb0\x07\x10", b"\xb0\x07\x20"]),
        st.integers(0, 1),
    ),
    st.builds(m.ClockRun, st.floats(AT, AT + 2), st.floats(0.01, 0.1)),
    st.builds(m.ClockTempo, st.floats(AT, AT + 2), st.floats(0.01, 0.1)),
    st.builds(m.ClockStop, st.floats(AT, AT + 2)),
    st.builds(m.UsePort, st.sampled_from([None, "synth"]), outlet=st.integers(0, 1)),
    st.builds(m.Listen, st.just(("keys",))),
    st.builds(m.Thru, st.booleans()),
    st.just(m.SilenceAll()),
)  # fmt: skip


def mirror_of(messages: Iterable[m.ToPlayer], now: float = AT) -> PlayerMirror:
    mirror = PlayerMirror()
    apply(mirror, messages, now)
    return mirror


def apply(mirror: PlayerMirror, messages: Iterable[m.ToPlayer], now: float) -> None:
    for message in messages:
        mirror.apply(message, now)


def rounded(plan: PlayerPlan) -> PlayerPlan:
    """Return a plan in which times that were reckoned in two ways are the same."""
    clock = tuple(replace(each, at=round(each.at, 6)) for each in plan.clock)
    return replace(plan, clock=clock)


@given(st.lists(CHANGES, max_size=8), st.lists(CHANGES, max_size=8))
def test_what_differs_makes_a_mirror_the_plan(before: Messages, wanted: Messages) -> None:
    now = AT + 2.5
    mirror, plan = mirror_of(before), mirror_of(wanted).plan(now, now)
    apply(mirror, mirror.diff(plan, now), now)
    assert mirror.plan(now, now).notes == plan.notes
    # Programs of which the plan knows nothing are left as they are.
    assert {*plan.program} <= {*mirror.program(now)}
    # The clock begins at a sixteenth, which may be to come.
    later = now + 10
    wanted_then = mirror_of(wanted).plan(later, later)
    assert rounded(mirror.plan(later, later)).clock == rounded(wanted_then).clock


@given(scores(), scores(), st.integers(0, 30), st.none() | st.integers(60, 62))
def test_a_voice_is_brought_to_the_note_that_is_to_sound_and_to_later_ones(
    before: Notes, wanted: Notes, cut: int, pitch: int | None
) -> None:
    at = AT + cut / 10 + 0.03
    mirror = mirror_of([m.Notes(one_voice(before))])
    later = tuple(note for note in one_voice(wanted) if note.on >= at)
    end = min([at + 0.5, *(note.on for note in later)])
    sounding = () if pitch is None else (m.TimedNote(at - 0.1, end, 0, pitch, 90),)
    apply(mirror, mirror.diff(PlayerPlan(at, (m.Notes(later),)), AT, sounding), AT)
    struck = tuple(note for note in mirror.notes(at) if note.on == at and note not in later)
    assert mirror.notes(at) == (*struck, *later)
    now_sounds = struck or mirror.sounding(at + 1e-9)
    if not sounding or end - at < SHORTEST:
        assert all(note.off <= max(at, end) for note in now_sounds)
    else:
        assert [(note.pitch, note.off) for note in now_sounds] == [(pitch, end)]
    # Nothing differs any more.
    assert mirror.diff(PlayerPlan(at, (m.Notes(mirror.notes(at)),)), AT, mirror.sounding(at)) == []


@given(scores(), scores(), st.lists(st.booleans(), min_size=24, max_size=24))
def test_what_is_both_held_and_wanted_is_there_afterwards(
    held: Notes, other: Notes, chosen: list[bool]
) -> None:
    mirror = mirror_of([m.Notes(held)])
    wanted = {
        note.on: note for note, is_wanted in zip((*held, *other), chosen, strict=False) if is_wanted
    }
    plan = PlayerPlan(AT, (m.Notes(tuple(wanted[on] for on in sorted(wanted))),))
    apply(mirror, mirror.diff(plan, AT), AT)
    assert mirror.notes(AT) == plan.notes[0].notes


@given(scores(), st.integers(1, 30), st.floats(0.1, 3))
def test_a_note_that_goes_on_ends_when_it_should(held: Notes, cut: int, rest: float) -> None:
    at = AT + cut / 10 + 0.03
    mirror = mirror_of([m.Notes(one_voice(held))])
    last = mirror.sounding(at)
    if last:
        sounding = (replace(last[-1], off=at + rest),)
        messages = mirror.diff(PlayerPlan(at), AT, sounding)
        apply(mirror, messages, AT)
        assert mirror.sounding(at)[-1:] == sounding
        assert not any(isinstance(message, m.Notes) for message in messages)
        assert mirror.end == at + rest


@given(st.lists(CHANGES, max_size=10), st.floats(AT, AT + 3))
@example(
    # A clock that was held up is put right at a sixteenth, and another begins before that.
    [m.ClockRun(AT, 0.0419), m.ClockRun(AT + 2.0, 0.0625)],
    AT + 1.9375,
)
def test_a_replay_into_an_empty_mirror_gives_the_same_mirror(sent: Messages, now: float) -> None:
    mirror, other = mirror_of(sent), PlayerMirror()
    apply(other, mirror.replay(now), now)
    later = now + 0.1
    assert rounded(other.plan(later, later)) == rounded(mirror.plan(later, later))
    assert other.standing == mirror.standing
    assert [port.name for port in other.ports] == [port.name for port in mirror.ports]


@given(scores(), scores(), st.integers(0, 60), st.booleans())
def test_no_note_hangs_whatever_differs(before: Notes, wanted: Notes, when: int, one: bool) -> None:
    now = AT + when / 10
    schedule, mirror = Schedule(), PlayerMirror()
    on: set[tuple[int, int]] = set()

    def send(messages: Iterable[m.ToPlayer], now: float) -> None:
        for message in messages:
            mirror.apply(message, now)
            match message:
                case m.Notes(notes):
                    schedule.add(notes, now, message.voice)
                case m.Flush(at, cut):
                    schedule.flush(at, cut, now, message.voice)
                case m.Prolong(channel, pitch, off):
                    schedule.prolong(channel, pitch, off, message.voice)

    def play(until: float) -> None:
        for due in schedule.pop_due(until):
            key = due.data[0] & 0x0F, due.data[1]
            if due.data[0] & 0xF0 == 0x90:
                on.add(key)
            else:
                on.discard(key)

    send([m.Notes(one_voice(before))], AT)
    play(now)
    at = now + 0.002
    later = tuple(note for note in one_voice(wanted) if note.on >= at)
    plan = PlayerPlan(at, (m.Notes(later),))
    send(mirror.diff(plan, now, ()) if one else mirror.diff(plan, now), now)
    play(at)
    assert not one or on <= {(note.channel, note.pitch) for note in later[:1]}
    play(mirror.end)
    assert on == set()


@given(scores(), st.integers(0, 12))
def test_what_is_right_already_is_left_alone(score: Notes, part: int) -> None:
    mirror = mirror_of([m.Notes(score[:part], 2)])
    sent = mirror.diff(PlayerPlan(AT, (m.Notes(score, 2),)), AT)
    assert sent == ([m.Notes(score[part:], 2)] if score[part:] else [])


def test_an_instrument_is_sent_its_bank_before_its_program_and_its_controllers_after() -> None:
    sent = (b"\xb0\x07\x10", b"\xc0\x05", b"\xb0\x20\x02", b"\xb0\x00\x01", b"\xb0\x07\x40")
    other = (b"\xb0\x7b\x00", b"\xb0\x06\x01", b"\x90\x3c\x40")
    mirror = mirror_of([m.Send(AT, data) for data in (*sent, *other)])
    mirror.apply(m.Send(AT, b"\xc0\x09", 1), AT)
    assert [(each.data, each.outlet) for each in mirror.program(AT + 1)] == [
        (b"\xb0\x00\x01", 0),
        (b"\xb0\x20\x02", 0),
        (b"\xc0\x05", 0),
        (b"\xb0\x07\x40", 0),
        (b"\xc0\x09", 1),
    ]


def test_a_value_that_is_still_to_come_comes_at_its_time() -> None:
    first, second, third = (m.Send(AT + n, bytes((0xB0, 7, n))) for n in range(3))
    mirror = mirror_of([first, second, third])
    assert mirror.program(AT + 1.5) == (replace(second, at=AT + 1.5), third)
    mirror.apply(replace(third, at=AT + 3), AT + 2.5)
    assert mirror.program(AT + 0.5) == (replace(third, at=AT + 2), replace(third, at=AT + 3))


def test_it_follows_what_a_player_is_sent() -> None:
    first, second, third = (m.TimedNote(AT + n, AT + n + 0.5, 0, 60 + n, 90) for n in (0, 1, 2))
    mirror = mirror_of(
        (
            m.Notes((first, second, third)),
            m.Flush(AT + 1.8),
            m.Prolong(0, 61, AT + 2.0),
            m.Send(AT, b"\xc0\x05"),
            m.Send(AT, b"\xc3\x07"),
            m.ClockRun(AT, 0.02),
        )
    )
    assert [note.off for note in mirror.notes(AT)] == [AT + 0.5, AT + 2.0]
    assert [each.data for each in mirror.program(AT)] == [b"\xc0\x05", b"\xc3\x07"]
    (clock,) = mirror.clock(AT + 1, AT + 1)
    assert isinstance(clock, m.ClockRun)
    assert clock.resume
    assert mirror.interval(AT + 1) == 0.02
    assert mirror.end == AT + 2.0
    mirror.apply(m.Flush(AT + 1.2, cut=True), AT + 1)
    assert mirror.end == AT + 1.2
    mirror.apply(m.ClockStop(AT + 1), AT + 1)
    assert mirror.interval(AT + 1.1) is None
    mirror.apply(m.SilenceAll(), AT + 1)
    assert mirror.notes(0.0) == ()
