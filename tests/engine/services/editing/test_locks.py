"""Locked notes and measures: commands in, and what is locked stays."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import locations
from engine.errors import OutOfRange
from engine.formats.song_text import Document, decode, encode
from engine.latent.weights import load
from engine.music.locks import kept
from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import Touch
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    LoadMeasures,
    Randomise,
    RemoveSlot,
    ResetLatent,
    SetLatent,
    SetMetre,
    Undo,
    Vary,
)
from engine.protocol.form import RemoveSection, SplitSection
from engine.protocol.notes import (
    LockMeasure,
    MoveNotes,
    NudgeVelocity,
    PutNote,
    RemoveNotes,
    ToggleMeasureLock,
    ToggleNoteLocks,
    TransposeNotes,
)
from engine.protocol.tracks import CopyTrack
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

TUNE = Origin("corpus", "The Tune", "Book 1")
BEAT = Fraction(1)

TOKENS = st.sampled_from((HOLD, HOLD, HOLD, REST, 60, 64, 71))
MEASURES = st.lists(TOKENS, min_size=24, max_size=24).map(Measure.from_tokens)


def row(state: State) -> tuple[Slot, ...]:
    return state.snapshot().song.tracks[0].slots


def loaded(model: FakeModel, *texts: str) -> State:
    state = State()
    state.adopt(model)
    coming = tuple(map(measure, texts))
    do(state, LoadMeasures(0, coming, (TUNE,) * len(coming)))
    return state


@pytest.fixture
def state(model: FakeModel) -> State:
    return loaded(model, "CDEF", "G-.A")


def test_a_locked_note_outlasts_gauges_chance_and_a_reset(state: State) -> None:
    do(state, ToggleNoteLocks(0, BEAT, 2 * BEAT))
    assert row(state)[0].locked_notes == {6}
    for command in (
        SetLatent(0, 2, 3.0), SetLatent(0, 4, 2.0), Randomise(0, 1.0, 3), Vary(0, 2.0, 1),
        ResetLatent(0, 1), ResetLatent(0),
    ):  # fmt: skip
        do(state, command)
        found = row(state)[0].measure
        assert found.tokens[6:13] in ((62, *[HOLD] * 5, found.tokens[12]),), command
        assert found.tokens[12] != HOLD, command
    assert row(state)[0].measure == measure("CDEF")
    assert not row(state)[0].moved


def test_a_lock_is_taken_away_by_the_same_command_and_by_undo(state: State) -> None:
    before = state.snapshot().song
    do(state, ToggleNoteLocks(0, BEAT, 3 * BEAT))
    assert row(state)[0].locked_notes == {6, 12}
    assert state.snapshot().undo[0] == "lock 2 notes in measure 1"
    do(state, ToggleNoteLocks(0, Fraction(0), 4 * BEAT))
    assert row(state)[0].locked_notes == {0, 6, 12, 18}
    do(state, ToggleNoteLocks(0, Fraction(0), 4 * BEAT))
    assert row(state)[0].locked_notes == frozenset()
    do(state, Undo(), Undo(), Undo())
    assert state.snapshot().song == before
    assert refusal(state, ToggleNoteLocks(0, BEAT / 4, BEAT / 2)) == "No note starts here."


def test_edits_of_notes_refuse_locked_ones_and_go_on_beside_them(state: State) -> None:
    do(state, ToggleNoteLocks(0, BEAT, 2 * BEAT))
    for command in (
        RemoveNotes(0, BEAT, 2 * BEAT),
        TransposeNotes(0, Fraction(0), 4 * BEAT, 1),
        MoveNotes(0, BEAT, 2 * BEAT, BEAT),
        PutNote(0, BEAT + BEAT / 2, BEAT, 70),
        NudgeVelocity(0, BEAT, 2 * BEAT, 8),
        ClearSlot(0),
        CopySlot(1, 0),
        LoadMeasures(0, (measure("GGGG"),), (TUNE,)),
        RemoveSlot(0),
    ):
        assert refusal(state, command) == "1 note is locked in measure 1."
    do(state, TransposeNotes(0, 2 * BEAT, 4 * BEAT, 1))
    assert row(state)[0].measure.pitches == (60, 62, 65, 66)
    assert row(state)[0].locked_notes == {6}


def test_a_locked_measure_is_not_changed_at_all(state: State) -> None:
    do(state, ToggleMeasureLock(0))
    before = row(state)[0]
    for command in (
        SetLatent(0, 2, 1.0), Randomise(0, 1.0, 1), Vary(0, 1.0, 1), ClearSlot(0),
        PutNote(0, BEAT, BEAT, 70), LoadMeasures(0, (measure("GGGG"),), (TUNE,)), RemoveSlot(0),
    ):  # fmt: skip
        assert refusal(state, command) == "Measure 1 is locked."
    assert do(state, SetLatent(1, 2, 1.0)).song.tracks[0].slots[0] == before
    do(state, ToggleMeasureLock(0), SetLatent(0, 2, 1.0))
    assert row(state)[0].measure != before.measure
    assert refusal(state, ToggleMeasureLock(5)) == "Measure 6 is empty."


def test_a_locked_note_is_not_made_longer_over_the_bar_line(model: FakeModel) -> None:
    state = loaded(model, "CDEF", "--G-")
    do(state, ToggleNoteLocks(0, 3 * BEAT, 4 * BEAT))
    do(state, SetLatent(1, 2, 3.0))
    assert row(state)[1].measure.tokens[:12] == (HOLD,) * 12
    assert row(state)[1].measure.tokens[12] != HOLD
    assert refusal(state, PutNote(1, BEAT, BEAT, 70)) == "1 note is locked in measure 1."


def test_a_copy_is_free_and_what_is_locked_keeps_how_it_was_played(model: FakeModel) -> None:
    state = loaded(model, "CDEF")
    touches = (Touch(30), Touch(40, 0.1), None, None)
    do(state, LoadMeasures(1, (measure("CDEF"),), (TUNE,), (touches,)))
    do(state, ToggleNoteLocks(1, BEAT, 2 * BEAT), ToggleMeasureLock(0), SetLatent(1, 4, 1.5))
    slot = row(state)[1]
    assert slot.moved
    assert slot.touches[slot.measure.pitches.index(62)] == Touch(40, 0.1)
    do(state, CopySlot(1, 2), CopyTrack())
    assert row(state)[2].locked_notes == frozenset()
    copied = state.snapshot().song.tracks[1].slots
    assert not any(slot.locked or slot.locked_notes for slot in copied)


def test_locks_are_kept_in_the_song_file_and_a_song_without_them_is_written_as_before() -> None:
    slot = Slot.brought_in(measure("CDEF"), TUNE)
    locked = Slot(slot.measure, origin=TUNE, source=slot.measure, locked_notes=frozenset({6, 0}))
    whole = Slot(slot.measure, origin=TUNE, source=slot.measure, locked=True)
    song = Song().with_slots((slot, locked, whole))
    assert decode(encode(Document(song))).song == song
    assert b'"armonica": 5' in encode(Document(song))
    assert b'"armonica": 1' in encode(Document(Song().with_slots((slot,))))
    with pytest.raises(OutOfRange, match="Only a note"):
        Slot(measure("CDEF"), locked_notes=frozenset({1}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=MEASURES, there=MEASURES, made=MEASURES, data=st.data())
def test_what_is_kept_is_in_every_measure(
    before: Measure, there: Measure, made: Measure, data: st.DataObject
) -> None:
    starts = [tick for tick, token in enumerate(there.tokens) if token > REST]
    locked = frozenset(data.draw(st.sets(st.sampled_from(starts)))) if starts else frozenset()
    first = Slot(before, locked=data.draw(st.booleans()))
    keeps = kept((first, Slot(there, locked_notes=locked)), 1)
    found = keeps.of(made)
    notes = [(note.onset, note.duration, note.pitch) for note in found.notes]
    for note in there.notes:
        if there.grid.nearest(note.onset) in locked:
            assert (note.onset, note.duration, note.pitch) in notes
    assert keeps.of(found) == found


def test_what_a_gesture_comes_to_does_not_depend_on_how_often_it_was_asked() -> None:
    model = load(locations.MEASURE_VAE)
    ways = []
    for steps in ((2.5, -2.5, 1.2), (1.2,)):
        state = State()
        state.adopt(model)
        do(state, LoadMeasures(0, (measure("CDEFGFED"),), (TUNE,)))
        code = row(state)[0].latent
        assert code is not None
        for by in steps:
            do(state, SetLatent(0, 2, code[2] + by, gesture=3))
        ways.append(row(state)[0])
        assert ways[-1].measure != measure("CDEFGFED")
        song = state.snapshot().song
        assert decode(encode(Document(song))).song == song
        do(state, SetLatent(0, 2, code[2], gesture=3))
        assert row(state)[0].measure == measure("CDEFGFED")
    assert ways[0] == ways[1]


def test_locked_measures_keep_their_metre_and_their_section(state: State) -> None:
    do(state, SplitSection(1), LockMeasure(1, True))
    assert "Measure 2 is locked" in refusal(state, SetMetre("3/4", 0, 1))
    assert "Measure 2 is locked" in refusal(state, RemoveSection(1))
    do(state, LockMeasure(1, False), SetMetre("3/4", 0, 1))
    assert [slot.grid.name for slot in row(state)[:2]] == ["3/4", "3/4"]
    do(state, RemoveSection(1))
    assert len(row(state)) == 1
