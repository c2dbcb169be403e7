"""The lock that follows the chords: what is heard is of the key or of the chord under it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from engine.music.chord_track import written
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.chords import WriteChords
from engine.protocol.edit import SetKey, Undo
from engine.protocol.tracks import Nudge
from engine.services.editing.state import State
from tests.support.edits import do
from tests.support.measures import quarters

F_SHARP = 66


def song() -> Song:
    """Return two measures of F sharp in C major, the second half of the first under D7."""
    slots = tuple(Slot.brought_in(quarters(*[F_SHARP] * 4), Origin("written")) for _ in range(2))
    one = Song(tracks=(Track(slots=slots),), lock=True)
    chords = written("C 3:D7 | N.C.", 0, Fraction(0), one.grids, one.key)
    return replace(one, chords=chords)


def heard(one: Song, first: int = 0) -> list[int]:
    """Return the pitches that are heard from a measure on."""
    return [note.pitch for note in one.line(0, one.steps[first:]).once()]


def test_under_a_chord_its_notes_are_let_be_and_elsewhere_the_key_holds() -> None:
    assert heard(song()) == [65] * 8
    assert heard(replace(song(), follow=True)) == [65, 65, F_SHARP, F_SHARP, *[65] * 4]
    assert heard(replace(song(), follow=True), 1) == [65] * 4
    assert heard(replace(song(), follow=True, lock=False)) == [F_SHARP] * 8
    assert heard(replace(song(), follow=True, chords=())) == [65] * 8


def test_it_is_turned_over_and_taken_back() -> None:
    state = State(song())
    assert do(state, Nudge("follow", 1)).song.follow
    assert state.snapshot().undo[0] == "lock follows the chords"
    # An edit of the chords is heard at once.
    assert heard(do(state, WriteChords(1, Fraction(0), "D")).song)[4:] == [F_SHARP] * 4
    do(state, SetKey(follow=False))
    assert state.snapshot().undo[0] == "lock follows the key alone"
    assert do(state, Undo()).song.follow
