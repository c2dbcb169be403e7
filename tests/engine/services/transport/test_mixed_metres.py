"""Songs of several metres: notes at their beats, clicks on the pulses, and what is played read so.

The tempo is 60, so that quarter notes are seconds.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.config import Settings
from engine.music.grid import GRIDS
from engine.music.measure import Measure, Note
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.edit import SetMetre
from engine.protocol.notes import RemoveNotes
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.tracks import AddTrack
from engine.protocol.transport import CaptureLast, KeysPlayed, Play, PlayheadMoved, Record
from engine.services.transport.metronome import CLICK_CHANNEL, DOWNBEAT, UPBEAT
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import DispatcherHarness
from tests.support.performer import QUIET, C, D, E, F, G, Performer
from tests.support.songs import one_track

MIDI = Origin("midi")
EVERY = pytest.mark.parametrize("name", GRIDS)


def pulsed(name: str, pitch: int) -> Slot:
    """A measure with a sixteenth on each pulse of its metre."""
    notes = [Note(pulse, Fraction(1, 4), pitch) for pulse in GRIDS[name].pulses]
    return Slot.brought_in(Measure.from_notes(notes, GRIDS[name]), MIDI)


def blank(*names: str) -> Song:
    return one_track("New", 60.0, slots=[Slot.blank(GRIDS[name]) for name in names])


def heard(harness: DispatcherHarness, channel: int = 0) -> list[tuple[float, int]]:
    notes = [note for note in harness.player.notes() if note.channel == channel]
    return sorted((round(note.on - LEAD, 6), note.pitch) for note in notes)


MIXED = Song(
    "Mixed",
    60.0,
    (
        Track(slots=(pulsed("6/8", C), pulsed("7/8", D), pulsed("4/4", E), pulsed("5/4", F))),
        Track(channel=1, slots=tuple(pulsed(n, G) for n in ("6/8", "7/8", "4/4", "5/4"))),
    ),
)


def test_notes_of_a_song_of_mixed_metres_sound_at_their_beats_in_all_tracks() -> None:
    harness = DispatcherHarness(settings=QUIET, song=MIXED)
    harness.do(Play())
    harness.advance_to(LEAD + 18.0)
    places = [0, 1.5, 3, 4, 5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5, 15.5, 17]
    pitches = [C] * 2 + [D] * 3 + [E] * 4 + [F] * 5 + [C] * 2
    assert heard(harness)[:16] == list(zip(places, pitches, strict=True))
    assert heard(harness, 1)[:16] == [(place, G) for place in places]


def test_the_playhead_says_the_measure_and_the_quarters_into_it() -> None:
    harness = DispatcherHarness(settings=QUIET, song=MIXED)
    harness.do(Play())
    harness.advance_to(LEAD + 7.0)
    last = harness.published(PlayheadMoved)[-1]
    assert isinstance(last, PlayheadMoved)
    assert last.slot == 2
    assert last.beat == pytest.approx(0.5, abs=0.06)


def test_a_metre_that_changes_on_the_way_keeps_the_place_in_the_measure() -> None:
    harness = DispatcherHarness(settings=QUIET, song=MIXED)
    harness.do(Play())
    harness.advance_to(LEAD + 7.2)
    # The third measure goes on though those before it are shorter now.
    harness.do(SetMetre("2/4", 0, 1))
    harness.advance_to(LEAD + 15.4)
    sounded = [each for each in heard(harness) if 7.2 < each[0] < 15.4]
    assert [pitch for _, pitch in sounded] == [E] * 3 + [F] * 5
    assert [at for at, _ in sounded] == [7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.5, 14.5]


@pytest.mark.parametrize(
    ("name", "beats", "bar"),
    [
        ("6/8", [0, 1.5], 3.0),
        ("7/8", [0, 1, 2], 3.5),
        ("9/8", [0, 1.5, 3], 4.5),
        ("3/4", [0, 1, 2], 3.0),
        ("5/4 fine", [0, 1, 2, 3, 4], 5.0),
    ],
)
def test_beats_are_counted_in_and_struck_by_the_metre(
    name: str, beats: list[float], bar: float
) -> None:
    # The measure before the first, from which the loop comes, is in another metre.
    performer = Performer(blank(name, name, "4/4"), Settings()).record(count_in=bar, measures=2)
    performer.play_until(2 * bar - 0.1)
    struck = [
        (round(note.on - performer.start, 6), note.pitch)
        for note in performer.harness.player.notes()
        if note.channel == CLICK_CHANNEL and note.on - performer.start < 2 * bar - 0.01
    ]
    down = [(start, DOWNBEAT) for start in (-bar, 0.0, bar)]
    up = [(start + at, UPBEAT) for start in (-bar, 0.0, bar) for at in beats[1:]]
    assert struck == sorted(down + up)


def test_the_count_is_of_the_beats_of_the_metre() -> None:
    performer = Performer(blank("7/8"), Settings()).record(count_in=3.5)
    counts = []
    for at, pitch in ((-3.4, C), (-2.4, D), (-1.4, E), (-0.1, F)):
        performer.play((at, at + 0.05, pitch))
        shown = performer.harness.published(KeysPlayed)[-1]
        assert isinstance(shown, KeysPlayed)
        counts.append(shown.count)
    assert counts == [3, 2, 1, 1]


@EVERY
def test_what_is_played_on_the_pulses_lands_there_and_the_next_measure_begins_after(
    name: str,
) -> None:
    grid = GRIDS[name]
    bar = float(grid.length)
    performer = Performer(blank(name, "4/4"), QUIET).record(measures=2)
    notes = [(float(p) + 0.01, float(p) + 0.4, C) for p in grid.pulses]
    performer.play(*notes, (bar + 0.01, bar + 1, D), (bar + 2, bar + 4, E))
    performer.play_until(bar + 4.3).stop()
    first, second = (slot.measure for slot in performer.slots)
    assert (first.grid, second.grid) == (grid, GRIDS["4/4"])
    assert [n.onset for n in first.notes] == list(grid.pulses)
    assert [(float(n.onset), n.pitch) for n in second.notes] == [(0, D), (2, E)]


def test_eighths_and_duplets_in_six_eight_are_read_as_such() -> None:
    performer = Performer(blank("6/8"), QUIET).record(measures=1)
    performer.play((0.02, 0.5, C), (0.49, 1, D), (1.01, 1.5, E), (1.5, 2.2, F), (2.27, 3, G))
    performer.play_until(3.2).stop()
    onsets = [note.onset for note in performer.slots[0].measure.notes]
    assert list(map(float, onsets)) == [0, 0.5, 1, 1.5, 2.25]


def test_a_new_measure_that_is_recorded_has_the_metre_of_the_last() -> None:
    performer = Performer(blank("3/4"), QUIET).record(measures=3)
    performer.play((0, 2.9, C), (3, 5.9, D), (6, 8.9, E)).play_until(9.2).stop()
    assert [slot.grid.name for slot in performer.slots] == ["3/4"] * 3
    assert [slot.measure.pitches for slot in performer.slots] == [(C,), (D,), (E,)]


def test_what_was_just_played_is_read_in_the_metre_of_the_measures_it_goes_into() -> None:
    performer = Performer(blank("3/4", "6/8"), QUIET)
    performer.start = 1.0
    performer.play((0, 1, C), (1, 3, D), (3, 4.5, E), (4.5, 6, F)).play_until(6.1)
    performer.harness.do(CaptureLast())
    assert [[float(n.onset) for n in s.measure.notes] for s in performer.slots] == [
        [0, 1],
        [0, 1.5],
    ]


def test_what_was_played_to_the_loop_keeps_its_bar_lines() -> None:
    performer = Performer(blank("3/4", "6/8", "4/4"), QUIET)
    performer.harness.do(SetMetre("3/4", 0, 0), Play(0))
    performer.start = performer.harness.now + LEAD
    # A song without notes loops over its first measure.
    performer.play((3, 4, C), (5, 6, D)).play_until(6.1)
    performer.harness.do(CaptureLast())
    assert [float(n.onset) for n in performer.slots[0].measure.notes] == [0, 2]


def test_nothing_is_lost_where_what_was_played_is_in_another_metre() -> None:
    performer = Performer(MIXED, QUIET)
    performer.harness.do(AddTrack(), Play(2))
    performer.start = performer.harness.now + LEAD
    performer.play((0, 1, C), (1, 4, D)).play_until(4.1).stop()
    performer.harness.do(CaptureLast(0, track=2))
    (refused,) = performer.harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.message == "Measure 1 is in 6/8 in track 1, and what comes is in 4/4."
    performer.harness.do(CaptureLast(2, track=2))
    notices = performer.harness.published(Notice)
    assert any("of what was just played" in str(notice) for notice in notices)


def test_a_change_at_the_next_beat_waits_for_one_of_the_metre() -> None:
    eighths = [Note(Fraction(at, 2), Fraction(1, 2), C) for at in range(6)]
    jig = Slot.brought_in(Measure.from_notes(eighths, GRIDS["6/8"]), MIDI)
    song = one_track("Jig", 60.0, slots=[jig])
    harness = DispatcherHarness(settings=Settings(timing="beat", audition=False), song=song)
    harness.do(Play())
    harness.advance_to(LEAD + 0.2)
    harness.do(RemoveNotes(0, Fraction(1, 2), Fraction(3)))
    harness.advance_to(LEAD + 3.4)
    # The eighths go on up to the second dotted quarter.
    assert [at for at, _ in heard(harness) if at < 3.1] == [0, 0.5, 1, 3]


def test_recording_goes_on_where_the_metre_of_its_measure_changes() -> None:
    performer = Performer(blank("4/4", "4/4"), QUIET).record(measures=2)
    performer.play((0, 1, C), (1, 2, D))
    performer.harness.do(SetMetre("3/4", 0, 0))
    performer.play((2, 3, E), (3, 4, F)).play_until(7.3).stop()
    assert [slot.measure.pitches for slot in performer.slots] == [(C, D, E), (F,)]


def test_recording_into_a_part_of_a_song_ends_with_it() -> None:
    performer = Performer(MIXED, QUIET)
    performer.harness.do(Record(slot=1, measures=1))
    performer.start = performer.harness.now + LEAD
    performer.play((0, 1, G), (1, 2, E), (2, 3.4, G)).play_until(3.7)
    assert performer.slots[1].measure.pitches == (G, E, G)
    assert performer.slots[1].grid.name == "7/8"
