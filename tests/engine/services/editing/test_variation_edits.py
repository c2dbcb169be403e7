"""Measures and sections varied by amount and scope: commands in, notes out, one step of undo."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ArmonicaError
from engine.music.asked_tones import asked_tones
from engine.music.locks import kept
from engine.music.measure import REST, Measure
from engine.music.performance import Touch
from engine.music.slot import Origin
from engine.music.song import Song
from engine.music.varied_notes import varied
from engine.protocol.edit import (
    LoadMeasures,
    LockDimension,
    SetMetre,
    SetTones,
    Undo,
    Vary,
)
from engine.protocol.notes import LockNotes, ToggleMeasureLock, VaryNotes
from engine.protocol.tracks import SetTrack
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

TUNE = Origin("corpus", "The Tune")
TEXTS = ("CDEF", "GFED", "C-G-", "EEFF")
BEAT = Fraction(1)


def loaded(model: FakeModel) -> State:
    state = State()
    state.adopt(model)
    touches = tuple(Touch(60 + at) for at in range(4))
    played = (touches, *[()] * 3)
    do(state, LoadMeasures(0, tuple(map(measure, TEXTS)), (TUNE,) * 4, played))
    return state


@pytest.fixture
def state(model: FakeModel) -> State:
    return loaded(model)


def heard(state: State) -> list[Measure]:
    return [slot.measure for slot in state.snapshot().song.tracks[0].slots[:4]]


def test_pitches_are_varied_with_their_rhythm_touches_and_gauges_read_anew(state: State) -> None:
    before = state.snapshot().song
    after = do(state, VaryNotes(0, "pitches", 10, 5)).song
    was, now = before.slot(0), after.slot(0)
    assert now.touches == was.touches
    assert now.measure == varied(was.measure, "pitches", 10, 5)
    assert [t > REST for t in now.measure.tokens] == [t > REST for t in was.measure.tokens]
    assert now.latent == now.anchor != was.latent
    assert state.snapshot().undo[0] == "vary pitches 100 % in measure 1"
    assert do(state, Undo()).song == before
    # The same seed does the same again.
    assert do(state, VaryNotes(0, "pitches", 10, 5)).song == after


def test_a_section_is_varied_in_one_step_and_what_is_locked_is_left(state: State) -> None:
    do(state, ToggleMeasureLock(1), LockNotes(2, (0,), True))
    before = heard(state)
    do(state, VaryNotes(0, "notes", 10, 5, count=4))
    assert state.snapshot().undo[0] == "vary notes 100 % in measures 1 to 4"
    after = heard(state)
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False, False]
    assert after[2].tokens[:2] == before[2].tokens[:2]
    do(state, Undo())
    do(state, Vary(0, 4.0, 5, count=4))
    assert [a == b for a, b in zip(before, heard(state), strict=True)][1]
    do(state, Undo())
    assert heard(state) == before
    assert refusal(state, Vary(1, 4.0, 5)) == "Measure 2 is locked."
    assert refusal(state, VaryNotes(1, "notes", 4.0, 5)) == "Measure 2 is locked."


def test_one_gauge_is_varied_alone(state: State) -> None:
    was = state.snapshot().song.slot(0).latent
    now = do(state, Vary(0, 1.0, 3, dimension=2)).song.slot(0).latent
    assert was is not None
    assert now is not None
    assert [d for d in range(32) if was[d] != now[d]] == [2]
    assert state.snapshot().undo[0] == "vary density 1 in measure 1"
    do(state, LockDimension(2, True))
    assert "locked" in refusal(state, Vary(0, 1.0, 4, dimension=2))
    assert "no gauge 99" in refusal(state, Vary(0, 1.0, 4, dimension=99))


def test_selected_notes_alone_are_varied(state: State) -> None:
    do(state, VaryNotes(0, "pitches", 10, 5, start=BEAT, end=3 * BEAT))
    assert [a == b for a, b in zip(heard(state)[0].pitches, (60, 62, 64, 65), strict=True)] == [
        True, False, False, True,
    ]  # fmt: skip
    empty = VaryNotes(0, "pitches", 10, 5, start=BEAT / 4, end=BEAT / 2)
    assert refusal(state, empty) == "There is no free note here."


def test_notes_are_varied_in_metres_without_a_model_and_gauges_say_why_they_rest(
    state: State,
) -> None:
    do(state, SetMetre("6/8", 1, 1))
    before = heard(state)
    do(state, VaryNotes(1, "pitches", 10, 3))
    assert heard(state)[1] != before[1]
    assert "No model for 6/8" in refusal(state, Vary(1, 1.0, 1))
    # Of a section the measure is left.
    here = heard(state)
    do(state, Vary(0, 3.0, 1, count=4))
    assert heard(state)[1] == here[1]
    assert heard(state)[0] != here[0]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (VaryNotes(0, "notes", 11, 1), "0 to 10"),
        (VaryNotes(0, "notes", float("nan"), 1), "0 to 10"),
        (VaryNotes(0, "notes", 1, 1, count=99), "there are not 99 measures"),
        (VaryNotes(0, "notes", 1, 1, count=0), "there are not 0 measures"),
        (Vary(0, 1.0, 1, count=-3), "there are not -3 measures"),
        (Vary(0, 1.0, 1, count=65), "at most 64 measures"),
        (VaryNotes(7, "notes", 1, 1), "no free note"),
        (VaryNotes(5, "notes", 1, 1, count=2), "None of measures 6 to 7"),
        (Vary(99, 1.0, 1), "no measure 100"),
    ],
)
def test_what_cannot_be_varied_is_refused(state: State, command: Any, words: str) -> None:
    assert words in refusal(state, command)


def test_a_locked_track_is_not_varied(state: State) -> None:
    do(state, SetTrack(locked=True))
    assert "locked" in refusal(state, VaryNotes(0, "notes", 1, 1, count=4))


COMMANDS = st.one_of(
    st.builds(
        VaryNotes,
        st.integers(0, 4),
        st.sampled_from(["notes", "rhythm", "pitches"]),
        st.floats(0, 10),
        st.integers(0, 99),
        st.integers(1, 5),
    ),
    st.builds(
        Vary,
        st.integers(0, 4),
        st.floats(0, 10),
        st.integers(0, 99),
        st.none() | st.integers(0, 33),
        st.integers(1, 5),
    ),
    st.builds(SetTones, st.none() | st.booleans(), st.none() | st.booleans()),
    st.builds(ToggleMeasureLock, st.integers(0, 3)),
    st.just(Undo()),
)


def modelled(song: Song, command: VaryNotes) -> list[Measure]:
    """Return the measures that a command is to make, told measure by measure."""
    found = []
    for at, slot in enumerate(song.tracks[0].slots):
        row = song.tracks[0].slots
        inside = command.slot <= at < command.slot + command.count
        try:
            if not inside or slot.locked:
                raise ArmonicaError("", "")
            seed = command.seed + at - command.slot
            asked = asked_tones(song, at)
            made = varied(slot.measure, command.what, command.amount, seed, kept(row, at), asked)
        except ArmonicaError:
            made = slot.measure
        found.append(made)
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(COMMANDS, max_size=8))
def test_random_commands_do_what_a_plain_model_does(model: FakeModel, commands: list[Any]) -> None:
    state = loaded(model)
    for command in commands:
        before = state.snapshot()
        state.apply(command)
        after = state.snapshot()
        if isinstance(command, Undo) or after.revision == before.revision:
            continue
        if isinstance(command, VaryNotes):
            made = [slot.measure for slot in after.song.tracks[0].slots]
            assert made == modelled(before.song, command)
        for was, now in zip(before.song.slots(), after.song.slots(), strict=True):
            if was.locked and now.locked:
                assert now == was
        assert len(after.undo) == len(before.undo) + 1
    while state.snapshot().undo:
        do(state, Undo())
    assert state.snapshot().song.tracks[0].slots[0].empty
