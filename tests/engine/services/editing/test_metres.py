"""Measures get other metres: what fits stays, what does not is said, and the model rests."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.measure import Measure, Note
from engine.music.note_edits import at as sounding
from engine.music.placed_notes import placed
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.base import Command
from engine.protocol.chords import WriteChords
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    Interpolate,
    LoadMeasures,
    Randomise,
    RemoveSlot,
    ResetLatent,
    SetLatent,
    SetMetre,
    Undo,
    Vary,
)
from engine.protocol.notes import PutNote, RemoveNotes
from engine.protocol.notices import Notice
from engine.protocol.tracks import AddTrack, CopyTrack, SetTrack
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure
from tests.support.songs import one_track
from tests.support.values import GRID, measures

Q = Fraction
WALTZ, JIG, SEVEN = GRIDS["3/4"], GRIDS["6/8"], GRIDS["7/8"]
MIDI = Origin("midi", "Air")


def brought(*found: Measure) -> tuple[Slot, ...]:
    return tuple(Slot.brought_in(each, MIDI) for each in found)


def state_of(*found: Measure, tracks: int = 1) -> State:
    blank = tuple(Slot.blank(each.grid) for each in found)
    rows = (Track(slots=brought(*found)), *[Track(slots=blank)] * (tracks - 1))
    state = State(Song(tracks=rows))
    state.adopt(FakeModel())
    return state


def said(state: State, command: Command) -> str:
    return " ".join(event.text for event in state.apply(command) if isinstance(event, Notice))


def heard(song: Song) -> list[tuple[float, float, int]]:
    notes = placed(song.measures())
    return [(float(note.onset), float(note.end), note.pitch) for note in notes]


def grids(state: State) -> list[str]:
    return [grid.name for grid in state.snapshot().song.grids]


# A column has one metre


def test_a_measure_has_one_metre_in_all_tracks() -> None:
    with pytest.raises(OutOfRange, match="Measure 1 is in 3/4 in one track and in 4/4"):
        Song(tracks=(Track(slots=(Slot.blank(WALTZ),)), Track(slots=(Slot(),))))


def test_empty_measures_take_the_metre_of_the_measure_they_come_before() -> None:
    state = state_of(measure("CDEF"), measure("CDEF"))
    do(state, SetMetre("3/4", 1, 1))
    do(state, InsertSlot(1))
    assert grids(state) == ["4/4", "3/4", "3/4"]
    do(state, InsertSlot(0), InsertSlot(4))
    assert grids(state) == ["4/4", "4/4", "3/4", "3/4", "3/4"]
    do(state, RemoveSlot(0), AddTrack(), CopyTrack(), ClearSlot(2, track=0))
    assert grids(state) == ["4/4", "3/4", "3/4", "3/4"]
    assert state.snapshot().song.slot(2).empty


# Notes in another metre


def test_notes_that_fit_stay_at_their_place() -> None:
    state = state_of(measure("CDE."))
    assert said(state, SetMetre("3/4", 0, 0)) == "Measure 1 is in 3/4."
    notes = state.snapshot().song.slot(0).measure.notes
    assert notes == (Note(Q(0), Q(1), 60), Note(Q(1), Q(1), 62), Note(Q(2), Q(1), 64))


def test_what_lies_beyond_or_off_the_grid_is_said() -> None:
    third = Measure.from_notes(
        [Note(Q(1, 3), Q(2, 3), 60), Note(Q(1), Q(5, 2), 62), Note(Q(7, 2), Q(1, 2), 64)]
    )
    state = state_of(third)
    words = said(state, SetMetre("6/8", 0, 0))
    assert words == (
        "Measure 1 is in 6/8. Left out: 1 note beyond the bar line. "
        "Cut: 1 note over the bar line. Moved to the nearest place: 1 note off the grid."
    )
    notes = state.snapshot().song.slot(0).measure.notes
    assert notes == (Note(Q(1, 4), Q(3, 4), 60), Note(Q(1), Q(2), 62))
    do(state, Undo())
    assert state.snapshot().song.slot(0).measure == third


def test_a_tie_goes_on_over_the_bar_line_of_a_longer_measure() -> None:
    state = state_of(measure("C-D-"), measure("-E"))
    do(state, SetMetre("5/4", 0, 0))
    song = state.snapshot().song
    assert heard(song) == [(0, 2, 60), (2, 7, 62), (7, 9, 64)]


def test_a_tied_note_that_lost_its_beginning_begins_with_the_next_measure() -> None:
    state = state_of(measure("C..D"), measure("--E-"))
    assert said(state, SetMetre("3/4", 0, 0)) == "Measure 1 is in 3/4."
    assert heard(state.snapshot().song) == [(0, 1, 60), (3, 5, 62), (5, 7, 64)]


def test_a_note_that_is_held_from_the_end_of_the_loop_is_held_still() -> None:
    state = state_of(measure("-CD-"), measure("E---"))
    do(state, SetMetre("5/4", 0, 1))
    first, second = state.snapshot().song.measures()
    assert first.held_in == 1
    assert second.notes == (Note(Q(0), Q(5), 64),)


def test_the_metre_of_all_tracks_changes_as_one_step() -> None:
    state = state_of(measure("CDEF"), measure("CDEF"), tracks=3)
    before = state.snapshot().song
    do(state, SetMetre("7/8", 0, 1))
    assert grids(state) == ["7/8", "7/8"]
    assert state.snapshot().undo[0] == "7/8 in measures 1 to 2"
    assert do(state, Undo()).song == before


def test_a_locked_track_keeps_its_notes() -> None:
    state = state_of(measure("CDEF"), measure("...."), tracks=2)
    do(state, ClearSlot(1), SetTrack(locked=True, track=0))
    assert "locked" in refusal(state, SetMetre("3/4", 0, 0))
    do(state, SetMetre("3/4", 1, 1))
    assert grids(state) == ["4/4", "3/4"]


@pytest.mark.parametrize(
    "command",
    [SetMetre("13/8", 0, 0), SetMetre("3/4", 1, 0), SetMetre("3/4", 0, 9), SetMetre("", -1, 0)],
)
def test_a_metre_or_a_measure_that_is_not_there_is_refused(command: SetMetre) -> None:
    refusal(state_of(measure("CDEF"), measure("CDEF")), command)


@settings(max_examples=60)
@given(
    st.lists(GRID, min_size=1, max_size=4).flatmap(lambda g: st.tuples(*map(measures, g))),
    GRID,
    st.data(),
)
def test_against_a_plain_model(found: tuple[Measure, ...], grid: Grid, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(found) - 1))
    last = data.draw(st.integers(first, len(found) - 1))
    # What a measure holds over is not known to the model, nor where one was silent.
    found = tuple(Measure.from_tokens([token or 1, *rest], each.grid)
                  for each in found for token, *rest in [each.tokens])  # fmt: skip
    state = State(one_track(slots=brought(*found)))
    state.apply(SetMetre(grid.name, first, last))
    song = state.snapshot().song
    for at, (old, new) in enumerate(zip(found, song.measures(), strict=True)):
        if not first <= at <= last:
            assert new == old
            continue
        assert new.grid == grid
        stay = {n.onset: n.pitch for n in old.notes if n.onset in grid.onsets}
        there = {n.onset: n.pitch for n in new.notes}
        assert there.keys() >= {onset for onset in stay if onset < grid.length}
        near = {grid.nearest(n.onset): n.pitch for n in old.notes if n.onset < grid.length}
        assert {grid.nearest(o): p for o, p in there.items()} == {
            tick: pitch for tick, pitch in near.items() if tick < grid.ticks
        } or any(grid.nearest(n.onset) == grid.ticks for m in found for n in m.notes)
    assert do(state, Undo()).song.measures() == found


@given(st.data())
def test_a_longer_measure_and_back_is_as_it_was(data: st.DataObject) -> None:
    found = data.draw(measures(FOUR_QUARTERS))
    found = Measure.from_tokens([found.tokens[0] or 1, *found.tokens[1:]])
    state = State(one_track(slots=brought(found)))
    for metre in ("5/4", "4/4 fine", "5/4 fine", "4/4"):
        state.apply(SetMetre(metre, 0, 0))
    assert state.snapshot().song.slot(0).measure == found


# What comes from elsewhere


def test_measures_bring_their_metre_where_other_tracks_are_empty() -> None:
    state = state_of(*[measure("CDEF")] * 3, tracks=2)
    coming = Measure.from_notes([Note(Q(0), Q(3, 2), 60)], JIG)
    load = LoadMeasures(1, (coming, coming), (MIDI, MIDI), track=0)
    assert said(state, load) == "Measures 2 to 3 are in 6/8 now, as what came."
    assert grids(state) == ["4/4", "6/8", "6/8"]
    do(state, LoadMeasures(3, (coming,), (MIDI,), track=0))
    assert grids(state) == ["4/4", "6/8", "6/8", "6/8"]


def test_measures_in_another_metre_than_other_tracks_have_are_refused() -> None:
    state = state_of(*[measure("CDEF")] * 2, tracks=2)
    coming = Measure.from_notes([Note(Q(0), Q(1), 60)], WALTZ)
    words = refusal(state, LoadMeasures(0, (coming,), (MIDI,), track=1))
    assert words == "Measure 1 is in 4/4 in track 1, and what comes is in 3/4."


def test_a_copy_fits_a_measure_in_another_metre_or_is_refused() -> None:
    state = state_of(measure("CD.."), measure("CDEF"), measure("...."))
    do(state, ClearSlot(2), SetMetre("3/4", 2, 2), CopySlot(0, 2))
    assert [n.pitch for n in state.snapshot().song.slot(2).measure.notes] == [60, 62]
    assert state.snapshot().song.slot(2).origin.kind == "copy"
    words = refusal(state, CopySlot(1, 2))
    assert words == (
        "Measure 2, in 4/4, does not fit measure 3, in 3/4: 1 note beyond the bar line."
    )
    do(state, CopySlot(2, 1))
    assert state.snapshot().song.slot(1).latent is not None


# The model


def test_gauges_rest_where_no_model_knows_the_metre() -> None:
    state = state_of(measure("CDE."), measure("CDEF"))
    do(state, SetMetre("2/4", 0, 0))
    assert state.snapshot().song.slot(0).latent is None
    for command in (
        SetLatent(0, 0, 1.0), ResetLatent(0), Randomise(0, 1.0, 1), Vary(0, 1.0, 1),
        Interpolate(0, 1), Interpolate(1, 0),
    ):  # fmt: skip
        assert refusal(state, command) == "No model for 2/4: gauges rest."
    do(state, PutNote(0, Q(1), Q(1), 72), RemoveNotes(0, Q(0), Q(1)))
    assert state.snapshot().song.slot(0).measure.notes == (Note(Q(1), Q(1), 72),)
    do(state, SetMetre("4/4", 0, 0))
    assert state.snapshot().song.slot(0).latent is not None


def test_measures_in_between_have_the_metre_of_those_they_lie_between() -> None:
    state = state_of(measure("CDEF"), measure("...."), measure("FEDC"))
    do(state, SetMetre("3/4", 1, 1), Interpolate(0, 2, 2))
    assert grids(state) == ["4/4", "4/4", "4/4", "3/4", "4/4"]


def test_a_model_that_comes_later_leaves_other_metres_alone() -> None:
    twelve = Measure.from_notes([Note(Q(0), Q(3, 2), 60)], GRIDS["12/8"])
    state = State(one_track(slots=brought(twelve, measure("CDEF"))))
    state.adopt(FakeModel())
    codes = [slot.latent for slot in state.snapshot().song.slots()]
    assert codes[0] is None
    assert codes[1] is not None


def test_a_note_is_put_on_the_finest_place_of_a_fine_grid() -> None:
    state = state_of(measure("...."))
    do(state, SetMetre("4/4 fine", 0, 0), PutNote(0, Q(1, 8), Q(1, 8), 60))
    notes = placed(state.snapshot().song.measures())
    note = sounding(notes, Q(1, 8))
    assert note is not None
    assert (note.onset, note.end) == (Q(1, 8), Q(1, 4))


def test_a_chord_past_the_end_of_a_shorter_measure_is_left_out_and_that_is_said() -> None:
    state = state_of(measure("CDEF"), measure("CDEF"))
    do(state, WriteChords(0, Q(0), "C 4:G7 | F 4:C"))
    words = said(state, SetMetre("3/4", 0, 0))
    assert "1 chord past the end left out." in words
    chords = state.snapshot().song.chords
    assert [(each.slot, float(each.place), each.name()) for each in chords] == [
        (0, 0.0, "C"), (1, 0.0, "F"), (1, 3.0, "C"),
    ]  # fmt: skip
    do(state, Undo())
    assert len(state.snapshot().song.chords) == 4
