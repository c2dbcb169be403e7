"""What the switches of a song ask of the notes of its measures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from engine.music.asked_tones import ANY_TONES, asked_tones, strong_ticks
from engine.music.chord_track import written
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.grid import GRIDS
from engine.music.scales import key_of
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from tests.support.measures import quarters


def song(chart: str) -> Song:
    """Return two measures in C major under a chart."""
    slots = tuple(Slot.brought_in(quarters(60, 62, 64, 65), Origin("written")) for _ in range(2))
    one = Song(tracks=(Track(slots=slots),))
    return replace(one, chords=written(chart, 0, Fraction(0), one.grids, one.key))


def test_nothing_is_asked_while_both_are_off() -> None:
    assert asked_tones(song("C"), 0) is ANY_TONES
    assert not ANY_TONES
    assert ANY_TONES.allows(3, 61)


def test_a_key_is_asked_of_every_note_and_that_of_its_section_goes_before() -> None:
    one = replace(song("C"), stay_in_key=True)
    asked = asked_tones(one, 0)
    assert [asked.allows(1, pitch) for pitch in (60, 61, 65, 66)] == [True, False, True, False]
    form = SongForm((Section("A", 1), Section("B", 1, key=key_of("D major"))), (OrderEntry(0),))
    asked = asked_tones(replace(one, form=form), 1)
    assert [asked.allows(1, pitch) for pitch in (60, 61, 65, 66)] == [False, True, False, True]


def test_chord_tones_are_asked_on_strong_beats_alone() -> None:
    one = replace(song("C 3:D7 | N.C."), chord_tones=True)
    asked = asked_tones(one, 0)
    assert [asked.allows(0, pitch) for pitch in (60, 62, 64)] == [True, False, True]
    assert [asked.allows(12, pitch) for pitch in (60, 64, 66)] == [True, False, True]
    # The second beat is weak, and nothing is asked of it.
    assert asked.allows(6, 61)
    # No chord asks for none of its notes.
    assert not asked_tones(one, 1).strong
    # A chord lasts over the bar line.
    lasting = replace(song("D7"), chord_tones=True)
    assert not asked_tones(lasting, 1).allows(0, 64)


def test_a_chord_lasts_into_the_measure_that_is_played_next() -> None:
    one = replace(song("C | D7"), chord_tones=True)
    row = one.tracks[0].slots
    one = one.with_track(0, slots=(*row, row[0]))
    assert asked_tones(one, 2).allows(0, 62)
    sections = Section("A", 1), Section("B", 1), Section("C", 1)
    form = SongForm(sections, tuple(map(OrderEntry, (0, 2, 1))))
    # The third measure is played behind the first, and C lies under it, not D7.
    asked = asked_tones(replace(one, form=form), 2)
    assert [asked.allows(0, pitch) for pitch in (60, 62)] == [True, False]


def test_with_both_the_notes_of_a_chord_count_as_in_the_key_while_it_lasts() -> None:
    one = replace(song("C 3:D7 | C"), chord_tones=True, stay_in_key=True)
    asked = asked_tones(one, 0)
    assert asked.allows(12, 66)
    assert asked.allows(18, 66)
    assert not asked.allows(6, 66)
    assert not asked_tones(one, 1).allows(0, 66)


def test_strong_beats_are_the_first_of_each_pulse_group() -> None:
    places = {
        name: [float(GRIDS[name].onsets[tick]) for tick in strong_ticks(GRIDS[name])]
        for name in ("4/4", "3/4", "6/8", "12/8", "7/8", "4/4 fine")
    }
    assert places == {
        "4/4": [0, 2], "3/4": [0], "6/8": [0], "12/8": [0, 3], "7/8": [0, 1, 2], "4/4 fine": [0, 2],
    }  # fmt: skip
