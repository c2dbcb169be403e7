"""An edit of a long song is heard without working its notes out anew, but for the next ones."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.music.chord_track import written
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.melody_notes import MelodyNotes
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.base import Command
from engine.protocol.chords import WriteChords
from engine.protocol.edit import InsertSlot, SetTempo
from engine.protocol.form import MoveEntry, NudgeRepeats, SetSection
from engine.protocol.transport import Play
from tests.support.dispatcher import DispatcherHarness
from tests.support.measures import quarters

TRACKS, MEASURES, SECTIONS = 16, 256, 8


def large() -> Song:
    """Return 16 tracks under a lock that follows chords, each section played twice."""
    slot = Slot.brought_in(quarters(60, 66, 63, 61), Origin("written"))
    form = SongForm(
        tuple(Section(f"S{n}", MEASURES // SECTIONS, tempo=100.0 + n) for n in range(SECTIONS)),
        tuple(OrderEntry(n, 2) for n in range(SECTIONS)),
    )
    tracks = tuple(Track(channel=n, slots=(slot,) * MEASURES) for n in range(TRACKS))
    song = Song(tracks=tracks, form=form, lock=True, follow=True)
    chords = written("|".join(["C", "D7"] * 100), 0, Fraction(0), song.grids, song.key)
    return Song(tracks=tracks, form=form, lock=True, follow=True, chords=chords)


@pytest.mark.parametrize(
    "command",
    [
        NudgeRepeats(5, 1), MoveEntry(5, 1), SetSection(5, tempo=90.0), SetTempo(80.0),
        WriteChords(200, Fraction(0), "E7"), InsertSlot(250),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_an_edit_while_it_plays_works_out_the_measures_at_hand_alone(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = DispatcherHarness(song=large(), model=None)
    harness.dispatch(Play(0))
    harness.advance_to(3.0)
    asked: list[int] = []
    plain = MelodyNotes._events_in

    def counted(self: MelodyNotes, index: int) -> object:
        asked.append(index)
        return plain(self, index)

    monkeypatch.setattr(MelodyNotes, "_events_in", counted)
    before = harness.dispatcher.snapshot.revision
    harness.dispatch(command)
    assert harness.dispatcher.snapshot.revision > before
    # The one that sounds, the next ones, and what they are tied to; not 512 of each track.
    assert len(set(asked)) < 10
    assert len(asked) < 50 * TRACKS
