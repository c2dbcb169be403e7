"""The state: commands in, snapshots out, and the same again when they are played back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.latent.spec import Latent
from engine.music.groove import Groove
from engine.music.measure import HOLD, SILENCE, Measure
from engine.music.modulation import Modulation
from engine.music.performance import Touch
from engine.music.routes import Route
from engine.music.scales import Key
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.music.track import Track
from engine.protocol.base import Command
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    Interpolate,
    LoadMeasures,
    LockDimension,
    MoveLatent,
    MoveLatents,
    MoveSelection,
    Randomise,
    Redo,
    RemoveSlot,
    ReplaceSong,
    ResetLatent,
    SelectSlot,
    SetKey,
    SetLatent,
    SetLatents,
    SetTempo,
    SetTitle,
    Undo,
    Vary,
)
from engine.protocol.facts import MarkPort, MarkPreferences, MarkSaved, MarkTransport
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.parameters import song_numbers
from engine.protocol.snapshot import PortStatus, Snapshot
from engine.protocol.tracks import (
    AddTrack,
    CopyTrack,
    ModulationPart,
    MoveTrack,
    MoveTrackSelection,
    Nudge,
    NudgeModulation,
    NudgeRoute,
    Parameter,
    RemoveModulation,
    RemoveTrack,
    RoutePart,
    SelectTrack,
    SetBank,
    SetGroove,
    SetMix,
    SetModulation,
    SetRoutes,
    SetTrack,
)
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import quarters
from tests.support.songs import one_track

TUNE = Origin("corpus", "The Tune", "Book 1")


REEL = quarters(60, 64, 67, 72)
JIG = quarters(62, 65)


@pytest.fixture
def state(model: FakeModel) -> State:
    """Return a state whose model is there."""
    made = State()
    made.adopt(model)
    return made


def latent(state: State, slot: int = 0) -> Latent:
    """Return the code of a slot that has one."""
    code = state.snapshot().row.slots[slot].latent
    assert code is not None
    return code


def test_a_gauge_of_an_empty_slot_starts_from_the_mean_of_the_prior(
    state: State, model: FakeModel
) -> None:
    slot = do(state, SetLatent(2, 2, 1.5)).song.tracks[0].slots[2]
    code = (0.0, 0.0, 1.5, *[0.0] * 29)
    assert slot.latent == code
    assert slot.anchor == (0.0,) * 32
    assert slot.origin.kind == "gauge"
    assert slot.measure == model.decode([code])[0]
    assert slot.moved


def test_a_measure_sounds_as_it_came_until_a_gauge_moves_and_again_after_a_reset(
    state: State, model: FakeModel
) -> None:
    slot = do(state, LoadMeasures(0, (REEL,), (TUNE,))).song.tracks[0].slots[0]
    assert slot == Slot(REEL, model.encode([REEL])[0], slot.latent, TUNE, False, REEL)
    moved = do(state, SetLatent(0, 2, -1.0)).song.tracks[0].slots[0]
    assert moved.moved
    assert moved.measure != REEL
    assert moved.anchor == slot.latent
    assert do(state, ResetLatent(0)).song.tracks[0].slots[0] == slot
    do(state, SetLatent(0, 2, -1.0), SetLatent(0, 1, 2.0), ResetLatent(0, 2))
    assert latent(state)[1] == 2.0
    assert do(state, ResetLatent(0, 1)).song.tracks[0].slots[0] == slot


def test_loading_past_the_last_slot_adds_slots(state: State) -> None:
    song = do(state, LoadMeasures(7, (REEL, JIG, REEL), (TUNE,) * 3)).song
    assert len(song.tracks[0].slots) == 10
    assert [slot.measure for slot in song.tracks[0].slots[7:]] == [REEL, JIG, REEL]
    assert song.sounding == 10


def test_measures_that_swing_bring_their_swing_to_a_track_that_holds_nothing_else() -> None:
    state = State(Song(tracks=(Track(),)))
    swing = Groove(swing=62.0)
    load = LoadMeasures(0, (REEL, JIG), (TUNE,) * 2, groove=swing)
    words = [event.text for event in state.apply(load) if isinstance(event, Notice)]
    assert words == ["The track swings as the file does: eighths 62 %."]
    assert state.snapshot().song.tracks[0].groove == swing
    again = LoadMeasures(1, (REEL,), (TUNE,), groove=Groove(swing=70.0))
    words = [event.text for event in state.apply(again) if isinstance(event, Notice)]
    assert words == ["The track holds other measures too and keeps its own swing."]
    assert state.snapshot().song.tracks[0].groove == swing
    # One step takes back the measures and the swing they came with.
    do(state, Undo(), Undo())
    assert state.snapshot().song.tracks[0] == Track()


def test_locks_hold_against_chance_map_moves_and_resets(state: State) -> None:
    do(state, LoadMeasures(0, (REEL,), (TUNE,)), LockDimension(2, True))
    here = latent(state)
    do(state, Randomise(0, 1.0, seed=7))
    assert latent(state)[2] == here[2]
    assert sum(a != b for a, b in zip(latent(state), here, strict=True)) == 31
    do(state, SetLatents(0, ((1, 0.5), (2, 0.5))))
    assert latent(state)[1:3] == (0.5, here[2])
    assert refusal(state, SetLatent(0, 2, 0.0)) == "Density is locked."
    assert "locked" in refusal(state, SetLatents(0, ((2, 0.0),)))
    do(state, LockDimension(2, False), SetLatent(0, 2, -2.0), LockDimension(2, True))
    assert do(state, ResetLatent(0)).song.tracks[0].slots[0].latent == (*here[:2], -2.0, *here[3:])


def test_chance_goes_a_part_of_the_way_to_a_draw_that_the_seed_alone_decides(
    state: State,
) -> None:
    do(state, Randomise(0, 1.0, seed=1))
    draw = latent(state)
    assert all(-3 <= z <= 3 for z in draw)
    assert state.snapshot().row.slots[0].origin == Origin(
        "prior", "Drawn by chance", "amount 1, seed 1"
    )
    do(state, ClearSlot(0), Randomise(0, 0.5, seed=1))
    assert latent(state) == pytest.approx([z / 2 for z in draw], abs=1e-4)
    revision = state.snapshot().revision
    assert do(state, Randomise(0, 0.0, seed=2)).revision == revision


def test_one_gesture_is_one_step_with_a_name(state: State) -> None:
    do(state, LoadMeasures(2, (REEL,), (TUNE,)), SetLatent(2, 2, -1.0))
    before = state.snapshot().song
    held = [SetLatent(2, 2, -1.0 + step / 10, gesture=5) for step in range(1, 6)]
    snapshot = do(state, *held)
    assert snapshot.undo[0] == "density 0.5 up in measure 3"
    assert len(snapshot.undo) == 3
    assert do(state, Undo()).song == before
    assert state.snapshot().redo == ("density 0.5 up in measure 3",)
    assert do(state, Redo()).song == snapshot.song


def test_a_gesture_ends_with_another_edit_and_with_undo(state: State) -> None:
    do(state, SetLatent(0, 2, 1.0, gesture=1), SetLatent(0, 1, 1.0, gesture=1))
    do(state, SetLatent(0, 2, 1.5, gesture=1))
    assert len(state.snapshot().undo) == 3
    do(state, Undo(), Redo(), SetLatent(0, 2, 2.0, gesture=1))
    assert len(state.snapshot().undo) == 4


def test_a_gesture_that_comes_back_leaves_no_step(state: State) -> None:
    do(state, SetTempo(120, gesture=3), SetTempo(100, gesture=3))
    assert state.snapshot().undo == ()
    assert do(state, SetTempo(90)).undo == ("tempo 90",)


def test_undo_at_the_beginning_says_so(state: State) -> None:
    assert state.apply(Undo()) == (Notice("There is nothing to undo."),)
    assert state.snapshot().revision == 1


def test_locks_selection_and_playing_are_no_steps(state: State) -> None:
    facts = (MarkTransport(playing=True), MarkPreferences(timing="beat"))
    snapshot = do(state, SelectSlot(3), LockDimension(4, True), *facts)
    assert (snapshot.selected, snapshot.locks, snapshot.playing) == (3, frozenset({4}), True)
    assert (snapshot.timing, snapshot.audition) == ("beat", state.snapshot().audition)
    assert snapshot.undo == ()
    assert snapshot.saved
    assert not do(state, MarkTransport(playing=False)).playing


def test_slots_are_copied_cleared_inserted_and_removed(state: State) -> None:
    do(state, LoadMeasures(0, (REEL, JIG), (TUNE, TUNE)), SelectSlot(1))
    copied = do(state, CopySlot(0, 3)).song.tracks[0].slots[3]
    assert copied.measure == REEL
    assert copied.origin == Origin("copy", "The Tune", "copy of measure 1")
    assert do(state, InsertSlot(0)).selected == 2
    assert [slot.measure for slot in state.snapshot().row.slots[:3]] == [
        SILENCE,
        REEL,
        JIG,
    ]
    assert do(state, RemoveSlot(0)).selected == 1
    assert do(state, ClearSlot(3)).song.tracks[0].slots[3].empty
    assert state.snapshot().undo[:5] == (
        "clear measure 4",
        "remove measure 1",
        "insert measure 1",
        "copy measure 1 to 4",
        "load measures 1 to 2",
    )
    do(state, *[RemoveSlot(0)] * 7)
    assert state.snapshot().selected == 0
    assert refusal(state, RemoveSlot(0)) == "A song keeps at least one measure."


def test_track_and_title(state: State) -> None:
    song = do(state, SetTrack(channel=9, velocity=80), SetTitle(" Air\n1 ")).song
    assert (song.tracks[0].channel, song.tracks[0].program, song.tracks[0].velocity) == (9, 0, 80)
    assert song.title == "Air 1"
    assert state.snapshot().undo == ("title", "channel 10, velocity 80")


def test_groove_key_and_bank_are_steps_and_leave_the_measures(state: State) -> None:
    do(state, LoadMeasures(0, (REEL,), (TUNE,)), SetTrack(program=40))
    slots = state.snapshot().row.slots
    do(state, SetBank(8, None), SetGroove(swing=60, unit="sixteenths"))
    do(state, SetGroove(timing=12, seed=7), SetGroove(velocity=9))
    song = do(state, SetKey(2, "dorian"), SetKey(lock=True), SetKey(tonic=4)).song
    assert song.tracks[0].slots == slots
    assert (song.tracks[0].program, song.tracks[0].bank_msb, song.tracks[0].bank_lsb) == (
        40,
        8,
        None,
    )
    assert song.tracks[0].groove == Groove(60, "sixteenths", 12, 9, 7)
    assert song.locked == Key(4, "dorian")
    assert state.snapshot().undo[:7] == (
        "key E dorian",
        "lock to D dorian",
        "key D dorian",
        "humanise velocity 9",
        "humanise timing 12 ms, seed 7",
        "swing 60 % of sixteenths",
        "bank 8/-",
    )
    assert do(state, SetKey(lock=False)).song.locked is None
    assert do(state, SetBank()).undo[0] == "bank not sent"


def test_a_held_swing_is_one_step(state: State) -> None:
    do(state, *(SetGroove(swing=50 + at, gesture=3) for at in range(1, 6)))
    assert state.snapshot().undo == ("swing 55 % of eighths",)
    do(state, SetGroove(timing=5, gesture=3))
    assert len(state.snapshot().undo) == 2


def test_a_song_says_how_many_of_its_notes_are_foreign_to_its_key(state: State) -> None:
    song = do(state, LoadMeasures(0, (REEL, JIG), (TUNE,) * 2), SetKey(7, "major")).song
    # Of C E G C and D F, the F alone is not in G major.
    assert song.foreign() == (1, 6)
    assert [note.pitch for note in song.line().once()] == [60, 64, 67, 72, 62, 65]
    locked = do(state, SetKey(lock=True)).song
    assert [note.pitch for note in locked.line().once()] == [60, 64, 67, 72, 62, 64]


@pytest.mark.parametrize(
    "command",
    [
        SetLatent(0, 2, 3.1),
        SetLatent(0, 2, float("nan")),
        SetLatent(0, 32, 0.0),
        SetLatent(8, 0, 0.0),
        SetLatent(-1, 0, 0.0),
        SetLatents(0, ((0, 1.0), (1, 99.0))),
        LockDimension(-1, True),
        Randomise(0, 1.5, 0),
        LoadMeasures(0, (REEL,), ()),
        LoadMeasures(0, (REEL,) * (MOST_SLOTS + 1), (TUNE,) * (MOST_SLOTS + 1)),
        CopySlot(0, 99),
        InsertSlot(9),
        SelectSlot(8),
        SetTempo(float("nan")),
        SetTempo(401),
        SetTrack(program=128),
        SetBank(128),
        SetBank(0, -1),
        SetGroove(swing=49.9),
        SetGroove(swing=float("nan")),
        SetGroove(timing=50.1),
        SetGroove(seed=2**63),
        SetKey(tonic=12),
        SetKey(scale="dorien"),
        SetModulation(Modulation(32)),
        SetTitle("x" * 300),
    ],
    ids=str,
)
def test_what_cannot_be_met_is_refused_and_changes_nothing(state: State, command: Command) -> None:
    assert refusal(state, command)


def test_without_its_model_the_state_brings_measures_in_and_encodes_them_later(
    model: FakeModel,
) -> None:
    state = State(one_track(slots=(Slot.brought_in(JIG, TUNE), Slot())))
    do(state, LoadMeasures(1, (REEL,), (TUNE,)))
    assert state.snapshot().row.slots[1].latent is None
    assert refusal(state, SetLatent(1, 0, 1.0))
    state.adopt(model)
    snapshot = state.snapshot()
    assert [slot.latent for slot in snapshot.row.slots] == model.encode([JIG, REEL])
    assert snapshot.model.spec == model.spec
    do(state, Undo())
    assert state.snapshot().saved
    assert latent(state) == model.encode([JIG])[0]


def test_another_song_comes_in_and_undo_brings_the_old_one_and_its_file_back(
    state: State,
) -> None:
    do(state, SetTempo(90), MarkSaved("old.armonica", state.snapshot().song))
    assert not do(state, SetTempo(91)).saved
    old = state.snapshot()
    new = one_track("New", slots=(Slot.brought_in(REEL, TUNE),))
    snapshot = do(state, ReplaceSong(new, "new.armonica"))
    assert (snapshot.path, snapshot.saved, snapshot.song.title) == ("new.armonica", True, "New")
    assert snapshot.row.slots[0].latent is not None
    back = do(state, Undo())
    assert (back.song, back.path, back.saved) == (old.song, "old.armonica", False)


def test_saving_one_unnamed_song_does_not_name_the_other(state: State) -> None:
    do(state, SetTempo(90))
    do(state, ReplaceSong(Song("Second"), None, saved=False), SetTempo(120))
    second = do(state, MarkSaved("second.armonica", state.snapshot().song))
    assert second.path == "second.armonica"
    back = do(state, Undo())
    assert (back.song.title, back.path) == ("Second", "second.armonica")
    back = do(state, Undo())
    assert (back.song.tempo, back.path, back.saved) == (90, None, False)
    assert do(state, Redo()).path == "second.armonica"


def test_saved_follows_what_the_file_holds(state: State) -> None:
    song = do(state, SetTempo(90)).song
    assert do(state, MarkSaved("a", song)).saved
    assert not do(state, SetTempo(91)).saved
    assert do(state, Undo()).saved
    back = do(state, Undo())
    assert (back.saved, back.path) == (False, "a")
    assert not do(state, ReplaceSong(song, None, saved=False)).saved


def test_the_port_is_part_of_the_snapshot(state: State) -> None:
    status = PortStatus("Synth", "open", "", ("Synth",))
    assert do(state, MarkPort(status)).port == status


def test_two_hands_on_one_value_both_count(state: State) -> None:
    before = state.snapshot().song.tempo
    do(state, Nudge("tempo", 1, gesture=1), Nudge("tempo", 1, gesture=7), Nudge("tempo", -0.5))
    assert state.snapshot().song.tempo == before + 1.5
    do(state, SetLatent(0, 2, 0.5), MoveLatent(0, 2, 0.25), MoveLatent(0, 2, 0.25))
    assert latent(state)[2] == 1.0


@pytest.mark.parametrize("parameter", get_args(Parameter))
def test_a_number_goes_to_its_ends_or_round(state: State, parameter: Parameter) -> None:
    def there() -> float:
        return song_numbers(state.snapshot().song)[parameter].value

    number = song_numbers(state.snapshot().song)[parameter]
    if number.round:
        count = int(number.high - number.low + 1)
        seen = [number.value]
        for _ in range(count):
            do(state, Nudge(parameter, number.step))
            seen.append(there())
        assert sorted(seen[1:]) == [number.low + at for at in range(count)]
        assert seen[0] == seen[-1]
        return
    for by, end in ((1e20, number.high), (-1e20, number.low)):
        do(state, Nudge(parameter, by))
        assert there() == end
        do(state, Nudge(parameter, math.copysign(number.step, by)))
        assert there() == end
    do(state, Nudge(parameter, number.step))
    assert there() == number.low + number.step


def test_nudges_of_one_gesture_are_one_step_named_as_the_value_is(state: State) -> None:
    first = do(state, SetTempo(99)).song
    do(state, Nudge("swing", 0.5, 3), Nudge("swing", 0.5, 3), Nudge("timing", 0.5, 4))
    assert state.snapshot().undo == ("humanise timing 0.5 ms", "swing 51 % of eighths", "tempo 99")
    do(state, Undo(), Undo())
    assert state.snapshot().song == first
    do(state, Nudge("program", 1, 5), Nudge("program", -1, 5))
    assert state.snapshot().undo == ("tempo 99",)


def test_what_a_gauge_moves_is_nudged_past_what_is_taken(state: State) -> None:
    do(state, SetModulation(Modulation(0, "cc", 0, 74)), NudgeModulation(1, "kind", 1))
    assert state.snapshot().row.modulations[1] == Modulation(1, "cc", 0, 75)
    do(state, NudgeModulation(1, "number", -1), NudgeModulation(1, "high", 500))
    assert state.snapshot().row.modulations[1] == Modulation(1, "cc", 0, 73)
    do(state, NudgeModulation(1, "kind", -1))
    assert len(state.snapshot().row.modulations) == 1
    assert "not there any more" in refusal(state, NudgeModulation(1, "low", 1))


def test_two_hands_on_two_routes_keep_each_other(state: State) -> None:
    do(state, MarkPort(PortStatus("Main", "open", known=("Main", "Synth"))))
    do(state, SetRoutes((Route("", 1), Route("Gone", 2))))
    do(state, NudgeRoute(0, "transpose", 12), NudgeRoute(1, "channel", 4))
    assert state.snapshot().row.routes == (Route("", 1, None, 12), Route("Gone", 6))
    do(state, NudgeRoute(1, "port", 1), NudgeRoute(2, "port", 1))
    # One that is new on the song's own port is heard an octave above.
    new = Route("", 0, None, 12)
    assert state.snapshot().row.routes == (
        Route("", 1, None, 12),
        Route("Synth", 6),
        new,
    )
    do(state, NudgeRoute(0, "port", -1))
    assert state.snapshot().row.routes == (Route("Synth", 6), new)
    assert "not there any more" in refusal(state, NudgeRoute(5, "channel", 1))


def test_the_selection_moves_by_measures_as_far_as_there_are_any(state: State) -> None:
    last = len(state.snapshot().row.slots) - 1
    assert do(state, MoveSelection(1), MoveSelection(1)).selected == 2
    assert do(state, MoveSelection(99)).selected == last
    assert do(state, MoveSelection(-1)).selected == last - 1
    assert do(state, MoveSelection(-99)).selected == 0


def test_a_nudge_by_no_number_is_refused(state: State) -> None:
    for parameter in get_args(Parameter):
        assert "is none" in refusal(state, Nudge(parameter, math.nan))
    assert "is none" in refusal(state, Nudge("scale", math.inf))


slots = st.integers(-1, 9)
tracks = st.none() | st.integers(-1, 3)
dimensions = st.integers(-1, 33)
values = st.floats(-3.5, 3.5) | st.just(float("nan"))
gestures = st.integers(0, 2)
commands = st.one_of(
    st.builds(SelectSlot, slots),
    st.builds(SetLatent, slots, dimensions, values, gestures),
    st.builds(MoveLatent, slots, dimensions, values, gestures),
    st.builds(MoveLatents, slots, st.tuples(st.tuples(dimensions, values)), gestures),
    st.builds(MoveSelection, st.integers(-9, 9)),
    st.builds(Nudge, st.sampled_from(get_args(Parameter)), st.floats(), gestures),
    st.builds(
        NudgeModulation,
        dimensions,
        st.sampled_from(get_args(ModulationPart)),
        st.floats(),
        gestures,
    ),
    st.builds(
        NudgeRoute, st.integers(-1, 8), st.sampled_from(get_args(RoutePart)), st.floats(), gestures
    ),
    st.builds(
        SetLatents,
        slots,
        st.lists(st.tuples(dimensions, values), max_size=3).map(tuple),
        gestures,
    ),
    st.builds(ResetLatent, slots, st.none() | dimensions),
    st.builds(LockDimension, dimensions, st.booleans()),
    st.builds(Randomise, slots, st.floats(-0.1, 1.1), st.integers(0, 5)),
    st.builds(LoadMeasures, slots, st.sampled_from([(REEL,), (JIG,)]), st.just((TUNE,))),
    st.builds(CopySlot, slots, slots),
    st.builds(ClearSlot, slots),
    st.builds(InsertSlot, slots),
    st.builds(RemoveSlot, slots),
    st.builds(SetTempo, st.floats(10, 500), gestures),
    st.builds(SetTrack, st.integers(-1, 16), st.none() | st.integers(0, 128)),
    st.builds(
        SetTrack,
        name=st.none() | st.text(max_size=50),
        octave=st.none() | st.integers(-5, 5),
        locked=st.none() | st.booleans(),
        muted=st.none() | st.booleans(),
        track=tracks,
    ),
    st.builds(SetMix, st.none() | st.integers(-1, 128), st.none() | st.integers(0, 127)),
    st.builds(AddTrack, st.text(max_size=5)),
    st.builds(CopyTrack, track=tracks),
    st.builds(RemoveTrack, track=tracks),
    st.builds(MoveTrack, st.integers(-3, 3), track=tracks),
    st.builds(SelectTrack, st.integers(-1, 3)),
    st.builds(MoveTrackSelection, st.integers(-2, 2)),
    st.builds(CopySlot, slots, slots, tracks, track=tracks),
    st.builds(SetLatent, slots, dimensions, values, gestures, track=tracks),
    st.builds(
        lambda dimension, number: SetModulation(Modulation(dimension, number=number)),
        st.integers(0, 33),
        st.integers(0, 3),
    ),
    st.builds(RemoveModulation, st.integers(-1, 3)),
    st.builds(SetBank, st.none() | st.integers(0, 128), st.none() | st.integers(0, 128)),
    st.builds(SetGroove, st.none() | st.floats(49, 76), gesture=st.integers(0, 2)),
    st.builds(SetKey, st.integers(-1, 12), st.none(), st.none() | st.booleans()),
    st.builds(MarkTransport, st.booleans()),
    st.builds(Undo),
    st.builds(Redo),
    st.builds(ReplaceSong, st.just(one_track("Other", slots=(Slot.brought_in(JIG, TUNE),)))),
)


@settings(max_examples=60)
@given(st.lists(commands, max_size=40), st.integers(0, 40))
def test_the_same_commands_give_the_same_snapshot_bit_for_bit(
    played: list[Command], arrival: int
) -> None:
    def play() -> list[Snapshot]:
        state, shown = State(), []
        for place, command in enumerate(played):
            if place == arrival:
                state.adopt(FakeModel())
            before = state.snapshot()
            events = state.apply(command)
            after = state.snapshot()
            assert (after.revision > before.revision) == (after != before)
            if any(isinstance(event, CommandFailed) for event in events):
                assert after == before
            shown.append(after)
        return shown

    once, again = play(), play()
    assert once == again
    # Equality takes 0.0 for -0.0; the written form does not.
    assert repr(once) == repr(again)


@settings(max_examples=40)
@given(st.lists(commands, max_size=30))
def test_undoing_everything_brings_the_first_song_back(played: list[Command]) -> None:
    state = State()
    state.adopt(FakeModel())
    first = state.snapshot()
    for command in played:
        state.apply(command)
    last = state.snapshot()
    if not any(isinstance(command, Undo | Redo) for command in played):
        for _ in last.undo:
            state.apply(Undo())
        assert state.snapshot().song == first.song
        for _ in last.undo:
            state.apply(Redo())
        again = state.snapshot()
        assert replace(again, revision=0, redo=()) == replace(
            last, revision=0, redo=(), selected=again.selected, track=again.track
        )


def test_a_slot_is_varied_around_its_own_code_without_being_transposed(state: State) -> None:
    do(state, LoadMeasures(0, (REEL,), (TUNE,)))
    slot = state.snapshot().row.slots[0]
    state.apply(LockDimension(2, True))
    state.apply(Vary(0, 1.5, 7))
    varied = state.snapshot().row.slots[0]
    assert slot.latent is not None
    assert varied.latent is not None
    assert varied.latent[2] == slot.latent[2]
    assert varied.latent[4] == slot.latent[4]
    assert math.dist(slot.latent, varied.latent) <= 1.5 + 1e-3
    assert varied.anchor == slot.anchor
    assert state.snapshot().undo[0] == "vary 1.5 in measure 1"
    assert refusal(state, Vary(7, 1.0, 7)) == "Measure 8 is empty."
    state.apply(Undo())
    assert state.snapshot().row.slots[0] == slot


def test_measures_are_put_between_two_in_one_step(state: State) -> None:
    do(state, LoadMeasures(0, (REEL,), (TUNE,)))
    before = state.snapshot()
    state.apply(CopySlot(0, 1))
    state.apply(SetLatent(1, 2, 3.0))
    state.apply(SelectSlot(1))
    state.apply(Interpolate(0, 1, 3))
    slots = state.snapshot().row.slots
    assert len(slots) == len(before.song.tracks[0].slots) + 3
    assert [slot.origin.detail for slot in slots[1:4]] == [f"step {n} of 3" for n in (1, 2, 3)]
    assert {slot.origin.kind for slot in slots[1:4]} == {"between"}
    densities = [slot.latent[2] for slot in slots[:5] if slot.latent is not None]
    assert densities == sorted(densities)
    assert len(set(densities)) == 5
    assert state.snapshot().selected == 4
    assert state.snapshot().undo[0] == "3 measures from 1 to 2"
    assert refusal(state, Interpolate(0, 0)).startswith("There is no way")
    assert refusal(state, Interpolate(0, 7)).startswith("There is no way")
    state.apply(Undo())
    assert len(state.snapshot().row.slots) == len(before.song.tracks[0].slots)


def test_what_is_recorded_in_one_pass_is_one_step_and_keeps_its_touches(state: State) -> None:
    do(state, LoadMeasures(0, (REEL,), (TUNE,)))
    before = state.snapshot().song
    touch = (Touch(33, 0.05),)
    measure = Measure((60, *[HOLD] * 23))
    for slot in (2, 3, 2):
        state.apply(
            LoadMeasures(slot, (measure,), (Origin("played", "Played"),), (touch,), gesture=5)
        )
    assert state.snapshot().undo[0] == "record measures 3 to 4"
    assert state.snapshot().row.slots[3].touches == touch
    state.apply(CopySlot(3, 4))
    assert state.snapshot().row.slots[4].touches == touch
    state.apply(SetLatent(4, 2, 3.0))
    # The note that is still there is played as it was, the others as the track has them.
    moved = state.snapshot().row.slots[4]
    assert moved.measure.tokens[0] == measure.tokens[0]
    assert moved.touches == (*touch, *[None] * (len(moved.measure.pitches) - 1))
    state.apply(SetLatent(4, 4, 3.0))
    assert state.snapshot().row.slots[4].touches == ()
    state.apply(ResetLatent(4))
    assert state.snapshot().row.slots[4].touches == touch
    for _ in range(5):
        state.apply(Undo())
    assert state.snapshot().song == before


def test_songs_that_are_left_without_being_saved_are_named(state: State) -> None:
    assert do(state, SetTempo(91)).unsaved == ()
    shown = do(state, ReplaceSong(Song("Second"), "/b.armonica"))
    assert (shown.saved, shown.unsaved, shown.document) == (True, ("Untitled",), 1)
    shown = do(state, SetTempo(92), ReplaceSong(Song("Third"), None))
    assert shown.unsaved == ("Untitled", "Second")
    shown = do(state, Undo())
    assert (shown.saved, shown.unsaved, shown.document) == (False, ("Untitled",), 1)
    assert do(state, MarkSaved("/b.armonica", shown.song)).saved
    assert do(state, Redo()).unsaved == ("Untitled",)


def test_of_songs_without_a_file_each_is_saved_for_itself(state: State) -> None:
    do(state, ReplaceSong(Song("Second"), None))
    shown = do(state, Undo())
    assert (shown.saved, shown.unsaved) == (True, ())
