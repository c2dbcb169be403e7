"""What controllers are sent when gauges move and slots go by, with time moved by hand."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.music.loop_controllers import loop_messages
from engine.music.modulation import CENTRE, Modulation
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.edit import SelectSlot, SetLatent, Undo
from engine.protocol.tracks import RemoveModulation, SetModulation
from engine.protocol.transport import Play, Stop
from engine.services.transport.cc_output import AHEAD, GAP, CcOutput
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import DispatcherHarness
from tests.support.measures import quarters
from tests.support.songs import one_track

TUNE = Origin("corpus", "The Tune")
CUTOFF = Modulation(0, "cc", 2, 74)
BEND = Modulation(1, "bend", 0, 0, 0, 16_383)


def song(
    *values: float, modulations: tuple[Modulation, ...] = (CUTOFF,), tempo: float = 60.0
) -> Song:
    """Return a song whose slots have these values on their first gauge, and 0 on the others."""
    slots = tuple(
        Slot(quarters(60), code, code, TUNE) for code in ((value, *[0.0] * 31) for value in values)
    )
    return one_track("Song", tempo, slots=slots, modulations=modulations)


def sent(messages: list[m.ToPlayer]) -> list[tuple[float, int]]:
    """Return when which value was sent to the first controller."""
    return [
        (round(each.at, 6), each.data[2])
        for each in messages
        if isinstance(each, m.Send) and each.data[:2] == b"\xb2\x4a"
    ]


def test_a_value_is_sent_once_and_again_when_it_changes() -> None:
    output = CcOutput()
    assert sent(output.update(song(0.0), 0, None, 1.0)) == [(1.0, 64)]
    assert output.update(song(0.001), 0, None, 2.0) == []
    assert sent(output.update(song(3.0), 0, None, 3.0)) == [(3.0, 127)]
    assert output.next_wake() is None


def test_what_comes_too_soon_waits_and_only_the_last_of_it_is_sent() -> None:
    output = CcOutput()
    output.update(song(0.0), 0, None, 1.0)
    assert output.update(song(1.0), 0, None, 1.001) == []
    assert output.update(song(2.0), 0, None, 1.002) == []
    assert output.next_wake() == 1.0 + GAP
    assert sent(output.update(song(2.0), 0, None, 1.0 + GAP)) == [(1.005, 106)]
    assert output.next_wake() is None


def test_a_slot_without_a_code_changes_nothing() -> None:
    output = CcOutput()
    first = song(1.0)
    output.update(first, 0, None, 0.0)
    empty = first.with_track(0, slots=(*first.tracks[0].slots, Slot()))
    assert output.update(empty, 1, None, 1.0) == []
    assert output.update(empty, 0, (1.05, 1), 1.0) == []
    assert output.update(empty, 1, (1.05, 0), 2.0) == []


def test_a_new_range_is_sent_and_a_bend_that_goes_leaves_the_instrument_in_tune() -> None:
    output = CcOutput()
    output.update(song(3.0, modulations=(CUTOFF, BEND)), 0, None, 0.0)
    narrow = replace(CUTOFF, high=90)
    assert sent(output.update(song(3.0, modulations=(narrow, BEND)), 0, None, 1.0)) == [(1.0, 90)]
    centre = [m.Send(2.0, b"\xe0\x00\x40")]
    assert output.update(song(3.0, modulations=(narrow,)), 0, None, 2.0) == centre
    assert output.update(song(3.0, modulations=()), 0, None, 3.0) == []
    output.update(song(3.0, modulations=(BEND,)), 0, None, 4.0)
    assert output.close(5.0) == [m.Send(5.0, b"\xe0\x00\x40")]
    assert CENTRE == 0x40 << 7


def test_the_next_slot_s_value_is_sent_for_its_start() -> None:
    output, music = CcOutput(), song(-3.0, 3.0)
    assert sent(output.update(music, 0, (4.0, 1), 0.0)) == [(0.0, 0)]
    assert output.next_wake() == 4.0 - AHEAD
    assert sent(output.update(music, 0, (4.0, 1), 3.9)) == [(4.0, 127)]
    assert output.next_wake() == 4.0
    assert output.update(music, 1, (8.0, 0), 4.0) == []
    # An edit of the slot that is to come is sent after what was on its way.
    assert sent(output.update(music, 1, (8.0, 0), 7.95)) == [(8.0, 0)]
    assert sent(output.update(song(0.0, 3.0), 1, (8.0, 0), 7.97)) == [(8.0, 64)]
    # And the music stops before it comes: the value goes back to that of the slot shown.
    assert sent(output.update(song(0.0, 3.0), 1, None, 7.98)) == [(8.0, 127)]


moves = st.lists(
    st.tuples(st.floats(0.0, 0.2), st.integers(0, 1), st.floats(-3, 3)), min_size=1, max_size=20
)


@settings(max_examples=200)
@given(moves, st.floats(0.01, 0.4))
def test_whatever_is_moved_the_controller_follows_and_ends_where_the_gauge_stands(
    moves: list[tuple[float, int, float]], bar: float
) -> None:
    output, values, now = CcOutput(), [0.0, 0.0], 0.0
    out: list[tuple[float, int, int]] = []

    def update(at: float) -> None:
        number = int((at + GAP) / bar)
        coming = ((number + 1) * bar, (number + 1) % 2)
        for when, value in sent(output.update(song(*values), number % 2, coming, at)):
            out.append((max(at, when), len(out), value))

    def until(end: float) -> float:
        while (wake := output.next_wake()) is not None and wake <= end:
            before = wake
            update(wake)
            assert output.next_wake() is None or output.next_wake() > before  # type: ignore[operator]
        return end

    update(now)
    for wait, slot, value in moves:
        now = until(now + wait)
        values[slot] = value
        update(now)
    end = until(now + 2 * bar + 0.3)
    # Between the moments of change what was sent last is what the slot says.
    for step in range(60):
        at = now + 0.2 + step * (end - now - 0.2) / 60
        if GAP * 2 < at % bar < bar - GAP * 2:
            latest = max((each for each in out if each[0] <= at), key=lambda each: each[:2])
            assert latest[2] == CUTOFF.at(values[int(at / bar) % 2])
    # One wire carries it: a burst at one moment is as long as the moves that made it.
    assert len(out) <= 1 + 2 * len(moves) + 2 * (end / bar + 1)


def test_a_gauge_that_moves_is_heard_at_once_and_taken_back_by_undo() -> None:
    harness = DispatcherHarness(song=song(0.0, 0.0, modulations=()))
    harness.do(SetModulation(CUTOFF))
    assert sent(harness.player.messages) == [(0.0, 64)]
    harness.now = 1.0
    harness.do(SetLatent(0, 0, 3.0))
    harness.now = 1.002
    harness.do(Undo())
    harness.advance_to(2.0)
    assert sent(harness.player.messages)[1:] == [(1.0, 127), (1.005, 64)]
    harness.clear()
    assert sent(harness.do(m.PortOpened("Synth"))) == [(2.0, 64)]
    harness.do(RemoveModulation(0), SetLatent(0, 0, 1.0))
    assert sent(harness.player.messages) == [(2.0, 64)]
    harness.do(Undo(), Undo())
    assert harness.dispatcher.snapshot.row.modulations == (CUTOFF,)


def test_the_slot_that_plays_is_heard_and_the_slot_that_is_shown_when_none_does() -> None:
    harness = DispatcherHarness(song=song(-3.0, 3.0))
    harness.now = 0.5
    harness.do(SelectSlot(1))
    assert sent(harness.player.messages) == [(0.5, 127)]
    harness.clear()
    harness.now = 1.0
    harness.do(Play(0))
    harness.advance_to(1.1)
    harness.do(SetLatent(1, 0, 0.0))
    harness.advance_to(9.5)
    start = 1.0 + LEAD
    assert sent(harness.player.messages) == [(1.0, 0), (start + 4, 64), (start + 8, 0)]
    harness.clear()
    harness.do(Stop())
    assert sent(harness.player.messages) == [(9.5, 64)]
    assert harness.dispatcher.wake() is None


def test_two_gauges_on_one_controller_are_refused_with_the_one_that_has_it() -> None:
    harness = DispatcherHarness()
    harness.do(SetModulation(CUTOFF), SetModulation(replace(CUTOFF, dimension=3)))
    harness.do(SetModulation(replace(CUTOFF, dimension=99)), RemoveModulation(7))
    assert harness.dispatcher.snapshot.row.modulations == (CUTOFF,)
    refusals = [str(event) for event in harness.events if type(event).__name__ == "CommandFailed"]
    assert ["CC 74 ch 3" in refusals[0], "no gauge 99" in refusals[1]] == [True, True]
    assert harness.dispatcher.snapshot.undo == ("complexity moves CC 74 ch 3",)


def test_a_file_has_each_value_where_it_changes() -> None:
    moved = song(-3.0, -3.0, 3.0)
    sent = loop_messages(moved.tracks[0], moved.line())
    assert sent == [(0.0, b"\xb2\x4a\x00"), (8.0, b"\xb2\x4a\x7f")]
    still = song(1.0, modulations=())
    assert loop_messages(still.tracks[0], still.line()) == []


def test_a_port_that_opens_is_sent_every_value() -> None:
    harness = DispatcherHarness(song=song(3.0))
    harness.do(m.Ready(1, True), SelectSlot(0))
    harness.clear()
    harness.do(m.PortOpened("Synth"))
    assert sent(harness.player.messages) == [(0.0, 127)]
