"""The chord that holds in a measure is the one that is played before it, wherever that lies."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from engine.music.chord_order import as_played
from engine.music.chord_track import written
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from tests.support.measures import quarters

F_SHARP = 66
START = Fraction(0)


def song() -> Song:
    """Return A with D7, B with N.C., and C without a chord, played A C B C twice over."""
    slots = tuple(Slot.brought_in(quarters(*[F_SHARP] * 4), Origin("written")) for _ in range(3))
    form = SongForm(
        (Section("A", 1), Section("B", 1), Section("C", 1)),
        (OrderEntry(0), OrderEntry(2, 2), OrderEntry(1), OrderEntry(2)),
    )
    one = Song(tracks=(Track(slots=slots),), form=form, lock=True, follow=True)
    chords = written("D7 | C 3:N.C.", 0, START, one.grids, one.key)
    return replace(one, chords=chords)


def heard(one: Song) -> list[int]:
    """Return the pitch at the start of each measure as it is heard."""
    notes = one.line().once()
    return [note.pitch for note in notes if note.start % 4 == 0]


def test_a_lock_follows_the_chord_of_the_order() -> None:
    # After A the measure of C is under D7, both times; after B it is under none.
    assert heard(song()) == [F_SHARP, F_SHARP, F_SHARP, 65, 65]


def test_the_chord_of_an_entry_is_that_of_the_entry_before_it() -> None:
    one = song()
    assert [each.name() for each in one.chords_in(2, 1)] == ["D7"]
    assert [each.name() for each in one.chords_in(2, 3)] == ["N.C."]
    # It stands at the start of the measure that it lasts into.
    assert [each.at for each in one.chords_in(2, 1)] == [(2, START)]
    assert [each.name() for each in one.chords_in(1, 2)] == ["C", "N.C."]


def test_the_next_chord_is_the_next_that_is_played() -> None:
    one = song()
    after = [one.chord_after(slot, START, entry) for slot, entry in ((0, 0), (2, 1), (1, 2))]
    assert [each.name() if each else None for each in after] == ["C", "C", "N.C."]
    assert one.chord_after(2, START, 3) is None


def test_without_a_form_the_measures_lie_as_they_are_played() -> None:
    one = replace(song(), form=SongForm())
    assert [each.name() for each in one.chords_in(2)] == ["N.C."]
    assert heard(one) == [F_SHARP, 65, 65]


def test_a_section_that_no_entry_plays_has_the_chord_that_lies_before_it() -> None:
    form = replace(song().form, order=(OrderEntry(0),))
    assert [each.name() for each in replace(song(), form=form).chords_in(2)] == ["N.C."]
    # Looped alone, the measures of an entry begin as they do in the order.
    alone = song().line(0, song().steps_through(2, 1))
    assert [note.pitch for note in alone.once()] == [F_SHARP] * 4


def test_what_follows_the_chords_of_slots_has_them_as_they_are_played_first() -> None:
    one = song()
    found = as_played(one.chords, one.steps)
    assert [(each.slot, each.name()) for each in found] == [
        (0, "D7"), (1, "C"), (1, "N.C."), (2, "D7"),
    ]  # fmt: skip
    lying = replace(one, form=SongForm())
    assert as_played(lying.chords, lying.steps) == lying.chords
