"""The switches that gauges heed: commands in, and the notes that gauges make."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.music.asked_tones import asked_tones
from engine.music.measure import REST
from engine.music.slot import Origin
from engine.protocol.chords import WriteChords
from engine.protocol.edit import (
    Interpolate,
    LoadMeasures,
    Randomise,
    SetKey,
    SetLatent,
    SetTones,
    Undo,
    Vary,
)
from engine.services.editing.state import State
from tests.support.edits import do
from tests.support.fakes import FakeModel
from tests.support.measures import measure


@pytest.fixture
def state(model: FakeModel) -> State:
    state = State()
    state.adopt(model)
    do(state, LoadMeasures(0, (measure("CDEF"),) * 2, (Origin("corpus", "The Tune"),) * 2))
    return state


def wrong(state: State, slot: int = 0) -> list[tuple[int, int]]:
    """Return the notes of a measure that are not as they are asked for, by tick and pitch."""
    song = state.snapshot().song
    asked, tokens = asked_tones(song, slot), song.slot(slot).measure.tokens
    return [each for each in enumerate(tokens) if each[1] > REST and not asked.allows(*each)]


MOVES = (SetLatent(0, 2, 2.5), SetLatent(0, 4, 0.5), Randomise(0, 1.0, 4), Vary(0, 3.0, 7))


def test_what_gauges_and_chance_make_is_of_the_key(state: State) -> None:
    do(state, SetKey(tonic=1))
    do(state, *MOVES)
    off = [note for note in state.snapshot().song.slot(0).measure.tokens if note > REST]
    assert any((pitch - 1) % 12 in (1, 3, 6, 8, 10) for pitch in off)
    do(state, SetTones(stay_in_key=True))
    assert wrong(state)
    # Nothing is changed until a gauge moves.
    assert [t for t in state.snapshot().song.slot(0).measure.tokens if t > REST] == off
    for command in MOVES:
        do(state, command)
        do(state, SetLatent(0, 1, 1.5))
        assert not wrong(state)
    # An empty measure also.
    do(state, SetLatent(2, 2, 3.0))
    assert state.snapshot().song.slot(2).measure.pitches
    assert not wrong(state, 2)


def test_chord_tones_are_chosen_on_strong_beats(state: State) -> None:
    do(state, WriteChords(0, Fraction(0), "Ab 3:Ab"), SetTones(chord_tones=True))
    for command in MOVES:
        do(state, command)
        assert not wrong(state)


def test_they_are_turned_over_one_by_one_and_taken_back(state: State) -> None:
    do(state, SetTones(stay_in_key=True))
    assert state.snapshot().undo[0] == "stay in the key"
    song = do(state, SetTones(chord_tones=True)).song
    assert (song.stay_in_key, song.chord_tones) == (True, True)
    assert state.snapshot().undo[0] == "chord tones on strong beats"
    do(state, SetTones(stay_in_key=False))
    assert state.snapshot().undo[0] == "any notes"
    song = do(state, Undo(), Undo(), Undo()).song
    assert (song.stay_in_key, song.chord_tones) == (False, False)


def test_measures_between_two_are_of_the_key(state: State) -> None:
    do(state, SetKey(tonic=1), SetTones(stay_in_key=True), Interpolate(0, 1, 3))
    assert state.snapshot().song.slot(1).measure.pitches
    assert not [note for slot in (1, 2, 3) for note in wrong(state, slot)]
