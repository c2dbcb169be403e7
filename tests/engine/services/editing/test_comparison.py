"""Two states heard by turns: marks, flips that are no steps, and what is kept."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import Settings
from engine.midi import messages as m
from engine.music.measure import Measure, Note
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.comparison import FlipState, KeepState, MarkState, StateComparison
from engine.protocol.edit import (
    InsertSlot,
    LoadMeasures,
    RemoveSlot,
    ReplaceSong,
    SetLatent,
    SetTempo,
    Undo,
)
from engine.protocol.notes import LockNotes, ToggleMeasureLock, TransposeNotes
from engine.protocol.tracks import AddTrack, MoveTrack, SetTrack
from engine.protocol.transport import Play
from engine.services.editing.state import State
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import DispatcherHarness
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure
from tests.support.songs import one_track

TUNE = Origin("corpus", "The Tune")
UP = TransposeNotes(0, Fraction(0), Fraction(4), 2)
"""Lifts the first measure by a tone."""

CDEF, UP_A_TONE = measure("CDEF"), measure("CDEF").transposed(2)


def loaded(model: FakeModel) -> State:
    state = State()
    state.adopt(model)
    do(state, LoadMeasures(0, (measure("CDEF"), measure("GFED")), (TUNE,) * 2))
    return state


@pytest.fixture
def state(model: FakeModel) -> State:
    return loaded(model)


def heard(state: State, slot: int = 0) -> Measure:
    return state.snapshot().song.slot(slot).measure


def test_a_mark_is_heard_again_and_the_edited_measure_after_it(state: State) -> None:
    do(state, MarkState(0), UP)
    steps = state.snapshot().undo
    assert state.snapshot().compared == StateComparison(0, 0, "A")
    assert heard(state) == UP_A_TONE
    do(state, FlipState())
    assert state.snapshot().compared == StateComparison(0, 0, "B")
    assert heard(state) == CDEF
    do(state, FlipState())
    assert heard(state) == UP_A_TONE
    # A flip is no step.
    assert state.snapshot().undo == steps
    do(state, FlipState(), KeepState())
    assert heard(state) == CDEF
    assert state.snapshot().compared is None
    assert state.snapshot().undo == ("keep B of measure 1", *steps)
    do(state, Undo())
    assert heard(state) == UP_A_TONE
    do(state, Undo())
    assert heard(state) == CDEF


def test_keeping_a_takes_the_mark_away_and_is_no_step(state: State) -> None:
    do(state, MarkState(0), UP)
    steps = state.snapshot().undo
    do(state, FlipState(), FlipState(), KeepState())
    assert (heard(state), state.snapshot().undo) == (UP_A_TONE, steps)
    for command in (FlipState(), KeepState()):
        assert refusal(state, command) == "No state is marked as B."


def test_an_edit_of_b_keeps_it_first_and_undo_goes_back_to_a(state: State) -> None:
    do(state, MarkState(0), UP, FlipState())
    do(state, SetTempo(90))
    assert state.snapshot().undo[:2] == ("tempo 90", "keep B of measure 1")
    assert (heard(state), state.snapshot().compared) == (CDEF, None)
    do(state, Undo(), Undo())
    assert heard(state) == UP_A_TONE
    do(state, MarkState(0), UP, FlipState(), Undo())
    # The step that was taken back is the last edit of A.
    assert heard(state) == UP_A_TONE
    assert state.snapshot().compared == StateComparison(0, 0, "A")
    # What is refused changes nothing, not even that.
    do(state, UP, FlipState())
    refusal(state, SetTempo(9000))
    assert state.snapshot().compared == StateComparison(0, 0, "B")
    assert "B sounds" in refusal(state, MarkState(1))


def test_a_gesture_does_not_go_on_through_a_flip_that_is_kept(state: State) -> None:
    do(state, MarkState(0), SetLatent(0, 2, 1.0, 7), FlipState(), SetLatent(0, 2, -1.0, 7))
    assert len(state.snapshot().undo) == 4
    do(state, Undo())
    assert heard(state) == CDEF


def test_the_whole_song_is_compared(state: State) -> None:
    do(state, MarkState(None))
    marked = state.snapshot().song
    do(state, AddTrack(), SetTempo(140), RemoveSlot(1))
    edited = state.snapshot().song
    assert state.snapshot().compared == StateComparison(None, 0, "A")
    assert do(state, FlipState()).song == marked
    assert do(state, FlipState()).song == edited
    do(state, FlipState(), KeepState())
    assert state.snapshot().undo[0] == "keep B of the song"
    assert do(state, Undo()).song == edited


@pytest.mark.parametrize("command", [InsertSlot(0), RemoveSlot(1), AddTrack()])
def test_a_mark_whose_measure_may_be_elsewhere_is_gone(state: State, command: Any) -> None:
    do(state, MarkState(0), command)
    assert state.snapshot().compared is None
    do(state, Undo())
    assert state.snapshot().compared is None


def test_tracks_that_change_places_take_the_mark_away(state: State) -> None:
    do(state, AddTrack(), MarkState(0, track=0), SetTrack(name="Tune", track=0))
    assert state.snapshot().compared is not None
    do(state, MoveTrack(1, track=0))
    assert state.snapshot().compared is None


def test_locks_hold_against_b_and_the_way_back_is_open(state: State) -> None:
    do(state, MarkState(0), UP, LockNotes(0, (0,), True))
    assert "Locked notes of measure 1" in refusal(state, FlipState())
    do(state, LockNotes(0, (0,), False), ToggleMeasureLock(0))
    assert refusal(state, FlipState()) == "Measure 1 is locked."
    # One that was marked while it was locked is left again.
    do(state, MarkState(0), ToggleMeasureLock(0), UP, FlipState())
    assert state.snapshot().song.slot(0).locked
    do(state, FlipState())
    assert not state.snapshot().song.slot(0).locked
    do(state, SetTrack(locked=True))
    assert "locked" in refusal(state, FlipState())


def test_another_song_takes_the_mark_away_and_undo_brings_a_back(state: State) -> None:
    do(state, MarkState(0), UP, FlipState(), ReplaceSong(Song(title="Other")))
    assert state.snapshot().compared is None
    do(state, Undo())
    assert heard(state) == UP_A_TONE


def test_what_is_not_there_cannot_be_marked(state: State) -> None:
    assert "no measure 99" in refusal(state, MarkState(98))
    assert "no track 9" in refusal(state, MarkState(0, track=8))


COMMANDS = st.sampled_from([
    MarkState(0), MarkState(1), MarkState(None), FlipState(), FlipState(), KeepState(), Undo(),
    UP, SetTempo(90), SetTempo(91), InsertSlot(0), ToggleMeasureLock(0), SetLatent(1, 2, 1.0, 3),
])  # fmt: skip


class Plain:
    """What should be heard and remembered: songs in a list, and a mark."""

    def __init__(self, song: Song) -> None:
        self.past = [song]
        self.mark: tuple[int | None, Any] | None = None
        self.b = False

    def heard(self) -> Song:
        song = self.past[-1]
        if not self.b or self.mark is None:
            return song
        slot, other = self.mark
        return other if slot is None else song.with_slot(slot, other)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(COMMANDS, max_size=14))
def test_random_commands_do_what_a_plain_model_does(model: FakeModel, commands: list[Any]) -> None:
    state = loaded(model)
    plain, first = Plain(state.snapshot().song), len(state.snapshot().undo)
    for command in commands:
        before = state.snapshot()
        if isinstance(command, Undo) and len(before.undo) == first:
            continue
        state.apply(command)
        after = state.snapshot()
        match command:
            case MarkState(slot) if not plain.b:
                song = plain.past[-1]
                plain.mark = slot, song if slot is None else song.slot(slot)
            case FlipState() if after.compared != before.compared:
                plain.b = not plain.b
            case KeepState() if plain.mark is not None:
                plain.past += [plain.heard()] if plain.heard() != plain.past[-1] else []
                plain.mark, plain.b = None, False
            case Undo():
                plain.past.pop()
                plain.b = False
            case MarkState() | FlipState() | KeepState():
                pass
            case _ if after.revision != before.revision:
                if plain.b:
                    plain.past += [plain.heard()] if plain.heard() != plain.past[-1] else []
                    plain.mark, plain.b = None, False
                # A gesture that goes on is one step.
                kept = len(after.undo) - first
                plain.past = [*plain.past[:kept], after.song]
        if after.compared is None:
            plain.mark, plain.b = None, False
        assert after.song == plain.heard()
        assert len(after.undo) - first == len(plain.past) - 1
        assert (after.compared is None) == (plain.mark is None)
        assert (
            plain.mark is None or (after.compared or StateComparison(0, 0)).sounds == "AB"[plain.b]
        )


@pytest.mark.parametrize(("timing", "from_beat"), [("now", 2), ("beat", 3)])
def test_a_flip_takes_over_while_it_plays_as_an_edit_does(
    timing: Literal["now", "beat"], from_beat: int
) -> None:
    settings = Settings(timing=timing, audition=False)
    eighths = [Note(Fraction(at, 2), Fraction(1, 2), 60) for at in range(8)]
    slot = Slot.brought_in(Measure.from_notes(eighths), TUNE)
    harness = DispatcherHarness(settings=settings, song=one_track("Song", 60.0, slots=[slot]))
    harness.do(MarkState(0), TransposeNotes(0, Fraction(0), Fraction(4), 2), Play())
    # Just before an eighth that lies within a beat.
    harness.advance_to(LEAD + 2.2)
    harness.do(FlipState())
    harness.advance_to(LEAD + 4.1)
    sent = {}
    for message in harness.player.messages:
        match message:
            case m.Notes(notes):
                for note in notes:
                    sent[round(note.on - LEAD, 3)] = note.pitch
    assert sent[from_beat - 0.5] == 62
    assert [sent[at] for at in (from_beat + 0.5, from_beat + 1) if at < 4] == [60] * (
        2 if from_beat == 2 else 1
    )
    assert harness.dispatcher.snapshot.compared == StateComparison(0, 0, "B")
