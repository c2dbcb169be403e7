"""Sections of a song and the order in which they are played."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import OutOfRange
from engine.music.form import NO_FORM, OrderEntry, Section, SongForm
from engine.music.scales import Key
from engine.music.song import Song
from tests.support.songs import one_track

FORM = SongForm(
    (Section("A", 2), Section("B", 1, 120.0, 60.0, Key(9, "dorian")), Section("C", 3)),
    (OrderEntry(0, 2), OrderEntry(1), OrderEntry(0)),
)


def slots_of(form: SongForm) -> list[int]:
    return [step.slot for step in form.steps(100.0)]


def test_the_order_says_what_is_played() -> None:
    assert slots_of(FORM) == [0, 1, 0, 1, 2, 0, 1]
    entries = [(step.entry, step.repeat) for step in FORM.steps(100.0)]
    assert entries == [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (2, 0), (2, 0)]


def test_a_section_may_have_a_tempo_and_a_key_of_its_own() -> None:
    found = list(FORM.steps(100.0))
    assert found[0].tempi == (100.0, 100.0)
    assert found[4].tempi == (120.0, 60.0)
    assert (found[0].key, found[4].key) == (None, Key(9, "dorian"))
    ramp = SongForm((Section("A", 4, ramp=140.0),), (OrderEntry(0),))
    assert [step.tempi for step in ramp.steps(100.0)] == [
        (100.0, 110.0), (110.0, 120.0), (120.0, 130.0), (130.0, 140.0),
    ]  # fmt: skip


def test_a_song_is_played_in_the_order_of_its_form() -> None:
    song = one_track(slots=one_track().tracks[0].slots[:6])
    formed = Song(tracks=song.tracks, form=FORM)
    assert [step.slot for step in formed.steps] == [0, 1, 0, 1, 2, 0, 1]
    assert len(formed.measures()) == 7
    assert formed.tempo_map(formed.steps).constant is None
    assert formed.line().slots == (0, 1, 0, 1, 2, 0, 1)


def test_measures_that_come_and_go_change_their_section() -> None:
    song = Song(tracks=one_track(slots=one_track().tracks[0].slots[:6]).tracks, form=FORM)
    assert [each.length for each in song.inserted(2).form.sections] == [2, 2, 3]
    assert [each.length for each in song.inserted(6, 2).form.sections] == [2, 1, 5]
    assert [each.length for each in song.removed(1, 1).form.sections] == [1, 1, 3]
    gone = song.removed(1, 3)
    assert [(each.name, each.length) for each in gone.form.sections] == [("A", 1), ("C", 2)]
    assert gone.form.order == (OrderEntry(0, 2), OrderEntry(0))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Section("", 1), "name"),
        (lambda: Section("A", 0), "one measure"),
        (lambda: Section("A", 1, tempo=1000), "20 to 400"),
        (lambda: SongForm((), (OrderEntry(0),)), "needs sections"),
        (lambda: SongForm((Section("A", 1),), ()), "1 to 256 entries"),
        (lambda: SongForm((Section("A", 1),), (OrderEntry(1),)), "no section 2"),
        (lambda: SongForm((Section("A", 1),), (OrderEntry(0, 65),)), "1 to 64 times"),
        (lambda: SongForm((Section("A", 100),), (OrderEntry(0, 64),)), "4096 measures"),
        (lambda: Song(form=FORM), "all of its measures"),
        (lambda: FORM.entry(3), "no entry 4"),
        (lambda: NO_FORM.section(0), "the song has none"),
    ],
)
def test_a_form_that_cannot_be_is_refused(made: Callable[[], object], words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        made()
