"""Edits of tracks: which there are, how they are played, and what a lock refuses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from engine.errors import OutOfRange
from engine.music.measure import SILENCE
from engine.music.modulation import Modulation
from engine.music.pattern import Hit, Pattern
from engine.music.routes import Route
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_TRACKS, Song
from engine.music.track import DRUMS, LONGEST_TRACK_NAME, Track
from engine.protocol.base import Edit, Event
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    Interpolate,
    LoadMeasures,
    MoveLatent,
    Randomise,
    RemoveSlot,
    ReplaceSong,
    ResetLatent,
    SelectSlot,
    SetLatent,
    SetTempo,
    Undo,
    Vary,
)
from engine.protocol.notes import PutNote
from engine.protocol.notices import Notice
from engine.protocol.tracks import (
    AddTrack,
    CopyTrack,
    MoveTrack,
    MoveTrackSelection,
    Nudge,
    RemoveTrack,
    SelectTrack,
    SetGroove,
    SetMix,
    SetModulation,
    SetRoutes,
    SetTrack,
)
from engine.services.editing.state import State
from tests.support.dispatcher import TUNE
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

CDEF, GFED = measure("CDEF"), measure("GFED")


@pytest.fixture
def state() -> State:
    """Return the state of an empty song whose model is there."""
    state = State()
    state.adopt(FakeModel())
    return state


def notices(events: tuple[Event, ...]) -> list[str]:
    """Return the words of notices."""
    return [event.text for event in events if isinstance(event, Notice)]


def test_a_track_comes_below_the_others_empty_on_a_channel_of_its_own_and_is_shown(
    state: State,
) -> None:
    do(state, SetTrack(channel=1), AddTrack("Bass"), AddTrack())
    song = state.snapshot().song
    assert [(track.name, track.channel) for track in song.tracks] == [("", 1), ("Bass", 0), ("", 2)]
    assert state.snapshot().track == 2
    assert all(slot.empty for slot in song.tracks[2].slots)
    assert state.snapshot().undo[:2] == ("add track 3", "add track 2")
    assert len(do(state, Undo()).song.tracks) == 2
    assert state.snapshot().track == 1


def test_new_tracks_leave_the_channel_of_drums_alone_and_there_are_sixteen_at_most(
    state: State,
) -> None:
    do(state, *[AddTrack()] * (MOST_TRACKS - 1))
    channels = [track.channel for track in state.snapshot().song.tracks]
    assert channels == [*[each for each in range(16) if each != DRUMS], 0]
    assert "at most 16 tracks" in refusal(state, AddTrack())
    assert "at most 16 tracks" in refusal(state, CopyTrack())


def test_edits_are_about_the_selected_track_unless_they_name_another(state: State) -> None:
    do(state, LoadMeasures(0, (CDEF,), (TUNE,)), AddTrack())
    do(state, LoadMeasures(0, (GFED,), (TUNE,)), SetLatent(0, 2, 1.5, track=0))
    song = state.snapshot().song
    assert song.slot(0, 1).measure == GFED
    assert not song.slot(0, 1).moved
    assert song.slot(0, 0).moved
    do(state, SetGroove(swing=60), SetModulation(Modulation(0)), SetMix(100, None))
    assert song.tracks[0] == state.snapshot().song.tracks[0]
    assert (state.snapshot().row.groove.swing, state.snapshot().row.level) == (60, 100)
    assert "no track 3" in refusal(state, SetLatent(0, 2, 1.5, track=2))
    assert "no track 0" in refusal(state, SelectTrack(-1))
    assert do(state, MoveTrackSelection(-5)).track == 0
    assert do(state, MoveTrackSelection(5)).track == 1


def test_measures_come_in_and_go_in_all_tracks_at_once(state: State) -> None:
    do(state, LoadMeasures(0, (CDEF, GFED), (TUNE, TUNE)), AddTrack())
    do(state, LoadMeasures(0, (GFED, CDEF), (TUNE, TUNE)), SelectSlot(1))
    song = do(state, InsertSlot(1)).song
    assert song.length == 9
    assert [[slot.measure for slot in track.slots[:3]] for track in song.tracks] == [
        [CDEF, SILENCE, GFED], [GFED, SILENCE, CDEF],
    ]  # fmt: skip
    song = do(state, RemoveSlot(0), RemoveSlot(0)).song
    assert [track.slots[0].measure for track in song.tracks] == [GFED, CDEF]
    assert song.length == 7


def test_measures_in_between_lengthen_the_other_tracks_by_silence(state: State) -> None:
    do(state, LoadMeasures(0, (CDEF, GFED), (TUNE, TUNE)), AddTrack())
    do(state, LoadMeasures(0, (GFED, CDEF), (TUNE, TUNE)))
    song = do(state, Interpolate(0, 1, 2, track=0)).song
    assert song.length == 10
    assert [slot.empty for slot in song.tracks[1].slots[:4]] == [False, True, True, False]
    assert song.slot(3, 1).measure == CDEF


def test_more_measures_than_there_are_places_lengthen_every_track(state: State) -> None:
    do(state, AddTrack(), LoadMeasures(6, (CDEF,) * 4, (TUNE,) * 4))
    assert [len(track.slots) for track in state.snapshot().song.tracks] == [10, 10]


def test_a_measure_is_copied_from_one_track_to_another(state: State) -> None:
    do(state, LoadMeasures(2, (CDEF,), (TUNE,)), AddTrack(), CopySlot(2, 5, of=0))
    assert state.snapshot().row.slots[5].measure == CDEF
    assert state.snapshot().row.slots[5].origin.kind == "copy"
    assert do(state, CopySlot(2, 2, of=0)).row.slots[2].measure == CDEF


def test_tracks_are_copied_moved_and_removed_and_the_choice_goes_with_them(state: State) -> None:
    do(state, SetTrack(name="A"), AddTrack("B"), AddTrack("C"))

    def names() -> str:
        return "".join(track.name for track in state.snapshot().song.tracks)

    do(state, SelectTrack(0), CopyTrack())
    assert (names(), state.snapshot().track) == ("AABC", 1)
    do(state, MoveTrack(9))
    assert (names(), state.snapshot().track) == ("ABCA", 3)
    do(state, MoveTrack(-1, track=1))
    assert (names(), state.snapshot().track) == ("BACA", 3)
    do(state, RemoveTrack(track=0))
    assert (names(), state.snapshot().track) == ("ACA", 2)
    do(state, RemoveTrack(), RemoveTrack())
    assert (names(), state.snapshot().track) == ("A", 0)
    assert "at least one track" in refusal(state, RemoveTrack())


def test_a_locked_track_refuses_notes_and_gauges_and_takes_the_rest(state: State) -> None:
    do(state, LoadMeasures(0, (CDEF,), (TUNE,)), SetTrack(name="Air", locked=True))
    for command in (
        SetLatent(0, 2, 1.0),
        ClearSlot(0),
        CopySlot(0, 1),
        Interpolate(0, 1),
        LoadMeasures(1, (GFED,), (TUNE,)),
        RemoveTrack(),
    ):
        assert refusal(state, command) == "Air is locked."
    do(state, AddTrack(), CopySlot(0, 0, of=0), SetTempo(90), InsertSlot(0))
    do(state, SetTrack(muted=True, track=0), SetTrack(locked=False, track=0))
    do(state, SetLatent(1, 2, 1.0, track=0))
    assert do(state, SelectTrack(0), CopyTrack()).song.tracks[1].slots[1].moved


def test_numbers_of_a_track_go_as_far_as_they_can_and_switches_go_round(state: State) -> None:
    do(state, Nudge("octave", -9), Nudge("transpose", 99), Nudge("level", 5), Nudge("pan", -3))
    row = state.snapshot().row
    assert (row.octave, row.transpose, row.level, row.pan) == (-4, 24, 4, None)
    do(state, Nudge("level", -9), Nudge("mute", 1), Nudge("solo", 1), Nudge("solo", 1))
    row = state.snapshot().row
    assert (row.level, row.muted, row.solo) == (None, True, False)
    assert "octave lies from -4 to 4" in refusal(state, SetTrack(octave=5))
    assert "level lies from 0 to 127" in refusal(state, SetMix(128))
    assert "at most 40" in refusal(state, SetTrack(name="x" * (LONGEST_TRACK_NAME + 1)))
    assert do(state, SetTrack(name=" \x1b[31mBass\n")).row.name == "[31mBass"


def test_two_instruments_on_one_channel_are_said_once(state: State) -> None:
    do(state, AddTrack())
    events = state.apply(SetTrack(channel=0, program=33))
    assert notices(events) == [
        "Tracks 1 and 2 are on channel 1 with different instruments: "
        "the last one that is sent holds for both."
    ]
    assert notices(state.apply(SetTrack(velocity=50))) == []
    # One instrument on one channel is fine, and so are two at two ports.
    assert notices(state.apply(SetTrack(program=0))) == []
    assert notices(state.apply(SetTrack(program=3, port="Other"))) == []


def test_a_song_is_played_to_as_many_ports_as_there_are_outlets(state: State) -> None:
    do(state, SetRoutes(tuple(Route(f"Port {at}") for at in range(6))), AddTrack())
    do(state, SetTrack(port="Port 6"), AddTrack(), SetTrack(port="Port 6"))
    assert "7 ports at most" in refusal(state, SetTrack(port="Port 7"))
    assert "7 ports at most" in refusal(state, SetRoutes((Route("Port 8"),)))
    do(state, SetTrack(port="Port 0"), SetTrack(port=""))


def test_a_song_whose_tracks_are_not_equally_long_is_none() -> None:
    with pytest.raises(OutOfRange, match="as many measures"):
        Song(tracks=(Track(), Track(slots=(Slot(),))))


def test_a_track_is_added_as_a_kind_with_what_suits_it(state: State) -> None:
    shown = do(state, AddTrack(kind="bass"), AddTrack(kind="drums"), AddTrack(kind="chords"))
    played = [(t.kind, t.channel, t.program, t.octave) for t in shown.song.tracks]
    assert played == [
        ("melody", 0, 0, 0), ("bass", 1, 33, -2), ("drums", DRUMS, 0, 0), ("chords", 2, 4, 0),
    ]  # fmt: skip
    assert shown.undo[0] == "add track 4 of chords"


def test_a_kind_that_is_set_changes_nothing_but_the_channel_of_drums(state: State) -> None:
    before = do(state, SetTrack(program=7, octave=1)).song.tracks[0]
    assert do(state, SetTrack(kind="bass")).song.tracks[0] == replace(before, kind="bass")
    drums = do(state, SetTrack(kind="drums"))
    assert drums.song.tracks[0] == replace(before, kind="drums", channel=DRUMS)
    assert drums.undo[0] == "kind drums"
    assert do(state, SetTrack(kind="chords")).song.tracks[0].channel == 0
    # Where the user put it, it stays.
    do(state, SetTrack(kind="drums", channel=4))
    assert do(state, SetTrack(kind="melody")).song.tracks[0].channel == 4


@pytest.mark.parametrize(
    "command",
    [
        SetLatent(0, 1, 0.5), MoveLatent(0, 1, 0.5), Randomise(0, 0.5, 1), Vary(0, 0.2, 1),
        Interpolate(0, 1, 2), ResetLatent(0), PutNote(0, Fraction(0), Fraction(1), 60),
    ],
)  # fmt: skip
def test_drums_and_patterns_given_to_the_model_are_refused_in_one_line(
    state: State, command: Edit
) -> None:
    do(state, LoadMeasures(0, (CDEF, GFED), (TUNE, TUNE)), SetTrack(kind="drums"))
    assert "Track 1 is a track of drums" in refusal(state, command)
    pattern = Slot(origin=Origin("written"), pattern=Pattern((Hit(Fraction(0), 60),)))
    song = Song(tracks=(Track(kind="chords", slots=(pattern, pattern)),))
    do(state, ReplaceSong(song))
    if not isinstance(command, Interpolate):
        assert "several notes at once" in refusal(state, command)
    assert do(state, CopySlot(0, 1)).song.slot(1).pattern == pattern.pattern


def test_a_pattern_has_no_code_made_for_it() -> None:
    pattern = Slot(origin=Origin("written"), pattern=Pattern((Hit(Fraction(0), 60),)))
    state = State(Song(tracks=(Track(slots=(pattern,)),)))
    state.adopt(FakeModel())
    assert state.snapshot().song.slot(0) == pattern
