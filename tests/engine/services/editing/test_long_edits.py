"""An edit that takes long is worked out beside the engine thread, and settled when it is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.music.form import OrderEntry, Section, SongForm
from engine.music.slot import Origin, Slot
from engine.protocol.base import Edit, Event
from engine.protocol.chords import FillChords
from engine.protocol.edit import SetMetre, SetTempo, Undo, Vary
from engine.protocol.form import Crossfade
from engine.protocol.notices import Notice
from engine.services.editing.command_log import replay
from engine.services.editing.long_edits import WorkedOut
from tests.support.dispatcher import DispatcherHarness
from tests.support.fakes import FakeModel
from tests.support.measures import quarters
from tests.support.songs import one_track
from tests.support.waiting import wait_until

LONG = one_track(
    "Long", 120.0, slots=(Slot.brought_in(quarters(60, 64, 67, 64), Origin("written")),) * 64
)


def worked_out(harness: DispatcherHarness) -> Event:
    """Wait for the job, and return what it has come to; it is not settled yet."""
    wait_until(lambda: harness.published(WorkedOut), because="The edit was never worked out.")
    (event,) = harness.published(WorkedOut)
    harness.events.remove(event)
    return event


def test_chords_of_a_long_song_come_when_they_are_found() -> None:
    harness = DispatcherHarness(song=LONG)
    harness.dispatch(FillChords(0))
    assert harness.dispatcher.snapshot.song.chords == ()
    harness.dispatch(worked_out(harness))
    song = harness.dispatcher.snapshot.song
    assert song.chords
    assert harness.dispatcher.snapshot.undo[0] == "fill in chords"
    # The recording leads to the same, though its commands are met at once.
    assert replay(harness.recording, FakeModel()).song == song
    harness.dispatch(Undo())
    assert harness.dispatcher.snapshot.song.chords == ()


def test_another_metre_in_many_measures_says_what_it_did() -> None:
    harness = DispatcherHarness(song=LONG)
    harness.dispatch(SetMetre("3/4", 0, 63))
    harness.dispatch(worked_out(harness))
    assert {grid.metre for grid in harness.dispatcher.snapshot.song.grids} == {"3/4"}
    (notice,) = harness.published(Notice)
    assert "are in 3/4" in notice.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "command", [Vary(0, 2.0, 1, count=8), Crossfade(0, 1, 2)], ids=["vary", "crossfade"]
)
def test_what_decodes_many_measures_is_worked_out_beside_the_engine(command: Edit) -> None:
    sections = Section("A", 32), Section("B", 32)
    form = SongForm(sections, (OrderEntry(0), OrderEntry(1)))
    harness = DispatcherHarness(song=replace(LONG, form=form))
    before = harness.dispatcher.snapshot.song
    harness.dispatch(command)
    assert harness.dispatcher.snapshot.song == before
    harness.dispatch(worked_out(harness))
    song = harness.dispatcher.snapshot.song
    assert song != before
    assert replay(harness.recording, FakeModel()).song == song


def test_it_is_dropped_with_a_word_where_the_song_has_changed() -> None:
    harness = DispatcherHarness(song=LONG)
    harness.dispatch(FillChords(0))
    found = worked_out(harness)
    harness.dispatch(SetTempo(90.0), found)
    assert harness.dispatcher.snapshot.song.chords == ()
    (notice,) = harness.published(Notice)
    assert "left as it is: fill in chords" in notice.text  # type: ignore[attr-defined]
    # What was found then is of no use later.
    harness.dispatch(Undo())
    assert harness.dispatcher.snapshot.song.chords == ()


def test_a_short_edit_is_settled_at_once() -> None:
    harness = DispatcherHarness(song=LONG)
    harness.dispatch(SetMetre("3/4", 0, 3))
    assert [grid.metre for grid in harness.dispatcher.snapshot.song.grids[:5]] == [
        *["3/4"] * 4, "4/4",
    ]  # fmt: skip
