"""The loop follows the form of a song: order, tempi, loops of a part, and jumps.

The tempo is 60 where nothing else is said, so that quarter notes are seconds; a measure is one
note of four quarters. The music starts at time 0.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import NotReady
from engine.midi import messages as m
from engine.midi.clock import TICK, Clock
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.song import Song
from engine.protocol.snapshot import JumpUnit, RecordSettings
from engine.services.transport.sequencer import LEAD
from tests.support.sequencer import C, D, E, SequencerHarness, song

A, B = Section("A", 2), Section("B", 1)


def formed(*measures: str, sections: tuple[Section, ...], order: tuple[OrderEntry, ...]) -> Song:
    return replace(song(*measures), form=SongForm(sections, order))


AABA = formed(
    "C---", "D---", "E---",
    sections=(A, B), order=(OrderEntry(0, 2), OrderEntry(1), OrderEntry(0)),
)  # fmt: skip


def struck(harness: SequencerHarness) -> list[tuple[float, int]]:
    return [(at, pitch) for at, kind, pitch in harness.sounded if kind == "on"]


def test_the_order_is_played_and_comes_round() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(31.0)
    assert [pitch for _, pitch in struck(harness)] == [C, D, C, D, E, C, D, C]
    assert [at for at, _ in struck(harness)] == [4.0 * n for n in range(8)]


def test_the_playhead_says_entry_and_repeat() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    seen = []
    for measure in range(7):
        harness.advance_to(4.0 * measure + 1)
        shown = harness.sequencer.playhead(harness.now)
        assert shown.beat == pytest.approx(1.0)
        seen.append((shown.slot, shown.entry, shown.repeat))
    assert seen == [(0, 0, 0), (1, 0, 0), (0, 0, 1), (1, 0, 1), (2, 1, 0), (0, 2, 0), (1, 2, 0)]


def test_each_section_has_its_tempo_and_the_clock_goes_along() -> None:
    fast = Section("B", 1, tempo=120.0)
    order = OrderEntry(0), OrderEntry(1)
    sections = Section("A", 1), fast
    harness = SequencerHarness(formed("C---", "D---", sections=sections, order=order))
    harness.play()
    harness.advance_to(13.0)
    assert struck(harness) == [(0.0, C), (4.0, D), (6.0, C), (10.0, D), (12.0, C)]
    assert ticks(harness, 4.0) == pytest.approx([n / 24 for n in range(96)])
    assert ticks(harness, 6.0)[96:] == pytest.approx([4 + n / 48 for n in range(96)])


def test_a_ramp_is_played_and_the_clock_keeps_its_beat() -> None:
    ramp = Section("A", 2, ramp=120.0)
    ramped = formed("CDEF", "CDEF", sections=(ramp,), order=(OrderEntry(0),))
    harness = SequencerHarness(ramped)
    harness.play()
    harness.advance_to(8.0)
    tempi = ramped.tempo_map(ramped.steps)
    starts = [at for at, _ in struck(harness)]
    expected = [tempi.seconds(float(beat)) for beat in range(len(starts))]
    assert starts == pytest.approx(expected, abs=1e-3)
    beats = ticks(harness, 8.0)[::24]
    assert beats == pytest.approx(
        [tempi.seconds(float(beat)) for beat in range(len(beats))], abs=2e-3
    )


def ticks(harness: SequencerHarness, until: float) -> list[float]:
    """Return when the ticks of the clock are due, of all that was sent."""
    clock = Clock()
    for message in harness.others:
        if isinstance(message, m.ClockRun | m.ClockTempo | m.ClockStop):
            clock.change(message)
    times = []
    while clock.next_time < until - 1e-9:
        at = clock.next_time
        times += [at for due in clock.pop_due(at) if due.data == TICK]
    return times


def test_a_section_is_looped_once_its_measure_has_ended() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(5.0)
    harness.schedule_all(harness.sequencer.set_loop(range(2, 3), harness.now))
    harness.advance_to(17.0)
    assert struck(harness) == [(0.0, C), (4.0, D), (8.0, E), (12.0, E), (16.0, E)]
    harness.schedule_all(harness.sequencer.set_loop(None, harness.now))
    harness.advance_to(25.0)
    assert struck(harness)[5:] == [(20.0, C), (24.0, D)]


def test_what_is_looped_and_sounds_already_goes_on() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(5.0)
    harness.schedule_all(harness.sequencer.set_loop(range(1, 2), harness.now))
    harness.advance_to(13.0)
    assert struck(harness) == [(0.0, C), (4.0, D), (8.0, D), (12.0, D)]


@pytest.mark.parametrize(
    ("unit", "at"), [("now", 1.002), ("beat", 2.0), ("measure", 4.0), ("section", 8.0)]
)
def test_a_jump_happens_when_it_was_asked_for(unit: JumpUnit, at: float) -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, unit))
    harness.advance_to(at + 5)
    notes = [each for each in struck(harness) if each[0] >= at - 1e-6]
    assert [pitch for _, pitch in notes] == [E, C]
    assert [time for time, _ in notes] == pytest.approx([at, at + 4], abs=1e-3)
    # What sounded has ended there, and the clock went on.
    before = [kind for time, kind, _ in harness.sounded if time <= at + 1e-3]
    assert before.count("on") - before.count("off") == 1
    assert ticks(harness, 8.0) == pytest.approx([n / 24 for n in range(192)])


def test_a_jump_that_is_to_come_is_shown_and_can_be_changed() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, "section"))
    shown = harness.sequencer.playhead(harness.now)
    assert (shown.slot, shown.jump_slot, shown.jump_entry) == (0, 2, 1)
    harness.schedule_all(harness.sequencer.jump(harness.now, 1, None, "measure"))
    shown = harness.sequencer.playhead(harness.now)
    assert (shown.jump_slot, shown.jump_entry) == (1, 0)
    harness.advance_to(9.0)
    assert struck(harness) == [(0.0, C), (4.0, D), (8.0, C)]
    assert harness.sequencer.playhead(harness.now).jump_slot is None


def test_the_playhead_stays_where_it_is_until_the_jump_is_heard() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, "measure"))
    # The player has its notes of the other side by now.
    harness.advance_to(3.9)
    assert harness.sequencer.playhead(3.9).slot == 0
    harness.advance_to(4.1)
    shown = harness.sequencer.playhead(4.1)
    assert (shown.slot, shown.entry, shown.jump_slot) == (2, 1, None)
    assert shown.beat == pytest.approx(0.1)


def test_a_jump_into_another_tempo_keeps_time_before_and_after() -> None:
    fast = formed(
        "C---", "D---",
        sections=(Section("A", 1), Section("B", 1, tempo=240.0)),
        order=(OrderEntry(0), OrderEntry(1)),
    )  # fmt: skip
    harness = SequencerHarness(fast)
    harness.play()
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, "beat"))
    harness.advance_to(8.5)
    assert struck(harness) == [(0.0, C), (2.0, D), (3.0, C), (7.0, D), (8.0, C)]


def test_what_the_loop_does_not_play_cannot_be_gone_to_nor_recorded() -> None:
    parked = formed("C---", "D---", "E---", sections=(A, B), order=(OrderEntry(0),))
    harness = SequencerHarness(parked)
    harness.play()
    with pytest.raises(NotReady, match="Measure 3 is not played"):
        harness.sequencer.jump(0.0, 2, None, "now")
    with pytest.raises(NotReady, match="Measure 3 is not played"):
        harness.sequencer.record(0.0, 2, 1, RecordSettings())
    harness.schedule_all(harness.sequencer.set_loop(range(0, 1), 0.0))
    with pytest.raises(NotReady, match="does not play the order"):
        harness.sequencer.jump(0.0, 0, 0, "now")


def test_an_edit_of_the_order_leaves_what_sounds() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(17.0)
    # The first entry goes; E is in its midst.
    order = AABA.form.order[1:]
    harness.change(replace(AABA, form=replace(AABA.form, order=order)))
    harness.advance_to(25.0)
    assert struck(harness)[4:] == [(16.0, E), (20.0, C), (24.0, D)]


steps = st.one_of(
    st.tuples(st.just("jump"), st.integers(0, 2), st.sampled_from(["now", "beat", "section"])),
    st.tuples(st.just("loop"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("tempo"), st.floats(60, 200), st.just(0)),
    st.tuples(st.just("order"), st.integers(0, 2), st.integers(1, 2)),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0.05, 6.0), steps), max_size=8))
# A jump into another tempo is planned before it is heard, and until then the old tempo holds.
@example(
    [
        (1.25, ("tempo", 60.0, 0)),
        (5.125, ("order", 1, 1)),
        (1.5, ("tempo", 65.0, 0)),
        (4.5, ("jump", 0, "section")),
        (2.71875, ("loop", 0, 0)),
    ]
)
def test_whatever_is_done_to_it_no_note_hangs_and_time_goes_on(
    done: list[tuple[float, tuple[str, float, object]]],
) -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    shown = AABA
    for wait, (kind, value, other) in done:
        harness.advance_to(harness.now + wait)
        if kind == "jump":
            try:
                sent = harness.sequencer.jump(harness.now, 0, int(value), other)  # type: ignore[arg-type]
            except NotReady:
                sent = []
            harness.schedule_all(sent)
        elif kind == "loop":
            first = int(value)
            slots = range(first, min(3, first + int(str(other)))) or None
            harness.schedule_all(harness.sequencer.set_loop(slots, harness.now))
        else:
            form = shown.form
            if kind == "tempo":
                section = replace(form.sections[1], tempo=value)
                form = form.with_section(1, section)
            else:
                form = replace(
                    form, order=(OrderEntry(int(value) % 2, int(str(other))), *form.order)
                )
            shown = replace(shown, form=form)
            harness.change(shown)
        position = harness.sequencer.at(harness.now)
        harness.advance_to(harness.now + 0.05)
        after = harness.sequencer.at(harness.now)
        assert after is not None
        assert position is not None
        assert after > position
    harness.schedule_all(harness.sequencer.stop(harness.now))
    harness.advance_to(harness.now + 10)
    sounding: set[int] = set()
    for _, kind, pitch in harness.sounded:
        if kind == "on":
            assert pitch not in sounding
            sounding.add(pitch)
        else:
            sounding.discard(pitch)
    assert not sounding


def test_a_song_that_is_played_once_ends_with_its_turn() -> None:
    harness = SequencerHarness(AABA)
    harness.now = -LEAD
    harness.schedule_all(harness.sequencer.play(harness.now, once=True))
    harness.advance_to(27.9)
    assert not harness.sequencer.over(harness.now)
    harness.advance_to(30.0)
    assert harness.sequencer.over(harness.now)
    assert [pitch for _, pitch in struck(harness)] == [C, D, C, D, E, C, D]
    assert harness.sounded[-1] == (28.0, "off", D)


def test_controllers_hear_of_a_jump_when_it_is_heard_and_not_when_it_is_sent() -> None:
    harness = SequencerHarness(AABA)
    harness.play()
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, "measure"))
    for now in (1.1, 3.5, 3.9):
        harness.advance_to(now)
        slot, (at, following) = harness.sequencer.course(now) or (None, (0.0, None))
        assert (slot, following) == (0, 2)
        assert at == pytest.approx(4.0)
    harness.advance_to(4.1)
    slot, (at, following) = harness.sequencer.course(4.1) or (None, (0.0, None))
    assert (slot, following) == (2, 0)
    assert at == pytest.approx(8.0)


def test_a_song_that_is_played_once_ends_with_its_turn_after_a_jump_also() -> None:
    harness = SequencerHarness(AABA)
    harness.now = -LEAD
    harness.schedule_all(harness.sequencer.play(harness.now, once=True))
    harness.advance_to(1.0)
    harness.schedule_all(harness.sequencer.jump(harness.now, 0, 1, "measure"))
    harness.advance_to(30.0)
    assert [pitch for _, pitch in struck(harness)] == [C, E, C, D]
    assert harness.sequencer.over(harness.now)
