"""Edits of patterns: against a plain model of what they should do, and what refuses them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ArmonicaError
from engine.music.accompaniment.style import Accompaniment
from engine.music.grid import GRIDS
from engine.music.pattern import Hit, Pattern
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.edit import ClearSlot, CopySlot, LoadMeasures, SetMetre, Undo
from engine.protocol.notes import LockNotes, ToggleMeasureLock
from engine.protocol.notices import Notice
from engine.protocol.patterns import NudgeHits, PutHits, RemoveHits
from engine.protocol.tracks import FreezeAccompaniment, SetAccompaniment, SetTrack
from engine.services.editing.state import State
from tests.support.dispatcher import TUNE
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

KICK, SNARE = 36, 38


@pytest.fixture
def state() -> State:
    """Return the state of a song of drums whose model is there."""
    state = State(Song(tracks=(Track(kind="drums", channel=9, slots=(Slot(),) * 4),)))
    state.adopt(FakeModel())
    return state


def held(state: State, slot: int = 0) -> list[tuple[float, int, int]]:
    """Return place, drum and velocity of what a measure holds."""
    pattern = state.snapshot().song.slot(slot).pattern
    return [(float(h.onset), h.pitch, h.velocity) for h in (pattern.hits if pattern else ())]


def hit(pitch: int, velocity: int = 96, at: Fraction = Fraction(0)) -> Hit:
    """Return a note of a sixteenth."""
    return Hit(at, pitch, Fraction(1, 4), velocity)


def test_hits_are_put_made_louder_and_removed_each_as_one_step(state: State) -> None:
    do(state, PutHits(0, Fraction(0), (hit(KICK), hit(SNARE, at=Fraction(1)))))
    do(state, PutHits(0, Fraction(0), (hit(KICK, 50),)))
    assert held(state) == [(0, KICK, 50), (1, SNARE, 96)]
    shown = do(state, NudgeHits(0, Fraction(0), Fraction(4), 40, gesture=7))
    shown = do(state, NudgeHits(0, Fraction(0), Fraction(4), 40, gesture=7))
    assert held(state) == [(0, KICK, 127), (1, SNARE, 127)]
    assert shown.undo[0] == "loudness of notes in measure 1"
    do(state, Undo())
    assert held(state) == [(0, KICK, 50), (1, SNARE, 96)]
    do(state, RemoveHits(0, Fraction(0), Fraction(4), KICK))
    assert held(state) == [(1, SNARE, 96)]
    assert "No note starts here" in refusal(state, RemoveHits(0, Fraction(0), Fraction(4), KICK))
    assert "no place there" in refusal(state, PutHits(0, Fraction(4), (hit(KICK),)))
    do(state, SetTrack(locked=True))
    assert "locked" in refusal(state, PutHits(0, Fraction(0), (hit(KICK),)))


def test_a_melody_becomes_a_pattern_with_its_first_such_edit(state: State) -> None:
    do(state, LoadMeasures(0, (measure("C-E-"),), (TUNE,)))
    do(state, PutHits(0, Fraction(1), (hit(SNARE),)))
    assert held(state) == [(0, 60, 96), (1, SNARE, 96), (2, 64, 96)]
    assert state.snapshot().song.slot(0).latent is None


def test_what_a_rule_plays_is_frozen_before_it_is_edited() -> None:
    track = Track(kind="drums", accompaniment=Accompaniment("rock"), slots=(Slot(),) * 4)
    state = State(Song(tracks=(track,)))
    assert "played by rule" in refusal(state, PutHits(0, Fraction(0), (hit(KICK),)))
    # Where the rule rests there is nothing to freeze.
    do(state, SetMetre("6/8", 0, 0))
    do(state, PutHits(0, Fraction(0), (hit(KICK),)))
    assert held(state) == [(0, KICK, 96)]


places = st.integers(0, 19).map(lambda step: Fraction(step, 4))
edits = st.one_of(
    st.builds(
        lambda at, pitch, velocity: PutHits(0, at, (hit(pitch, velocity),)),
        places, st.integers(36, 39), st.integers(1, 127),
    ),
    st.builds(
        lambda a, b, pitch: RemoveHits(0, a, b, pitch), places, places,
        st.none() | st.integers(36, 39),
    ),
    st.builds(
        lambda a, b, by, pitch: NudgeHits(0, a, b, by, pitch), places, places,
        st.integers(-200, 200), st.none() | st.integers(36, 39),
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(edits, max_size=15))
def test_whatever_is_edited_the_measure_holds_what_a_plain_table_would(
    commands: list[PutHits | RemoveHits | NudgeHits],
) -> None:
    state = State(Song(tracks=(Track(kind="drums"),)))
    table: dict[tuple[Fraction, int], int] = {}
    for command in commands:
        if isinstance(command, PutHits):
            if command.onset < 4:
                table[command.onset, command.hits[0].pitch] = command.hits[0].velocity
        else:
            for key in list(table):
                if command.start <= key[0] < command.end and command.pitch in (None, key[1]):
                    if isinstance(command, RemoveHits):
                        del table[key]
                    else:
                        table[key] = max(1, min(127, table[key] + command.by))
        state.apply(command)
    assert held(state) == sorted((float(at), pitch, loud) for (at, pitch), loud in table.items())


@given(st.fractions(max_denominator=2000), st.integers(-5, 140))
def test_a_hit_off_the_grid_of_patterns_is_refused_and_nothing_lost(
    at: Fraction, pitch: int
) -> None:
    state = State(Song(tracks=(Track(kind="drums"),)))
    do(state, PutHits(0, Fraction(1), (hit(KICK),)))
    before = state.snapshot()
    try:
        made = replace(hit(KICK), pitch=pitch)
    except ArmonicaError:
        return
    events = state.apply(PutHits(0, at, (made,)))
    assert (state.snapshot() == before) or not events


def test_a_locked_measure_refuses_edits_of_its_pattern_and_its_clearing(state: State) -> None:
    do(state, PutHits(0, Fraction(0), (hit(KICK),)))
    do(state, ToggleMeasureLock(0))
    for command in (
        PutHits(0, Fraction(1), (hit(SNARE),)), RemoveHits(0, Fraction(0), Fraction(4)),
        NudgeHits(0, Fraction(0), Fraction(4), 5), ClearSlot(0), CopySlot(1, 0),
        SetMetre("3/4", 0, 0),
    ):  # fmt: skip
        assert "locked" in refusal(state, command)
    assert held(state) == [(0, KICK, 96)]
    do(state, ToggleMeasureLock(0))
    do(state, ClearSlot(0))
    assert held(state) == []


def test_a_locked_measure_stays_when_the_rule_is_frozen_around_it() -> None:
    track = Track(kind="drums", slots=(Slot(),) * 4)
    state = State(Song(tracks=(track,)))
    do(state, PutHits(1, Fraction(0), (hit(KICK),)))
    do(state, PutHits(3, Fraction(0), (hit(KICK),)))
    do(state, ToggleMeasureLock(1))
    do(state, SetAccompaniment(Accompaniment("rock")))
    before = state.snapshot().song.slot(1)
    song = do(state, FreezeAccompaniment()).song
    assert song.slot(1) == before
    assert song.slot(1).locked
    assert not song.slot(0).silent
    assert not song.slot(2).silent


def test_a_locked_note_of_a_melody_holds_against_patterns(state: State) -> None:
    do(state, LoadMeasures(0, (measure("C-E-"),), (TUNE,)))
    do(state, LockNotes(0, (0,), True))
    assert "locked" in refusal(state, PutHits(0, Fraction(1), (hit(SNARE),)))


def test_a_shorter_metre_cuts_the_hits_of_a_pattern_and_says_so(state: State) -> None:
    long = Hit(Fraction(2), KICK, Fraction(2), 90)
    do(state, PutHits(0, Fraction(0), (hit(SNARE), long, hit(SNARE, at=Fraction(3)))))
    notices = [event for event in state.apply(SetMetre("3/4", 0, 0)) if isinstance(event, Notice)]
    assert [notice.text for notice in notices] == [
        "Measure 1 is in 3/4. Left out: 1 note beyond the bar line. Cut: 1 note over the bar line."
    ]
    slot = state.snapshot().song.slot(0)
    assert slot.pattern == Pattern((hit(SNARE), replace(long, duration=Fraction(1))))
    assert slot.grid == GRIDS["3/4"]
    do(state, Undo())
    assert len(held(state)) == 3


def test_a_pattern_is_copied_to_another_metre_where_it_fits(state: State) -> None:
    do(state, PutHits(0, Fraction(0), (hit(KICK), hit(SNARE, at=Fraction(3)))))
    do(state, SetMetre("3/4", 1, 1))
    assert "beyond the bar line" in refusal(state, CopySlot(0, 1))
    do(state, RemoveHits(0, Fraction(3), Fraction(4)))
    do(state, CopySlot(0, 1))
    assert held(state, 1) == [(0, KICK, 96)]
    assert state.snapshot().song.grid(1) == GRIDS["3/4"]
