"""The transport, with time moved by hand: songs in, timed notes out.

The tempo is 60, so that quarter notes are seconds. The music starts 10 ms after `play`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.music.groove import PLAIN, Groove
from engine.music.measure import HOLD, REST, Measure
from engine.music.note_line import Line
from engine.music.performance import Touch
from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.snapshot import RecordSettings
from engine.protocol.transport import PlayheadMoved
from engine.services.transport.metronome import DOWNBEAT, UPBEAT
from engine.services.transport.sequencer import LEAD, LOOK_AHEAD, MARGIN
from tests.support.measures import measure
from tests.support.sequencer import TUNE, C, D, E, F, G, SequencerHarness, song
from tests.support.songs import one_track


def test_notes_sound_in_time_and_the_loop_comes_round() -> None:
    harness = SequencerHarness(song("CD..", "E-F-"))
    harness.play()
    assert harness.advance_to(9.5).sounded == [
        (0.0, "on", C),
        (1.0, "off", C),
        (1.0, "on", D),
        (2.0, "off", D),
        (4.0, "on", E),
        (6.0, "off", E),
        (6.0, "on", F),
        (8.0, "off", F),
        (8.0, "on", C),
        (9.0, "off", C),
        (9.0, "on", D),
    ]


def test_a_note_is_held_over_the_bar_line_and_over_the_end_of_the_loop() -> None:
    harness = SequencerHarness(song("--C.", "D--E", "--.."))
    harness.play()
    assert harness.advance_to(13).sounded == [
        (2.0, "on", C),
        (3.0, "off", C),
        (4.0, "on", D),
        (7.0, "off", D),
        (7.0, "on", E),
        (10.0, "off", E),
    ]
    tied = SequencerHarness(song("--C.", "...D"))
    tied.play()
    assert tied.advance_to(10.5).sounded[-3:] == [(7.0, "on", D), (10.0, "off", D), (10.0, "on", C)]


def test_play_starts_at_a_slot_and_holds_nothing_into_it() -> None:
    harness = SequencerHarness(song("CDEF", "--G."))
    harness.play(slot=1)
    assert harness.advance_to(4.5).sounded == [(2.0, "on", G), (3.0, "off", G), (4.0, "on", C)]
    assert m.ClockRun(0.0, 1 / 24, True, 16) in harness.others
    beyond = SequencerHarness(song("CDEF"))
    beyond.play(slot=7)
    assert beyond.advance_to(0.5).sounded == [(0.0, "on", C)]


def test_the_program_comes_first_and_the_clock_starts_with_the_music() -> None:
    harness = SequencerHarness(song("C...", track=Track(channel=2, program=40, velocity=70)))
    messages = harness.sequencer.play(5.0)
    assert messages == [
        m.Send(5.0, b"\xc2\x28"),
        m.ClockRun(5.0 + LEAD, 1 / 24),
        m.Notes((m.TimedNote(5.0 + LEAD, 6.0 + LEAD, 2, C, 70),)),
    ]


def test_the_player_knows_enough_to_play_through_a_stall() -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    harness.advance_to(0.5)
    known = [note.on for note in harness.sequencer._loop.voices[0]._mirror.notes(0.0)]
    assert max(known) <= harness.now + LOOK_AHEAD
    assert harness.sequencer.next_wake() is not None
    harness.schedule_all(harness.sequencer.advance(harness.now, ahead=3.0))
    # Nothing more is told for three seconds, and everything is heard.
    heard_before = len(harness.sounded)
    while harness.schedule.next_time <= 3.4:
        at = harness.schedule.next_time
        harness._sound(at, [due.data for due in harness.schedule.pop_due(at)])
    assert [each[2] for each in harness.sounded[heard_before:] if each[1] == "on"] == [D, E, F]


def test_after_a_stall_the_music_goes_on_where_it_would_be() -> None:
    harness = SequencerHarness(song("CDEF", "GFED"))
    harness.play()
    harness.advance_to(0.5)
    harness.now = 5.5
    assert harness.sequencer.advance(5.5) == [m.Notes((m.TimedNote(6.0, 7.0, 0, E, 96),))]


def test_an_edit_is_heard_at_once() -> None:
    harness = SequencerHarness(song("C---"))
    harness.play()
    harness.advance_to(1.5)
    harness.change(song("D-E-"))
    assert harness.advance_to(4.5).sounded == [
        (0.0, "on", C),
        (1.502, "off", C),
        (1.502, "on", D),
        (2.0, "off", D),
        (2.0, "on", E),
        (4.0, "off", E),
        (4.0, "on", D),
    ]


def test_a_pitch_that_stays_is_not_struck_again_and_ends_where_it_ends_now() -> None:
    longer = SequencerHarness(song("C-E-"))
    longer.play()
    longer.advance_to(1.5)
    longer.change(song("C--F"))
    assert longer.advance_to(3.5).sounded == [(0.0, "on", C), (3.0, "off", C), (3.0, "on", F)]
    shorter = SequencerHarness(song("C--F"))
    shorter.play()
    shorter.advance_to(0.5)
    shorter.change(song("CE--"))
    assert shorter.advance_to(3.5).sounded == [(0.0, "on", C), (1.0, "off", C), (1.0, "on", E)]


def test_an_edit_to_a_rest_cuts_and_one_far_away_touches_nothing() -> None:
    harness = SequencerHarness(song("C---", "E---"))
    harness.play()
    harness.advance_to(1.5)
    assert harness.change(song("C---", "F---")) == []
    harness.change(song("C...", "F---"))
    assert harness.advance_to(4.5).sounded == [
        (0.0, "on", C),
        (1.502, "off", C),
        (4.0, "on", F),
    ]


def test_an_edit_waits_for_the_beat() -> None:
    harness = SequencerHarness(song("C---"))
    harness.play()
    harness.advance_to(1.3)
    harness.change(song("D-E-"), "beat")
    harness.advance_to(1.6)
    harness.change(song("F-E-"), "beat")
    assert harness.advance_to(3.5).sounded == [
        (0.0, "on", C),
        (2.0, "off", C),
        (2.0, "on", E),
    ]


def test_an_edit_that_is_taken_back_before_the_beat_leaves_no_trace() -> None:
    harness = SequencerHarness(song("C--D"))
    harness.play()
    harness.advance_to(1.3)
    harness.change(song("CE--"), "beat")
    harness.advance_to(1.4)
    harness.change(song("C--D"), "beat")
    assert harness.advance_to(3.5).sounded == [(0.0, "on", C), (3.0, "off", C), (3.0, "on", D)]


def test_the_old_notes_go_on_to_a_beat_beyond_the_look_ahead() -> None:
    tokens = list(measure("CDEF").tokens)
    tokens[3] = G
    slot = Slot.brought_in(Measure(tuple(tokens)), TUNE)
    harness = SequencerHarness(song("CDEF", tempo=20).with_track(0, slots=(slot,)))
    harness.play()
    harness.advance_to(0.1)
    harness.change(song("CE--", tempo=20), "beat")
    assert harness.advance_to(3.5).sounded == [
        (0.0, "on", C),
        (1.5, "off", C),
        (1.5, "on", G),
        (3.0, "off", G),
        (3.0, "on", E),
    ]


def test_a_change_of_tempo_keeps_the_phase() -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    harness.advance_to(0.5 - MARGIN)
    harness.change(song("CDEF", tempo=120))
    assert m.ClockTempo(0.5, 0.5 / 24) in harness.others
    assert harness.advance_to(2.0).sounded == [
        (0.0, "on", C),
        (0.75, "off", C),
        (0.75, "on", D),
        (1.25, "off", D),
        (1.25, "on", E),
        (1.75, "off", E),
        (1.75, "on", F),
    ]
    harness.advance_to(2.0 - MARGIN)
    harness.change(song("CDEF", tempo=60))
    assert harness.advance_to(3.0).sounded[7:] == [(2.5, "off", F), (2.5, "on", C)]


def test_a_shorter_loop_keeps_the_beat() -> None:
    harness = SequencerHarness(song("CDEF", "GFED", "C---"))
    harness.play()
    harness.advance_to(5.5)
    harness.change(song("CDEF"))
    head = harness.sequencer.playhead(harness.now)
    assert (head.slot, round(head.beat, 3)) == (0, 1.5)
    assert harness.advance_to(7.5).sounded[-4:] == [
        (6.0, "off", D),
        (6.0, "on", E),
        (7.0, "off", E),
        (7.0, "on", F),
    ]


def test_the_playhead_follows_the_clock() -> None:
    harness = SequencerHarness(song("CDEF", "GFED"))
    assert harness.sequencer.playhead(0.0).slot is None
    harness.play()
    for time, slot, beat in ((-0.005, 0, 0.0), (1.25, 0, 1.25), (4.5, 1, 0.5), (8.5, 0, 0.5)):
        head = harness.sequencer.playhead(time)
        assert (head.slot, round(head.beat, 6)) == (slot, beat)


def test_stop_cuts_what_sounds_and_stops_the_clock() -> None:
    harness = SequencerHarness(song("C---"))
    harness.play()
    harness.advance_to(0.5)
    assert harness.schedule_all(harness.sequencer.stop(0.5)) == [
        m.Flush(0.5, cut=True),
        m.ClockStop(0.5),
    ]
    assert harness.advance_to(9.0).sounded == [(0.0, "on", C), (0.5, "off", C)]
    assert harness.sequencer.next_wake() is None
    assert harness.sequencer.stop(9.0) == []


def test_play_again_starts_again() -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    harness.advance_to(1.5)
    harness.schedule_all(harness.sequencer.play(1.5))
    assert harness.advance_to(2.0).sounded == [
        (0.0, "on", C),
        (1.0, "off", C),
        (1.0, "on", D),
        (1.5, "off", D),
        (1.51, "on", C),
    ]


def test_a_stopped_measure_is_heard_once_and_the_next_one_cuts_it() -> None:
    harness = SequencerHarness(song("C---"))
    harness.schedule_all(harness.sequencer.audition((measure("--CD"),), 0.0))
    harness.advance_to(2.5)
    harness.schedule_all(harness.sequencer.audition((measure("E---"),), 2.5))
    assert harness.advance_to(9.0).sounded == [
        (2.0, "on", C),
        (2.5, "off", C),
        (2.5, "on", E),
        (6.5, "off", E),
    ]
    harness.play()
    assert harness.sequencer.audition((measure("E---"),), 9.5) == []


def test_panic_goes_out_at_once() -> None:
    harness = SequencerHarness(song("C---"))
    harness.play()
    harness.advance_to(0.5)
    assert harness.schedule_all(harness.sequencer.panic(0.5)) == [m.SilenceAll(), m.ClockStop(0.5)]
    assert harness.advance_to(5.0).sounded == [(0.0, "on", C), (0.5, "off", C)]


def test_channel_and_program_change_while_playing() -> None:
    harness = SequencerHarness(song("C---"))
    harness.play()
    harness.advance_to(0.5)
    messages = harness.change(song("C---", track=Track(channel=5, program=9)))
    at = 0.5 + MARGIN
    assert messages == [
        m.Send(0.5, b"\xc5\x09"),
        m.Flush(at, cut=True, voice=0),
        m.Notes((m.TimedNote(at, 4.0, 5, C, 96),)),
    ]


def test_a_new_velocity_strikes_nothing_again() -> None:
    harness = SequencerHarness(song("CD--"))
    harness.play()
    harness.advance_to(0.5)
    messages = harness.change(song("CD--", track=Track(velocity=30)))
    assert messages == [
        m.Flush(0.5 + MARGIN, cut=False, voice=0),
        m.Notes((m.TimedNote(1.0, 4.0, 0, D, 30),)),
    ]


def test_edits_within_a_beat_that_also_changes_the_tempo_do_not_put_the_music_back() -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    harness.advance_to(4.2)
    harness.change(song("GGGG", tempo=240), "beat")
    harness.advance_to(4.4)
    harness.change(song("DGDG", tempo=240), "beat")
    harness.advance_to(6.1)
    starts = [(at, pitch) for at, kind, pitch in harness.sounded if kind == "on"]
    assert starts[4:] == [(4.0, C), (5.0, G), (5.25, D), (5.5, G), (5.75, D), (6.0, G)]


def test_ports_that_hold_nothing_are_sent_what_comes() -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    harness.advance_to(0.5)
    assert harness.sequencer.again(0.5) == [
        m.Send(0.5, b"\xc0\x00"),
        m.Notes((m.TimedNote(1.0, 2.0, 0, D, 96),)),
    ]


def test_a_line_without_notes_or_with_one_that_never_ends() -> None:
    assert Line([measure("----")]).between(0, 100) == []
    assert Line([measure("....")]).covering(2.0) == []
    drone = Line([measure("C---"), measure("----")])
    assert [note.start for note in drone.between(-8, 9)] == [-8.0, 0.0, 8.0]
    (found,) = drone.covering(7.5)
    assert (found.start, found.end) == (0.0, 8.0)


def test_notes_are_heard_as_they_were_played() -> None:
    early, late = Touch(30, -0.05), Touch(100, 0.04)
    played = song("CDEF", "GGGG", touches={0: (early, late, None, late), 1: (early, *[None] * 3)})
    harness = SequencerHarness(played)
    harness.now = -LEAD - 0.05
    messages = harness.schedule_all(harness.sequencer.play(harness.now, 0))
    assert isinstance(messages[-1], m.Notes)
    assert [(round(n.on, 4), n.velocity) for n in messages[-1].notes] == [(-0.05, 30)]
    harness.advance_to(9.0)
    ons = [round(at, 4) for at, kind, _ in harness.sounded if kind == "on"]
    assert ons == [-0.05, 1.04, 2.0, 3.04, 3.95, 5.0, 6.0, 7.0, 7.95]
    # One note is heard at a time, so the note before an early one ends early.
    assert [(round(at, 4), *rest) for at, *rest in harness.sounded[7:9]] == [
        (3.95, "off", F),
        (3.95, "on", G),
    ]
    assert harness.sequencer.playhead(-0.03) == PlayheadMoved(0, 0.0)


def test_a_measure_that_is_heard_once_is_heard_as_it_was_played() -> None:
    touches = (Touch(30, -0.05), Touch(100, 0.04))
    harness = SequencerHarness(song("CD..", touches={0: touches}))
    messages = harness.sequencer.audition((measure("CD.."),), 5.0, 0)
    assert isinstance(messages[0], m.Notes)
    assert [(n.on, n.off, n.velocity) for n in messages[0].notes] == [
        (5.0, 6.04, 30),
        (6.04, 7.0, 100),
    ]


def test_a_deviation_too_small_for_a_number_is_none() -> None:
    line = Line([measure("CCCC")], touches=[(Touch(80, -1e-190), None, None, None)])
    assert [note.start for note in line.between(0.0, 8.0)] == pytest.approx(list(range(8)))
    assert [note.start for note in line.between(4.0, 5.0)] == pytest.approx([4.0])


def test_notes_that_were_played_into_each_other_stay_in_order() -> None:
    tokens = [HOLD] * 24
    tokens[3:5] = C, D
    line = Line([Measure(tuple(tokens))], touches=[(Touch(80, 0.4), Touch(80, -0.4))])
    first, second = line.once()
    assert first.start < second.start
    assert (first.start + second.start) / 2 == (1 / 2 + 2 / 3) / 2


measures = st.text("CDEFG-.", min_size=4, max_size=4)
touched = st.builds(Touch, st.integers(1, 127), st.floats(-0.1, 0.1)) | st.none()
moves = st.tuples(
    st.floats(0.02, 1.7),
    st.lists(measures, min_size=1, max_size=3),
    st.sampled_from([60.0, 97.0, 180.0]),
    st.sampled_from(["now", "beat"]),
    st.lists(touched, min_size=4, max_size=4),
)


def expected(harness: SequencerHarness, now_playing: Line) -> int | None:
    """Return the pitch that should sound where the playhead is."""
    run = harness.sequencer._loop.run
    assert run is not None
    position = run.at(harness.now)
    over = now_playing.covering(position)
    return over[0].pitch if over and over[0].written >= run.first - 1e-6 else None


@settings(max_examples=150)
@given(st.lists(measures, min_size=1, max_size=3), st.lists(moves, max_size=6))
def test_whatever_is_edited_one_note_at_most_sounds_and_it_is_the_right_one(
    first: list[str], edits: list[tuple[float, list[str], float, str, list[Touch | None]]]
) -> None:
    last = song(*first)
    harness = SequencerHarness(last)
    harness.play()
    for wait, texts, tempo, timing, hands in edits:
        harness.advance_to(harness.now + wait)
        touches = {0: tuple(hands[: len(measure(texts[0]).pitches)])}
        last = song(*texts, tempo=tempo, touches=touches)
        harness.change(last, timing)
    # Past the next beat everything is as edited; 40 ms from onsets, short rests included.
    harness.advance_to(harness.now + 1.1)
    line = last.line()
    for _ in range(24):
        harness.advance_to(harness.now + 0.173)
        run = harness.sequencer._loop.run
        assert run is not None
        if 0.15 < run.at(harness.now) % 1.0 < 0.85:
            sounding = {pitch for _, pitch in harness.schedule.sounding}
            wanted = expected(harness, line)
            assert sounding == ({wanted} if wanted is not None else set())
    harness.schedule_all(harness.sequencer.stop(harness.now))
    harness.advance_to(harness.now + 0.001)
    assert not harness.schedule.sounding


def eighths(*pitches: int, groove: Groove = PLAIN, tempo: float = 60.0) -> Song:
    """Return a song of one measure of eighths."""
    tokens = [HOLD] * 24
    tokens[::3] = [*pitches, *[REST] * (8 - len(pitches))]
    slot = Slot.brought_in(Measure.from_tokens(tokens), TUNE)
    return one_track("Song", tempo, slots=(slot,), groove=groove)


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def struck(harness: SequencerHarness) -> list[tuple[float, int]]:
    """Return the notes that were struck so far, by time and pitch."""
    return [(at, pitch) for at, kind, pitch in harness.sounded if kind == "on"]


def test_swing_is_heard_on_the_off_beats_and_in_every_turn() -> None:
    harness = SequencerHarness(eighths(*SCALE, groove=Groove(64)))
    harness.play()
    harness.advance_to(8.4)
    wanted = [round(beat + part, 3) for beat in range(8) for part in (0, 0.64)]
    assert [at for at, _ in struck(harness)] == [*wanted, 8.0]
    assert harness.sounded[1:3] == [(0.64, "off", 60), (0.64, "on", 62)]


def test_a_note_deviates_alike_in_every_turn_and_wherever_the_music_began() -> None:
    groove = Groove(timing=30, velocity=20, seed=5)
    song_ = eighths(*SCALE, groove=groove)
    both = song_.with_track(0, slots=song_.tracks[0].slots * 2)
    first = SequencerHarness(both)
    first.play()
    start = first.sequencer._loop.run.time  # type: ignore[union-attr]
    first.advance_to(16.2)
    ons = struck(first)
    assert [pitch for _, pitch in ons[:17]] == [*SCALE * 2, 60]
    off = [round(at - start - at_written / 2, 3) for at_written, (at, _) in enumerate(ons)]
    assert off[0:1] == off[16:17]
    assert off[:8] != off[8:16]
    assert 0.015 < max(map(abs, off)) <= 0.03
    second = SequencerHarness(both)
    second.play(slot=1)
    begun = second.sequencer._loop.run.time  # type: ignore[union-attr]
    second.advance_to(4.0)
    assert [round(at - begun, 3) for at, _ in struck(second)[:7]] == [
        round(at - start - 4, 3) for at, _ in ons[8:15]
    ]


def test_the_first_note_is_heard_though_it_comes_before_its_time() -> None:
    lines = [eighths(60, groove=Groove(timing=50, seed=seed)).line() for seed in range(60)]
    early = [seed for seed, line in enumerate(lines) if line.earliest_at(0.0)]
    assert early
    for seed in early:
        harness = SequencerHarness(eighths(60, groove=Groove(timing=50, seed=seed)))
        harness.play()
        ((at, pitch),) = struck(harness.advance_to(0.6))
        assert pitch == 60
        assert at >= 0
        # And nothing of the turn that never was.
        late = SequencerHarness(eighths(*SCALE, groove=Groove(timing=50, seed=seed)))
        late.play()
        assert struck(late.advance_to(0.3))[0][1] == 60


def test_a_lock_holds_what_is_heard_to_the_key_and_lets_go_again() -> None:
    plain = eighths(60, 61, 62, 63)
    harness = SequencerHarness(plain)
    harness.play()
    harness.advance_to(0.1)
    harness.change(replace(plain, key=Key(0, "major"), lock=True))
    assert [pitch for _, pitch in struck(harness.advance_to(1.9))] == [60, 60, 62, 62]
    assert harness.sequencer._loop.line.measures == tuple(plain.measures())
    harness.change(plain)
    assert [pitch for _, pitch in struck(harness.advance_to(5.9))[-4:]] == [60, 61, 62, 63]


def test_a_note_that_sounds_is_not_struck_again_because_it_would_be_later_now() -> None:
    harness = SequencerHarness(eighths(*SCALE))
    harness.play()
    harness.advance_to(0.55)
    harness.change(eighths(*SCALE, groove=Groove(75)))
    assert struck(harness.advance_to(1.9)) == [(0.0, 60), (0.5, 62), (1.0, 64), (1.75, 65)]


def test_a_note_that_has_ended_is_not_struck_again_because_it_would_last_longer_now() -> None:
    tokens = [60, 0, 0, REST, *[HOLD] * 20]
    straight = eighths().with_track(0, slots=(Slot.brought_in(Measure(tuple(tokens)), TUNE),))
    harness = SequencerHarness(straight)
    harness.play()
    harness.advance_to(0.55)
    harness.change(straight.with_track(0, groove=Groove(75)))
    assert harness.advance_to(3.9).sounded == [(0.0, "on", 60), (0.5, "off", 60)]
    assert harness.advance_to(4.9).sounded[2:] == [(4.0, "on", 60), (4.75, "off", 60)]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0.01, 0.6), st.floats(50, 75)), max_size=12))
def test_whatever_swing_is_turned_to_no_note_is_struck_twice(
    turns: list[tuple[float, float]],
) -> None:
    harness = SequencerHarness(eighths(*SCALE))
    harness.play()
    for wait, swing in turns:
        harness.advance_to(harness.now + wait)
        harness.change(eighths(*SCALE, groove=Groove(swing)))
    places = [SCALE.index(pitch) for _, pitch in struck(harness.advance_to(harness.now + 1))]
    # One may be left out where hardly anything of it would be left.
    assert all((b - a) % 8 in (1, 2) for a, b in pairwise(places))


grooves = st.builds(
    Groove,
    st.sampled_from([50.0, 58.0, 66.7, 75.0]),
    st.sampled_from(["eighths", "sixteenths"]),
    st.sampled_from([0.0, 12.0, 50.0]),
    seed=st.integers(0, 5),
)
keys = st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "blues"]))
figures = st.lists(st.sampled_from([HOLD, HOLD, REST, C, D, E, 66]), min_size=24, max_size=24)
turned = st.tuples(
    st.floats(0.02, 1.7),
    st.lists(figures, min_size=1, max_size=2),
    st.sampled_from([60.0, 97.0]),
    grooves,
    keys,
    st.sampled_from(["now", "beat"]),
)


@settings(max_examples=100)
@given(st.lists(turned, min_size=1, max_size=5))
def test_whatever_is_edited_and_turned_what_sounds_is_the_line_as_it_is_heard(
    edits: list[tuple[float, list[list[int]], float, Groove, Key | None, str]],
) -> None:
    harness = SequencerHarness(song("CDEF"))
    harness.play()
    last = song("CDEF")
    for wait, figures, tempo, groove, key, timing in edits:
        harness.advance_to(harness.now + wait)
        slots = tuple(Slot.brought_in(Measure(tuple(each)), TUNE) for each in figures)
        last = replace(
            one_track("Song", tempo, slots=slots, groove=groove),
            key=key or C_MAJOR,
            lock=key is not None,
        )
        harness.change(last, timing)
    harness.advance_to(harness.now + 1.3)
    line = last.line()
    for _ in range(40):
        harness.advance_to(harness.now + 0.113)
        run = harness.sequencer._loop.run
        assert run is not None
        position = run.at(harness.now)
        near = line.between(position - 9, position + 1)
        if all(abs(each - position) > 0.02 for n in near for each in (n.start, n.end)):
            wanted = expected(harness, line)
            sounding = {pitch for _, pitch in harness.schedule.sounding}
            assert sounding == ({wanted} if wanted is not None else set())
    harness.schedule_all(harness.sequencer.stop(harness.now))
    harness.advance_to(harness.now + 0.001)
    assert not harness.schedule.sounding


def test_an_audition_is_heard_as_in_the_loop_and_a_measure_from_outside_as_written() -> None:
    swung = eighths(60, 61, groove=Groove(60))
    harness = SequencerHarness(replace(swung, lock=True))
    (measure_,) = swung.measures()
    harness.schedule_all(harness.sequencer.audition((measure_,), 0.0, slot=0))
    assert struck(harness.advance_to(1.9)) == [(0.0, 60), (0.6, 60)]
    harness.schedule_all(harness.sequencer.audition((measure_,), 2.0))
    assert struck(harness.advance_to(3.9))[2:] == [(2.0, 60), (2.5, 61)]


def test_a_bank_is_chosen_before_its_program_and_both_again_when_it_changes() -> None:
    harness = SequencerHarness(
        song("C...", track=Track(channel=2, program=40, bank_msb=8, bank_lsb=1))
    )
    assert harness.sequencer.program(1.0) == [
        m.Send(1.0, b"\xb2\x00\x08"),
        m.Send(1.0, b"\xb2\x20\x01"),
        m.Send(1.0, b"\xc2\x28"),
    ]
    messages = harness.change(song("C...", track=Track(channel=2, program=40, bank_lsb=2)))
    assert messages == [m.Send(0.0, b"\xb2\x20\x02"), m.Send(0.0, b"\xc2\x28")]
    assert (
        harness.change(song("C...", track=Track(channel=2, program=40, velocity=80, bank_lsb=2)))
        == []
    )
    # The player keeps the order of what is due at once.
    for message in messages:
        assert isinstance(message, m.Send)
        harness.schedule.send(message.at, message.data, 0.0)
    assert [due.data[0] for due in harness.schedule.pop_due(0.0)] == [0xB2, 0xC2]


counted = st.tuples(
    st.floats(0.02, 1.7),
    st.lists(measures, min_size=1, max_size=3),
    st.sampled_from([60.0, 97.0, 180.0]),
)


@settings(max_examples=100)
@given(st.lists(counted, max_size=6), st.integers(0, 2), st.integers(1, 3))
def test_whatever_is_edited_every_beat_of_a_recording_is_struck_once(
    edits: list[tuple[float, list[str], float]], count_in: int, reach: int
) -> None:
    harness = SequencerHarness(song("C-D-"))
    record = RecordSettings(count_in=count_in)
    messages, begins = harness.sequencer.record(harness.now, 0, reach, record)
    harness.schedule_all(messages)
    for wait, texts, tempo in edits:
        harness.advance_to(harness.now + wait)
        harness.change(song(*texts, tempo=tempo))
    harness.advance_to(harness.now + 4.2 + 4 * count_in)
    beats = harness.sequencer.beats
    assert beats is not None
    struck = [
        at for at, kind, pitch in harness.sounded if kind == "on" and pitch in (DOWNBEAT, UPBEAT)
    ]
    places = [beats.at(at) for at in struck if beats.at(at) >= begins - 0.5]
    assert [round(place) for place in places] == list(range(round(begins), len(places)))
    assert all(abs(place - round(place)) < 0.02 for place in places)
    assert len(places) >= 4
    assert len(struck) == len(places) + 4 * count_in
