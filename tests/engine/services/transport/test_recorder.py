"""A keyboard plays, time is moved by hand, and measures come out.

The tempo is 60, so that quarter notes are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Settings
from engine.errors import OutOfRange
from engine.midi import messages as m
from engine.midi.limits import CLICKS
from engine.midi.note_buffer import SILENCE
from engine.music.accompaniment.style import Accompaniment
from engine.music.measure import Measure
from engine.music.performance import Touch
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS
from engine.protocol.base import Command
from engine.protocol.devices import SetThru
from engine.protocol.edit import InsertSlot, RemoveSlot, SetLatent, SetTempo, Undo
from engine.protocol.files import OpenSong
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import RecordStatus
from engine.protocol.tracks import AddTrack, MoveTrack, RemoveTrack, SelectTrack
from engine.protocol.transport import (
    CaptureLast,
    EndRecording,
    KeysPlayed,
    Panic,
    Play,
    Record,
    SetRecord,
    Stop,
)
from engine.services.transport.metronome import (
    CLICK_CHANNEL,
    CLICK_VELOCITY,
    DOWNBEAT,
    HIGH_DOWNBEAT,
    HIGH_UPBEAT,
    SOFTER,
    UPBEAT,
)
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import DispatcherHarness
from tests.support.measures import quarters
from tests.support.performer import EMPTY, QUIET, C, D, E, F, G, Performer

FULL = EMPTY.with_track(
    0, slots=tuple(Slot.brought_in(quarters(C, C, C, C), Origin("corpus")) for _ in range(2))
)


def test_what_is_played_goes_into_its_slot_at_the_end_of_the_measure() -> None:
    performer = (
        Performer().record(measures=2).play((0, 0.9, C, 50), (1.02, 2, D, 110), (1.98, 3.9, E))
    )
    assert performer.tunes() == ["", "", "", ""]
    performer.play_until(4.1)
    assert performer.tunes() == ["C-D-E---", "", "", ""]
    assert performer.slots[0].touches == (Touch(50), Touch(110), Touch(80))
    assert performer.slots[0].latent is not None
    assert performer.slots[0].origin == Origin("played", "Played", "recorded")
    performer.play((4, 4.5, F), (4.5, 5, G)).play_until(8.2).stop()
    assert performer.tunes() == ["C-D-E---", "FG.-----", "", ""]
    assert performer.notices() == ["Recorded 2 measures, 1 to 2."]
    assert performer.harness.dispatcher.snapshot.undo == ("record measures 1 to 2",)


def test_a_pass_over_many_rounds_is_one_step_and_the_loop_sounds_it() -> None:
    performer = Performer().record(measures=1).play((0, 4, C)).play_until(4.2)
    assert [n.pitch for n in performer.harness.player.notes()][-1] == C
    # The loop has one measure, and it comes round again and again.
    performer.play((5, 6, D)).play_until(8.2)
    assert performer.tunes() == [".-D-.---", "", "", ""]
    performer.play((16, 20, E)).play_until(20.3).stop()
    assert performer.tunes() == ["E-------", "", "", ""]
    performer.harness.do(Undo())
    assert performer.slots == EMPTY.tracks[0].slots


def test_a_measure_in_which_nothing_is_played_stays_as_it_was() -> None:
    performer = Performer(FULL).record().play((4, 8, G)).play_until(8.2)
    assert performer.tunes() == ["C-C-C-C-", "G-------"]
    assert performer.slots[1].origin.detail == "replaced what was there"
    performer.play_until(16.2).stop()
    assert performer.tunes() == ["C-C-C-C-", "G-------"]


def test_new_notes_go_over_the_old_ones_where_they_sound() -> None:
    performer = Performer(FULL).record(mode="overdub").play((1, 2, G, 33)).play_until(4.2)
    assert performer.tunes() == ["C-G-C-C-", "C-C-C-C-"]
    assert performer.slots[0].touches == (None, Touch(33), None, None)
    performer.play((10, 11, E)).play_until(12.2).stop()
    assert performer.tunes() == ["C-G-E-C-", "C-C-C-C-"]


def test_a_measure_that_is_left_in_its_midst_keeps_its_end() -> None:
    performer = Performer(FULL).record().play((0, 1, G), (1, 1.9, E)).play_until(2.0).stop()
    assert performer.tunes() == ["G-E-C-C-", "C-C-C-C-"]


def test_a_key_that_is_down_over_the_bar_line_goes_on_in_the_next_measure() -> None:
    performer = Performer().record(measures=2).play((2, 6, C)).play_until(8.2).stop()
    assert performer.tunes() == [".---C---", "----.---", "", ""]


def test_a_note_that_comes_a_little_early_begins_the_measure() -> None:
    performer = (
        Performer().record(measures=2).play((-0.005, 3.9, C), (3.93, 7.9, D)).play_until(8.2).stop()
    )
    assert performer.tunes() == ["C-------", "D-------", "", ""]


def test_beats_are_counted_in_and_struck_as_the_settings_say() -> None:
    def clicks(settings: Settings) -> list[tuple[float, int]]:
        performer = (
            Performer(settings=settings).record(count_in=4.0 * settings.count_in).play_until(2.1)
        )
        return [
            (round(note.on - performer.start, 6), note.pitch)
            for note in performer.harness.player.notes()
            if note.channel == CLICK_CHANNEL
        ]

    bar = [(-4.0, DOWNBEAT), (-3.0, UPBEAT), (-2.0, UPBEAT), (-1.0, UPBEAT)]
    assert clicks(Settings(click="count-in")) == bar
    assert clicks(Settings())[:6] == [*bar, (0.0, DOWNBEAT), (1.0, UPBEAT)]
    assert clicks(Settings(click="never")) == []
    assert (
        clicks(Settings(count_in=2.0, click="count-in"))
        == [(at - 4, pitch) for at, pitch in bar] + bar
    )


def test_beats_are_struck_on_the_tracks_own_channel_where_that_is_all_there_is() -> None:
    song = EMPTY.with_track(0, channel=3)
    performer = Performer(song, Settings(click="count-in", click_sound="high note")).record(
        count_in=4.0
    )
    struck = [(n.channel, n.pitch) for n in performer.play_until(1.0).harness.player.notes()]
    assert struck == [(3, HIGH_DOWNBEAT), *[(3, HIGH_UPBEAT)] * 3]


def test_a_high_note_is_one_of_the_track_that_is_recorded_into() -> None:
    first = replace(EMPTY.tracks[0], channel=3)
    song = replace(EMPTY, tracks=(first, replace(first, channel=5, port="Strings")))
    performer = Performer(song, Settings(click="count-in", click_sound="high note"))
    performer.harness.do(m.Ready(1, True))
    performer.record(count_in=4.0, track=1).play_until(1.0)
    messages = performer.harness.player.messages
    (sent,) = [each for each in messages if isinstance(each, m.Notes) and each.voice == CLICKS]
    assert {note.channel for note in sent.notes} == {5}
    # The port of the second track is another than that of the song.
    assert sent.outlet != 0
    performer.stop()
    # What is still to be struck is dropped there.
    flushes = [each for each in messages if isinstance(each, m.Flush)]
    assert sent.outlet in [each.outlet for each in flushes if each.voice == CLICKS]


def test_the_channel_and_the_note_of_clicks_are_settings() -> None:
    wanted = Settings(click="count-in", click_channel=12.0, click_note=37.0)
    performer = Performer(settings=wanted).record(count_in=4.0).play_until(1.0)
    struck = [(n.channel, n.pitch, n.velocity) for n in performer.harness.player.notes()]
    assert struck == [(11, 37, CLICK_VELOCITY), *[(11, 37, SOFTER)] * 3]
    with pytest.raises(OutOfRange, match="channel from 1 to 16"):
        DispatcherHarness(settings=Settings(click_channel=17.0))


def test_nothing_is_recorded_while_it_is_counted_in() -> None:
    performer = Performer(settings=Settings()).record(count_in=4.0)
    performer.play((-3, -2, C), (-2, -1, D)).play_until(-0.5)
    shown = performer.harness.published(KeysPlayed)[-1]
    assert isinstance(shown, KeysPlayed)
    assert (shown.count, shown.slot) == (1, None)
    performer.play((0, 4, E)).play_until(4.2).stop()
    assert performer.tunes() == ["E-------", "", "", ""]


def test_a_loop_that_runs_is_recorded_into_when_it_comes_to_the_slot() -> None:
    performer = Performer(FULL)
    performer.harness.do(Play())
    performer.start = LEAD
    performer.play_until(1.0)
    performer.harness.do(Record(slot=1, measures=1))
    performer.play((1.5, 2.5, G))
    assert performer.harness.dispatcher.snapshot.recording == RecordStatus("replace", 1, 1)
    shown = performer.harness.published(KeysPlayed)[-1]
    assert isinstance(shown, KeysPlayed)
    assert shown.count == 2
    performer.play((4, 8, E)).play_until(8.2)
    assert performer.tunes() == ["C-C-C-C-", "E-------"]
    performer.harness.do(EndRecording())
    assert performer.harness.dispatcher.snapshot.playing
    performer.play((9, 10, F)).play_until(16.5)
    assert performer.tunes() == ["C-C-C-C-", "E-------"]


def test_what_is_heard_late_is_moved_back() -> None:
    late = replace(QUIET, latency=100.0)
    performer = (
        Performer(settings=late)
        .record(measures=1)
        .play((0.1, 1.1, C), (2.1, 4.1, D))
        .play_until(4.3)
    )
    assert performer.tunes()[0] == "C-.-D---"


def test_strength_leaves_some_of_the_playing() -> None:
    half = replace(QUIET, strength=0.5)
    performer = (
        Performer(settings=half).record(measures=1).play((0.1, 1, C), (1, 4, D)).play_until(4.2)
    )
    assert performer.slots[0].touches == (Touch(80, 0.05), Touch(80))
    performer.play_until(16.5).stop()
    # The loop comes round after 16 beats and sounds it so.
    late = [n for n in performer.harness.player.notes() if n.pitch == C and n.on > 16]
    assert [round(n.on - performer.start, 6) for n in late] == [16.05]


def test_the_tempo_may_change_on_the_way() -> None:
    performer = Performer().record(measures=2).play_until(4.0)
    performer.harness.do(SetTempo(120.0))
    # Four beats took four seconds, the next four take two.
    performer.play((4.0, 4.5, C), (4.5, 5.0, D), (5.0, 6.0, E)).play_until(6.3).stop()
    assert performer.tunes()[1] == "C-D-E---"


def test_what_comes_in_by_octaves_is_said() -> None:
    performer = Performer().record().play((0, 1, 36), (1, 2, 96)).play_until(4.2).stop()
    assert performer.notices() == [
        "Recorded measure 1. 2 notes moved by octaves into the range from G3 to C6."
    ]


def test_nothing_played_is_nothing_recorded() -> None:
    performer = Performer().record().play_until(6.0).stop()
    assert performer.notices() == ["Nothing was played, and nothing is recorded."]
    assert performer.slots == EMPTY.tracks[0].slots


@pytest.mark.parametrize("end", [Stop(), Panic(), Play(), EndRecording(), OpenSong("nowhere")])
def test_whatever_ends_a_recording_keeps_it(end: Command) -> None:
    performer = Performer().record().play((0, 1, C), (1, 2, D)).play_until(2.2)
    performer.harness.do(end)
    assert performer.tunes()[0] == "C-D-.---"
    assert performer.harness.dispatcher.snapshot.recording is None


def test_a_recording_cannot_be_begun_twice() -> None:
    performer = Performer().record()
    performer.harness.do(Record())
    (refused,) = performer.harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.message == "It records already."


def test_channels_are_left_out_where_others_are_chosen() -> None:
    performer = Performer()
    performer.harness.do(SetThru(True, (3,)))
    performer.record().play((0, 1, C)).play_until(4.2)
    assert performer.tunes()[0] == ""
    performer.harness.do(m.MidiReceived(performer.harness.now, "keys", bytes((0x93, D, 70))))
    performer.play_until(8.2)
    assert [slot.empty for slot in performer.slots] == [True, False, True, True]


@pytest.mark.parametrize("message", [b"\xfc", b"\xfa"])
def test_a_clock_that_stops_or_starts_over_ends_a_recording_and_keeps_it(message: bytes) -> None:
    performer = Performer(settings=replace(QUIET, clock="any"))
    pulses = iter(range(1, 10_000))

    def advance_to(end: float) -> None:
        while performer.harness.now < end - 1e-6:
            at = next(pulses) / 24
            performer.harness.advance_to(at)
            performer.harness.do(m.MidiReceived(at, "daw", b"\xf8"))

    performer.harness.do(m.MidiReceived(0.0, "daw", b"\xfa"))
    advance_to(1.0)
    performer.harness.do(Record(slot=0, measures=2))
    advance_to(9.0)
    began = performer.harness.dispatcher.snapshot.recording
    assert began == RecordStatus("replace", 0, 2)
    advance_to(12.0)
    performer.harness.do(m.MidiReceived(12.0, "keys", bytes((0x90, G, 70))))
    advance_to(13.0)
    performer.harness.do(m.MidiReceived(13.0, "daw", message))
    advance_to(14.0)
    assert performer.harness.dispatcher.snapshot.recording is None
    assert any(slot.measure.pitches == (G,) for slot in performer.slots[:2])


def test_the_settings_may_name_the_channels_that_count() -> None:
    performer = Performer(settings=replace(QUIET, channels="2, 16")).record().play((0, 4, C))
    performer.harness.do(m.MidiReceived(performer.harness.now, "keys", bytes((0x91, D, 70))))
    performer.play_until(8.2)
    assert performer.tunes()[:2] == ["", "D-------"]


# What was just played


def test_what_was_just_played_is_there_without_having_been_recorded() -> None:
    performer = Performer()
    performer.play(
        (10, 10.9, C, 44), (11, 12, D), (12, 14, E), (14, 15, F), (15, 18, G)
    ).play_until(30)
    performer.harness.do(CaptureLast(1))
    # Its first note is the first beat.
    assert performer.tunes() == ["", "C-D-E---", "F-G-----", ""]
    assert performer.slots[1].touches[0] == Touch(44)
    assert performer.slots[1].origin == Origin("played", "Played", "kept, measure 1 of 2")
    assert performer.notices() == ["2 measures of what was just played."]
    assert performer.harness.dispatcher.snapshot.undo == ("load measures 2 to 3",)


def test_after_a_silence_only_what_came_then_was_just_played() -> None:
    performer = Performer().play((0, 4, C), (4 + SILENCE, 8 + SILENCE, D))
    performer.harness.do(CaptureLast())
    assert performer.tunes() == ["D-------", "", "", ""]


def test_the_last_eight_measures_are_kept() -> None:
    pitches = (C, D, E, F, G)
    performer = Performer().play(*((4.0 * at, 4.0 * at + 4, pitches[at % 5]) for at in range(11)))
    performer.harness.do(CaptureLast())
    assert [tune[:1] for tune in performer.tunes()] == ["F", "G", "C", "D", "E", "F", "G", "C"]


def test_what_was_played_to_the_loop_is_read_on_its_beat_also_when_it_has_stopped() -> None:
    performer = Performer(FULL)
    performer.harness.do(Play())
    performer.start = LEAD
    performer.play((5, 6, E), (6, 8, D), (9, 10, F)).play_until(10.5).stop().play_until(30)
    performer.harness.do(InsertSlot(0), CaptureLast(1))
    assert performer.tunes() == ["", ".-E-D---", ".-F-.---"]


def test_a_chord_and_a_pedal_come_in_as_one_voice() -> None:
    performer = Performer()
    performer.harness.do(m.MidiReceived(0.0, "keys", bytes((0xB0, 64, 127))))
    performer.play((0, 0.2, C), (0.01, 0.2, E), (0.02, 0.2, G), (2, 2.2, C))
    performer.play_until(4).harness.do(
        m.MidiReceived(4.0, "keys", bytes((0xB0, 64, 0))), CaptureLast()
    )
    assert performer.tunes()[0] == "G---C---"
    assert performer.notices() == [
        "1 measure of what was just played. 2 notes left out below the highest line."
    ]


def test_where_nothing_was_played_that_is_said() -> None:
    performer = Performer()
    performer.harness.do(CaptureLast())
    (refused,) = performer.harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.message == "Nothing was played that could be kept."


def test_as_much_is_kept_as_the_song_has_room_for() -> None:
    full = EMPTY.with_track(0, slots=(Slot(),) * MOST_SLOTS)
    performer = Performer(full).play((0, 4, C), (4, 8, D))
    performer.harness.do(CaptureLast(MOST_SLOTS - 1))
    assert performer.notices() == [
        f"1 measure of what was just played. 1 more left out: a song has at most {MOST_SLOTS}."
    ]


# What is shown


def test_the_keys_that_are_down_are_shown_and_on_the_beat_what_was_played() -> None:
    performer = Performer(FULL)
    performer.harness.do(m.MidiReceived(0.0, "keys", bytes((0x90, G, 70))))
    assert performer.harness.published(KeysPlayed) == [KeysPlayed((G,))]
    performer.harness.do(m.MidiReceived(0.1, "keys", bytes((0x80, G, 70))), Play())
    performer.start = performer.harness.now + LEAD
    performer.play((1, 2, E), (2.5, 3, D)).play_until(3.2)
    shown = performer.harness.published(KeysPlayed)[-1]
    assert shown == KeysPlayed((), 0, ((1.0, 2.0, E), (2.5, 3.0, D)))
    performer.stop()
    assert performer.harness.published(KeysPlayed)[-1] == KeysPlayed()


def test_keys_whose_port_has_gone_are_up() -> None:
    performer = Performer()
    performer.harness.do(m.MidiReceived(0.0, "keys", bytes((0x90, G, 70))), m.Listening((), ()))
    assert performer.harness.published(KeysPlayed)[-1] == KeysPlayed()


items: st.SearchStrategy[Callable[[], Command | m.FromPlayer]] = st.one_of(
    st.builds(
        lambda kind, pitch, velocity: (
            lambda: m.MidiReceived(0.0, "k", bytes((kind, pitch, velocity)))
        ),
        st.sampled_from([0x80, 0x90, 0xB0]),
        st.sampled_from([C, D, 30, 64, 100]),
        st.integers(0, 127),
    ),
    st.sampled_from(
        [
            Record(),
            Record("overdub", 1, 2),
            Record(slot=0, measures=6),
            Stop(),
            Play(),
            Panic(),
            EndRecording(),
            CaptureLast(),
            Undo(),
            SetTempo(200.0),
            InsertSlot(0),
            RemoveSlot(1),
            SetLatent(0, 2, 1.0),
            SetRecord(strength=0.0),
            m.Listening((), ()),
        ]
    ).map(lambda item: lambda: item),
)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0.0, 3.0), items), max_size=25))
def test_whatever_is_played_and_asked_the_song_stays_whole(
    items: list[tuple[float, Callable[[], Command | m.FromPlayer]]],
) -> None:
    performer = Performer(FULL, Settings())
    for wait, make in items:
        performer.harness.advance_to(performer.harness.now + wait)
        item = make()
        if isinstance(item, m.MidiReceived):
            item = replace(item, at=performer.harness.now)
        performer.harness.do(item)
    performer.harness.do(Stop())
    for slot in performer.slots:
        assert isinstance(slot.measure, Measure)
        assert len(slot.touches) in (0, len(slot.measure.pitches))
    assert performer.harness.dispatcher.snapshot.recording is None
    assert performer.harness.dispatcher.wake() is None


def test_a_recording_follows_its_track_and_ends_where_that_is_taken_away() -> None:
    performer = Performer()
    harness = performer.harness

    def status() -> RecordStatus | None:
        return harness.dispatcher.snapshot.recording

    harness.do(AddTrack("Other"), SelectTrack(0))
    performer.record()
    performer.play((0, 1, C)).play_until(2.0)
    harness.do(MoveTrack(1))
    assert status() == RecordStatus("replace", 0, 4, 1)
    performer.play_until(4.5)
    song = harness.dispatcher.snapshot.song
    assert song.slot(0, 1).measure.pitches == (C,)
    assert song.slot(0, 0).empty
    performer.play((4.5, 5, D)).play_until(5.5)
    harness.do(RemoveTrack(track=1))
    assert status() is None
    assert harness.dispatcher.snapshot.playing
    assert performer.notices()[-1].startswith("The track that was recorded into is gone")
    performer.play_until(12.0)
    assert all(slot.empty for slot in harness.dispatcher.snapshot.song.slots())
    performer.record()
    assert status() == RecordStatus("replace", 0, 4)


def test_what_is_played_into_a_bass_lies_in_its_register() -> None:
    performer = Performer(EMPTY.with_track(0, octave=-2, transpose=2))
    performer.record()
    performer.play((0, 1, C - 24), (1, 2, D - 24)).play_until(4.5).stop()
    assert performer.slots[0].measure.pitches == (C - 2, D - 2)


KICK, SNARE, HAT = 36, 38, 42
DRUMS = EMPTY.with_track(0, kind="drums", channel=9)


def struck(performer: Performer) -> list[list[tuple[float, int, int]]]:
    """Return place, drum and velocity of what each measure holds."""
    return [
        [(float(h.onset), h.pitch, h.velocity) for h in slot.as_pattern(96).hits]
        for slot in performer.slots
    ]


def test_drums_that_are_struck_together_are_written_on_the_grid_as_one_step() -> None:
    performer = Performer(DRUMS).record(measures=2)
    performer.play((0.01, 0.1, KICK, 100), (0.012, 0.1, HAT, 60), (0.49, 0.6, HAT, 50))
    performer.play((0.98, 1.1, SNARE, 110), (2.35, 2.4, KICK, 90), (2.66, 2.7, KICK, 91))
    performer.play((4.02, 4.1, KICK, 99)).play_until(8.2).stop()
    first, second, *rest = struck(performer)
    assert first == [
        (0, KICK, 100), (0, HAT, 60), (0.5, HAT, 50), (1, SNARE, 110),
        (pytest.approx(7 / 3, abs=1e-3), KICK, 90), (pytest.approx(8 / 3, abs=1e-3), KICK, 91),
    ]  # fmt: skip
    assert second == [(0, KICK, 99)]
    assert rest == [[], []]
    assert performer.notices() == ["Recorded 2 measures, 1 to 2."]
    performer.harness.do(Undo())
    assert struck(performer) == [[]] * 4


def test_drums_are_laid_over_others_or_take_their_place() -> None:
    performer = Performer(DRUMS).record(measures=1).play((0, 0.1, KICK), (3, 3.1, KICK))
    performer.play_until(4.2).stop()
    performer.record(mode="overdub", measures=1).play((1, 1.1, SNARE)).play_until(4.2).stop()
    assert struck(performer)[0] == [(0, KICK, 80), (1, SNARE, 80), (3, KICK, 80)]
    # A measure that is left in its midst keeps its end.
    performer.record(measures=1).play((0.5, 0.6, HAT)).play_until(2.0).stop()
    assert struck(performer)[0] == [(0.5, HAT, 80), (3, KICK, 80)]


def test_a_track_that_a_rule_plays_is_not_recorded_into_and_says_so() -> None:
    song = DRUMS.with_track(0, accompaniment=Accompaniment("rock"))
    performer = Performer(song).record().play((0, 0.1, KICK)).play_until(4.2)
    performer.harness.do(CaptureLast(0))
    refused = performer.harness.published(CommandFailed)
    assert [each.message for each in refused if isinstance(each, CommandFailed)] == [
        "Track 1 is played by rule."
    ] * 2
    assert all(slot.empty for slot in performer.slots)


def test_what_was_just_played_is_kept_as_a_melody_and_not_in_a_track_of_drums() -> None:
    performer = Performer(DRUMS).play((0, 0.1, KICK))
    performer.harness.do(CaptureLast(0))
    (refused,) = performer.harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert "track of drums" in refused.message
