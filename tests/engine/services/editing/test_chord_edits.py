"""Edits of the chord track, against a model in which each measure has its own chords."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.music.chord_track import sounding
from engine.music.song import Song
from engine.protocol.chords import ClearChords, RemoveChord, WriteChords
from engine.protocol.edit import InsertSlot, RemoveSlot, SetKey, Undo
from engine.services.editing.state import State
from tests.support.edits import do, refusal

BEATS = tuple(map(Fraction, range(4)))


def chords(song: Song) -> list[tuple[int, float, str]]:
    """Return measure (from 1), beat (from 1) and name of each chord."""
    return [(each.slot + 1, float(each.place) + 1, each.name(song.key)) for each in song.chords]


def heard(song: Song) -> list[list[str]]:
    """Return of each measure the chord that lasts on each beat."""
    found = []
    for slot in range(song.length):
        each = [sounding(song.chords, slot, beat) for beat in BEATS]
        found.append([one.name() if one else "" for one in each])
    return found


def test_chords_are_set_removed_cleared_and_each_is_a_step() -> None:
    state = State()
    song = do(
        state,
        WriteChords(0, Fraction(0), "C | Am7 D7 | G"),
        WriteChords(1, Fraction(3), "vi"),
        SetKey(tonic=7),
        WriteChords(3, Fraction(0), "vi"),
    ).song
    assert chords(song) == [
        (1, 1, "C"), (2, 1, "Am7"), (2, 3, "D7"), (2, 4, "Am"), (3, 1, "G"), (4, 1, "Em"),
    ]  # fmt: skip
    assert state.snapshot().undo[0] == "chord Em in measure 4"
    assert state.snapshot().undo[3] == "chords of measures 1 to 3"
    song = do(state, RemoveChord(1, Fraction(2)), ClearChords(2, None)).song
    assert chords(song) == [(1, 1, "C"), (2, 1, "Am7"), (2, 4, "Am")]
    assert state.snapshot().undo[:2] == ("clear chords from 3", "remove chord in measure 2")
    # A chart takes the place of what its measures have.
    assert chords(do(state, WriteChords(1, Fraction(0), "F G")).song)[1:] == [
        (2, 1, "F"), (2, 3, "G"),
    ]  # fmt: skip
    do(state, *[Undo()] * 7)
    assert state.snapshot().song.chords == ()


def test_what_cannot_be_is_refused_and_nothing_changes() -> None:
    state = State()
    assert "no measure 9" in refusal(state, WriteChords(8, Fraction(0), "C"))
    assert "no chord" in refusal(state, WriteChords(0, Fraction(0), "Hm"))
    assert "4 beats" in refusal(state, WriteChords(0, Fraction(4), "C"))
    assert "No chord begins in measure 1 on beat 2+1/2" in refusal(
        state, RemoveChord(0, Fraction(3, 2))
    )
    assert "no measure 0" in refusal(state, ClearChords(-1))


def test_measures_that_stay_keep_their_chords() -> None:
    state = State()
    do(state, WriteChords(0, Fraction(0), "C | Am7 D7 | | G"))
    before = heard(state.snapshot().song)
    assert heard(do(state, RemoveSlot(1)).song) == [before[0], *before[2:]]
    do(state, Undo(), InsertSlot(1))
    assert heard(state.snapshot().song) == [before[0], ["C"] * 4, *before[1:]]


@settings(max_examples=60)
@given(st.data())
def test_any_edits_of_chords_and_measures_are_those_of_a_plain_model(data: st.DataObject) -> None:
    state = State(Song())
    # The chord that is heard on each beat of each measure.
    model = heard(Song())
    past: list[list[list[str]]] = []
    flat: Any
    for _ in range(data.draw(st.integers(1, 12))):
        slot = data.draw(st.integers(0, len(model) - 1))
        place = data.draw(st.sampled_from(BEATS))
        before = state.snapshot()
        flat = [name for measure in model for name in measure]
        at = slot * 4 + int(place)
        starts = {each.slot * 4 + int(each.place) for each in before.song.chords}
        end = min((each for each in starts if each > at), default=len(flat))
        kind = data.draw(st.sampled_from(["set", "remove", "clear", "insert", "take out", "undo"]))
        if kind == "set":
            name = data.draw(st.sampled_from(["C", "Am7", "G7/B", "N.C."]))
            do(state, WriteChords(slot, place, name))
            flat[at:end] = [name] * (end - at)
        elif kind == "remove" and at in starts:
            do(state, RemoveChord(slot, place))
            flat[at:end] = [flat[at - 1] if at else ""] * (end - at)
        elif kind == "clear":
            do(state, ClearChords(slot))
            first = min((each for each in starts if slot * 4 <= each < slot * 4 + 4), default=None)
            if first is not None:
                end = min((each for each in starts if each >= slot * 4 + 4), default=len(flat))
                flat[first:end] = [flat[first - 1] if first else ""] * (end - first)
        elif kind == "insert" and len(model) < 12:
            do(state, InsertSlot(slot))
            lasting = flat[slot * 4 - 1] if slot else ""
            flat[slot * 4 : slot * 4] = [lasting] * 4
        elif kind == "take out" and len(model) > 1:
            do(state, RemoveSlot(slot))
            del flat[slot * 4 : slot * 4 + 4]
        elif kind == "undo" and past:
            do(state, Undo())
            assert heard(state.snapshot().song) == past.pop()
            model = heard(state.snapshot().song)
            continue
        if state.snapshot().song != before.song:
            past.append(model)
        model = [flat[each : each + 4] for each in range(0, len(flat), 4)]
        assert heard(state.snapshot().song) == model
