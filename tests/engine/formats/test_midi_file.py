"""MIDI files: what is written comes back, what is read says what it changed, damage is refused."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.corpus.table import shipped
from engine.errors import ArmonicaError, BadMidiFile, CannotWrite, OutOfRange
from engine.formats import midi_file, midi_parser, midi_writer
from engine.formats.exporters import write_midi
from engine.formats.midi_file import read
from engine.formats.midi_writer import write
from engine.music import chord_track
from engine.music.grid import GRIDS
from engine.music.groove import PLAIN, Groove, SwingUnit
from engine.music.measure import (
    HIGHEST,
    HOLD,
    LOWEST,
    REST,
    SILENCE,
    Measure,
    Note,
    silence,
)
from engine.music.modulation import Modulation
from engine.music.note_line import Line
from engine.music.performance import Touch
from engine.music.routes import Route
from engine.music.scales import Key
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.music.track_line import TrackLine, track_lines
from tests.support.measures import quarters
from tests.support.values import GRID

QUARTER = 480
EVERY_FILE = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])

tokens = st.lists(
    st.one_of(st.just(HOLD), st.just(REST), st.integers(LOWEST, HIGHEST)), min_size=24, max_size=24
)
music = st.lists(tokens.map(Measure.from_tokens), min_size=1, max_size=6)


def notes(*timed: tuple[float, float, int], channel: int = 0) -> mido.MidiTrack:
    """A track of notes given as onset, duration (quarter notes) and pitch."""
    events = sorted(
        (round(at * QUARTER), kind, pitch)
        for onset, duration, pitch in timed
        for at, kind in ((onset, "note_on"), (onset + duration, "note_off"))
    )
    track, before = mido.MidiTrack(), 0
    # "note_off" sorts before "note_on", so a repeated note ends before it starts again.
    for at, kind, pitch in events:
        track.append(mido.Message(kind, note=pitch, channel=channel, time=at - before))
        before = at
    return track


def saved(folder: Path, *tracks: mido.MidiTrack, kind: int = 1, ticks: int = QUARTER) -> Path:
    path = folder / "in.mid"
    mido.MidiFile(type=kind, ticks_per_beat=ticks, tracks=list(tracks)).save(path)
    return path


def notes_of(measures: tuple[Measure, ...]) -> list[tuple[float, float, int]]:
    return [
        (4 * at + float(note.onset), float(note.duration), note.pitch)
        for at, measure in enumerate(measures)
        for note in measure.notes
    ]


def as_sounding(measures: list[Measure]) -> tuple[Measure, ...]:
    """The measures with a hold that holds nothing written as the rest it is."""
    found, resting = [], True
    for measure in measures:
        bar = list(measure.tokens)
        if resting and bar[0] == HOLD:
            bar[0] = REST
        found.append(Measure.from_tokens(bar))
        resting = next((t == REST for t in reversed(bar) if t != HOLD), resting)
    return tuple(found)


@EVERY_FILE
@given(measures=music, tempo=st.integers(20, 400), channel=st.integers(0, 15))
def test_what_is_written_comes_back(
    tmp_path: Path, measures: list[Measure], tempo: int, channel: int
) -> None:
    path = tmp_path / "out.mid"
    part = TrackLine.of_measures(measures, Track(channel=channel))
    write(path, [part], tempo, title="Übung")
    if all(measure.silent for measure in measures):
        with pytest.raises(BadMidiFile, match="holds no notes"):
            read(path)
        return
    found = read(path, 2)
    assert found.measures == as_sounding(measures)
    assert (found.tempo, found.track, found.title) == (tempo, 2, "Übung")
    assert found.changes == ()


def test_a_note_is_carried_over_the_bar_line(tmp_path: Path) -> None:
    first = Measure.from_notes([Note(Fraction(3), Fraction(1), 60)])
    second = Measure((HOLD, *[HOLD] * 5, 62, *[HOLD] * 17))
    write(tmp_path / "tied.mid", [first, second], 90)
    messages = [m for m in mido.MidiFile(tmp_path / "tied.mid").tracks[1] if "note_o" in m.type]
    assert [(m.type, m.note, m.time) for m in messages] == [
        ("note_on", 60, 3 * QUARTER),
        ("note_off", 60, 2 * QUARTER),
        ("note_on", 62, 0),
        ("note_off", 62, 3 * QUARTER),
    ]


def test_a_line_is_written_as_it_is_heard(tmp_path: Path) -> None:
    eighths = Measure((60, 0, 0, 61, 0, 0, *[HOLD] * 17, REST))
    line = Line([eighths, SILENCE], Groove(75, velocity=30, seed=2), Key())
    track = Track(channel=4, program=7, velocity=90, bank_msb=8, bank_lsb=1)
    write(tmp_path / "a.mid", [TrackLine(line, track)], 90)
    messages = [m for m in mido.MidiFile(tmp_path / "a.mid").tracks[1] if not m.is_meta]
    assert [m.bytes() for m in messages[:3]] == [[0xB4, 0, 8], [0xB4, 32, 1], [0xC4, 7]]
    louder = [90 + Groove(velocity=30, seed=2).louder(0, tick) for tick in (0, 3)]
    assert [(m.type, m.note, m.velocity, m.time) for m in messages[3:]] == [
        ("note_on", 60, louder[0], 0),
        ("note_off", 60, 64, 0.75 * QUARTER),
        ("note_on", 60, louder[1], 0),
        ("note_off", 60, 64, 3.125 * QUARTER),
    ]


def test_controllers_come_before_the_notes_they_are_meant_for(tmp_path: Path) -> None:
    measures = [Measure((60, *[HOLD] * 23)), Measure((62, *[HOLD] * 23))]
    codes = [(-3.0, 0.0), (3.0, 0.0)]
    slots = tuple(
        Slot(measure, code, code, Origin("midi"))
        for measure, code in zip(measures, codes, strict=True)
    )
    moved = (Modulation(0, "cc", 0, 74), Modulation(1, "bend", 1, 0, 0, 16_383))
    track = Track(slots=slots, modulations=moved)
    write(tmp_path / "a.mid", [TrackLine(Line(measures), track)], 90)
    messages = [m for m in mido.MidiFile(tmp_path / "a.mid").tracks[1] if not m.is_meta]
    assert [(m.type, m.time) for m in messages] == [
        ("program_change", 0),
        ("control_change", 0),
        ("pitchwheel", 0),
        ("note_on", 0),
        ("note_off", 4 * QUARTER),
        ("control_change", 0),
        ("note_on", 0),
        ("note_off", 4 * QUARTER),
    ]


def test_each_route_is_a_track_of_its_own(tmp_path: Path) -> None:
    line = Line([Measure((60, *[HOLD] * 23))], Groove(velocity=20, seed=1))
    routes = (Route("Synth", 2, 33, -12), Route("", 0, None, 24))
    write(tmp_path / "a.mid", [TrackLine(line, Track(routes=routes))], 90, title="Air")
    _, own, bass, high = mido.MidiFile(tmp_path / "a.mid").tracks
    assert [m.bytes() for m in bass if m.type == "program_change"] == [[0xC2, 33]]
    assert not [m for m in high if m.type == "program_change"]
    starts = [next(m for m in track if m.type == "note_on") for track in (own, bass, high)]
    assert [(m.channel, m.note) for m in starts] == [(0, 60), (2, 48), (0, 84)]
    assert len({m.velocity for m in starts}) == 1
    assert bass.name == "Air (Synth ch 3 -12)"
    # What is read is the song's own voice.
    assert read(tmp_path / "a.mid").measures == line.measures


@EVERY_FILE
@given(music, st.floats(50, 75), st.floats(0, 50), st.integers(0, 99), st.sampled_from([60, 400]))
def test_whatever_groove_a_file_is_written_with_its_notes_are_whole(
    tmp_path: Path, measures: list[Measure], swing: float, timing: float, seed: int, tempo: int
) -> None:
    line = Line(measures, Groove(swing, "eighths", timing, 9, seed), tempo=tempo)
    write(tmp_path / "out.mid", [TrackLine(line)], tempo)
    messages = [m for m in mido.MidiFile(tmp_path / "out.mid").tracks[1] if not m.is_meta]
    assert [m.type for m in messages[1:]] == ["note_on", "note_off"] * (len(messages) // 2)
    assert all(m.time > 0 for m in messages[2::2])
    assert [m.note for m in messages[1::2]] == [n.pitch for n in Line(measures).once()]


def test_a_file_opens_with_tempo_metre_name_and_program(tmp_path: Path) -> None:
    part = TrackLine.of_measures([SILENCE], Track(channel=3, program=11))
    write(tmp_path / "a.mid", [part], 90, title="A title")
    conductor, track = mido.MidiFile(tmp_path / "a.mid").tracks
    assert [m.type for m in conductor] == [
        "track_name",
        "set_tempo",
        "time_signature",
        "end_of_track",
    ]
    assert mido.tempo2bpm(conductor[1].tempo) == pytest.approx(90)
    assert (track[1].type, track[1].channel, track[1].program) == ("program_change", 3, 11)


def test_onsets_move_to_the_grid_and_are_counted(tmp_path: Path) -> None:
    path = saved(tmp_path, notes((0.0, 1.0, 60), (1.02, 0.98, 62), (2.35, 0.65, 64), (3.0, 1, 65)))
    found = read(path)
    assert notes_of(found.measures) == [
        (0, 1, 60),
        (1, 1, 62),
        (pytest.approx(2 + 1 / 3), pytest.approx(2 / 3), 64),
        (3, 1, 65),
    ]
    assert found.changes == ("2 onsets moved to the grid, at most by 0.02 quarter notes.",)


@pytest.mark.parametrize(("swing", "share"), [(50.0, 0.9), (62.0, 0.75), (66.7, 0.75)])
def test_tunes_that_are_played_by_hand_and_swing_come_back(
    tmp_path: Path, swing: float, share: float
) -> None:
    """Each onset is off by 10 ms (standard deviation); without finding swing .2 come back."""
    corpus, draw, path = shipped(), random.Random(1), tmp_path / "tune.mid"
    tunes = [
        number
        for number, tune in enumerate(corpus.tunes)
        if tune.split == "validation" and tune.metre in {"4/4", "2/2"}
    ]
    whole = same = 0
    for number in tunes[:15]:
        measures = [corpus.measure(int(row)) for row in corpus.rows_of(number)]
        slots = tuple(Slot.brought_in(each, Origin("corpus", "Air")) for each in measures)
        song = Song("Air", 112, (Track(groove=Groove(swing=swing), slots=slots),))
        write(path, track_lines(song), 112)
        file = mido.MidiFile(path)
        events, at = [], 0
        for message in file.tracks[1]:
            at += message.time
            off = draw.gauss(0, 0.01) * 112 / 60 * QUARTER if message.type == "note_on" else 0
            if message.type != "text":
                events.append((max(0, at + round(off)), message.type != "note_off", message))
        file.tracks[1], at = mido.MidiTrack(), 0
        for place, _, message in sorted(events, key=lambda event: event[:2]):
            file.tracks[1].append(message.copy(time=place - at))
            at = place
        file.save(path)
        found = read(path)
        whole += len(measures)
        same += sum(a.tokens == b.tokens for a, b in zip(measures, found.measures, strict=False))
    assert same >= share * whole


def test_what_was_played_freely_is_read_by_its_own_beat(tmp_path: Path) -> None:
    """A file at 120, played at some 96 that come and go by a twentieth, each onset 10 ms off.

    Which beat begins a measure is guessed, and wrong for about a tune in four.
    """
    corpus, draw, swell = shipped(), random.Random(1), 24 / math.tau
    tunes = [
        number
        for number, tune in enumerate(corpus.tunes)
        if tune.split == "validation" and tune.metre in {"4/4", "2/2"}
    ]

    def place(at: Fraction) -> float:
        # Where a place in the music is in quarter notes of the file, 120 of which are a minute.
        return (float(at) + 0.05 * swell * math.sin(float(at) / swell)) * 120 / 96

    def onsets(measure: Measure) -> list[tuple[Fraction, int]]:
        return [(note.onset, note.pitch) for note in measure.notes]

    whole = same = 0
    for number in tunes[:10]:
        measures = [corpus.measure(int(row)) for row in corpus.rows_of(number)]
        played = []
        for bar, measure in enumerate(measures):
            for note in measure.notes:
                start = max(0.0, place(4 * bar + note.onset) + draw.gauss(0, 0.02))
                end = place(4 * bar + note.onset + note.duration)
                played.append((start, max(end - start, 0.05), note.pitch))
        found = read(saved(tmp_path, notes(*played)))
        assert "keep to no beat of the file" in found.changes[0]
        assert found.tempo == pytest.approx(96, rel=0.05)
        whole += len(measures)
        pairs = zip(measures, found.measures, strict=False)
        same += sum(onsets(a) == onsets(b) for a, b in pairs)
    assert same >= 0.65 * whole


def test_notes_that_all_lie_beside_the_beat_alike_are_moved_onto_it(tmp_path: Path) -> None:
    late = notes(*[(at / 2 + 0.1, 0.4, 60 + at % 7) for at in range(32)])
    found = read(saved(tmp_path, late))
    assert [note[0] for note in notes_of(found.measures)] == [at / 2 for at in range(32)]
    assert "All notes lay 0.10 quarter notes behind the beat." in found.changes


def test_what_keeps_to_a_grid_of_its_own_is_not_followed(tmp_path: Path) -> None:
    # Ninths of a quarter, as triplets of triplets are written: nobody played that freely.
    ninths = notes(*[(at / 9, 0.1, 60 + at % 7) for at in range(60)])
    assert not any("no beat" in change for change in read(saved(tmp_path, ninths)).changes)


def swung(second: float, beats: int = 16) -> mido.MidiTrack:
    """A track of two notes a beat, the second of them late."""
    found = []
    for beat in range(beats):
        found += [(beat, second, 60 + beat % 5), (beat + second, 1 - second, 72)]
    return notes(*found)


def test_swung_eighths_are_written_evenly_and_keep_their_swing(tmp_path: Path) -> None:
    found = read(saved(tmp_path, swung(0.625)))
    assert found.groove == Groove(swing=62.5)
    assert [note[:2] for note in notes_of(found.measures)] == [
        (half / 2, 0.5) for half in range(32)
    ]
    assert found.changes == ("The eighths swing (62.5 %); they are written evenly.",)


def test_a_beat_of_three_stays_a_triplet_among_swung_ones(tmp_path: Path) -> None:
    track = notes(
        *[(b + at, 0.25, 60) for b in range(12) for at in (0, 0.625)],
        *[(12 + n / 3, 1 / 3, 62 + n) for n in range(3)],
        (13, 3, 60),
    )
    found = read(saved(tmp_path, track))
    assert found.groove.swing == 62.5
    last = [note[0] for note in notes_of(found.measures)][-4:]
    assert last == [12, pytest.approx(12 + 1 / 3), pytest.approx(12 + 2 / 3), 13]


def test_a_beat_never_has_sixteenths_and_triplets(tmp_path: Path) -> None:
    # Late by 30 ms the second is nearer to a triplet's place than to its own.
    found = read(
        saved(tmp_path, notes((0, 0.25, 60), (0.31, 0.2, 62), (0.5, 0.25, 64), (0.76, 0.25, 65)))
    )
    assert [note[0] for note in notes_of(found.measures)] == [0, 0.25, 0.5, 0.75]


def test_a_strummed_chord_is_one_onset(tmp_path: Path) -> None:
    chord = notes((1.0, 1, 60), (1.02, 0.98, 64), (1.04, 0.96, 67))
    found = read(saved(tmp_path, chord))
    assert notes_of(found.measures) == [(1, 1, 67)]


def test_a_track_of_chords_offers_its_lines(tmp_path: Path) -> None:
    chords = notes(
        (0, 2, 60), (0, 2, 64), (0, 2, 67), (2, 2, 59), (2, 2, 62), (2, 2, 67), (2.5, 0.5, 74)
    )
    path = saved(tmp_path, chords)
    assert read(path).tracks[0].voices == ("top", "inner", "bass")
    assert notes_of(read(path, voice="bass").measures) == [(0, 2, 60), (2, 2, 59)]
    assert notes_of(read(path, voice="inner").measures) == [(0, 2, 64), (2, 2, 62)]
    assert notes_of(read(path).measures) == [(0, 2, 67), (2, 0.5, 67), (2.5, 0.5, 74)]
    assert read(path, voice="bass").changes == ("5 notes left out above the lowest line.",)
    assert read(saved(tmp_path, notes((0, 1, 60), (0.9, 1, 62)))).tracks[0].voices == ("top",)


@EVERY_FILE
@given(
    measures=music,
    # At 66.7 a swung sixteenth and eighth are where a triplet's notes are.
    swing=st.one_of(st.floats(50, 64), st.floats(70, 75)).map(lambda value: round(value, 1)),
    unit=st.sampled_from(["eighths", "sixteenths"]),
)
def test_what_swings_as_it_is_written_comes_back_even(
    tmp_path: Path, measures: list[Measure], swing: float, unit: SwingUnit
) -> None:
    """Where a beat is divided in one way, its notes come back from where swing put them."""
    even = [
        Measure.from_tokens(
            [token if tick % 6 not in {2, 4} else HOLD for tick, token in enumerate(measure.tokens)]
        )
        for measure in measures
    ]
    groove = Groove(swing=swing, unit=unit)
    slots = tuple(Slot.brought_in(each, Origin("corpus", "Air")) for each in even)
    write(
        tmp_path / "out.mid",
        track_lines(Song("Air", 100, (Track(groove=groove, slots=slots),))),
        100,
    )
    if all(measure.silent for measure in even):
        return
    found = read(tmp_path / "out.mid")
    assert found.groove == (groove if swing > 50 else PLAIN)
    assert [[(n.onset, n.pitch) for n in m.notes] for m in found.measures] == [
        [(n.onset, n.pitch) for n in m.notes] for m in even
    ]


def test_an_onset_just_before_the_bar_line_falls_on_it(tmp_path: Path) -> None:
    found = read(saved(tmp_path, notes((0, 1, 60), (3.98, 1.02, 62))))
    assert notes_of(found.measures) == [(0, 1, 60), (4, 1, 62)]


def test_pitches_fold_by_octaves(tmp_path: Path) -> None:
    found = read(saved(tmp_path, notes((0, 1, 36), (1, 1, 100), (2, 1, 54), (3, 1, 85))))
    assert [note[2] for note in notes_of(found.measures)] == [60, 76, 66, 73]
    assert found.changes == ("4 notes moved by octaves into the range from G3 to C6.",)


def test_chords_become_their_highest_line(tmp_path: Path) -> None:
    chords = notes((0, 2, 60), (0, 2, 64), (0, 2, 67), (2, 2, 72), (2.5, 0.5, 60), (4, 4, 60))
    found = read(saved(tmp_path, chords))
    assert notes_of(found.measures) == [(0, 2, 67), (2, 2, 72), (4, 4, 60)]
    assert found.changes == ("3 notes left out below the highest line.",)


def test_legato_gives_way_and_a_lower_note_is_kept(tmp_path: Path) -> None:
    found = read(saved(tmp_path, notes((0, 1.25, 67), (1, 1, 64), (2, 2, 62))))
    assert notes_of(found.measures) == [(0, 1, 67), (1, 1, 64), (2, 2, 62)]
    assert found.changes == ("1 note cut where the next one starts.",)


def test_notes_too_fast_for_the_grid_are_told(tmp_path: Path) -> None:
    found = read(saved(tmp_path, notes((0, 0.0625, 60), (0.0625, 0.9375, 62))))
    assert notes_of(found.measures) == [(0, 1, 62)]
    assert "1 note left out where two fall on one place of the grid." in found.changes


def test_the_first_track_with_more_than_drums_is_read(tmp_path: Path) -> None:
    conductor = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(132))])
    flute = notes((0, 4, 72))
    flute.insert(0, mido.MetaMessage("track_name", name="Flute"))
    path = saved(tmp_path, conductor, notes((0, 1, 40), channel=9), flute)
    found = read(path)
    assert (found.track, found.title, found.tempo) == (3, "Flute", 132.0)
    assert [(t.number, t.name, t.notes, t.drums) for t in found.tracks] == [
        (1, "", 0, False),
        (2, "", 1, True),
        (3, "Flute", 1, False),
    ]
    assert notes_of(read(path, 2).measures) == [(0, 1, 64)]


def test_drums_among_other_notes_are_left_out(tmp_path: Path) -> None:
    mixed = mido.MidiTrack(
        [
            mido.Message("note_on", note=72),
            mido.Message("note_on", note=38, channel=9),
            mido.Message("note_off", note=38, channel=9, time=QUARTER),
            mido.Message("note_off", note=72),
        ]
    )
    found = read(saved(tmp_path, mixed, kind=0))
    assert notes_of(found.measures) == [(0, 1, 72)]
    assert found.changes == ("1 note of the drum channel left out.",)


def test_tempo_changes_are_told(tmp_path: Path) -> None:
    conductor = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(100)),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(60), time=QUARTER),
        ]
    )
    found = read(saved(tmp_path, conductor, notes((0, 3, 60), (3, 3, 62))))
    assert found.tempo == 100.0
    assert found.changes == ("The tempo changes on the way; the first, 100, is kept.",)


def signatures(*metres: tuple[float, int, int]) -> mido.MidiTrack:
    """A track of time signatures, given as their place (quarter notes) and both numbers."""
    track, before = mido.MidiTrack(), 0
    for place, upper, lower in metres:
        at = round(place * QUARTER)
        message = mido.MetaMessage("time_signature", numerator=upper, denominator=lower)
        track.append(message.copy(time=at - before))
        before = at
    return track


def metres_of(found: midi_file.MidiImport) -> list[str]:
    return [measure.grid.name for measure in found.measures]


def test_a_file_comes_in_in_its_metres(tmp_path: Path) -> None:
    conductor = signatures((0, 3, 4), (6, 6, 8), (12, 2, 2))
    melody = notes((0, 3, 60), (4, 3.5, 62), (7.5, 1.5, 64), (12, 4, 65))
    found = read(saved(tmp_path, conductor, melody))
    assert metres_of(found) == ["3/4", "3/4", "6/8", "6/8", "4/4"]
    assert found.changes == ()
    assert [measure.pitches for measure in found.measures] == [(60,), (62,), (64,), (), (65,)]
    assert found.measures[2].held_in == Fraction(3, 2)
    assert found.measures[2].notes == (Note(Fraction(3, 2), Fraction(3, 2), 64),)


def test_metres_that_are_not_known_and_changes_within_a_measure_are_told(tmp_path: Path) -> None:
    conductor = signatures((0, 13, 8), (4, 3, 4), (6, 6, 8), (6.5, 7, 8))
    found = read(saved(tmp_path, conductor, notes((0, 14, 60))))
    assert metres_of(found) == ["4/4", "3/4", "7/8", "7/8"]
    assert found.changes == (
        "The metre 13/8 is not known and read in measures of 4/4.",
        "The metre changes within a measure; it holds from the next one on.",
    )


grid_tokens = st.one_of(st.just(HOLD), st.just(REST), st.integers(LOWEST, HIGHEST))
mixed = st.lists(
    GRID.flatmap(
        lambda grid: st.lists(grid_tokens, min_size=grid.ticks, max_size=grid.ticks).map(
            lambda found: Measure.from_tokens(found, grid)
        )
    ),
    min_size=1,
    max_size=5,
)


@EVERY_FILE
@given(mixed)
def test_music_of_mixed_metres_comes_back(tmp_path: Path, measures: list[Measure]) -> None:
    path = tmp_path / "out.mid"
    write(path, measures, 100.0)
    # mido says where each metre begins: wherever it is another than before.
    ticks, starts, told = 0, [], []
    for measure in measures:
        starts.append((ticks, measure.grid.metre))
        ticks += int(measure.grid.length * QUARTER)
    at = 0
    for message in mido.MidiFile(path).tracks[0]:
        at += message.time
        if message.type == "time_signature":
            told.append((at, f"{message.numerator}/{message.denominator}"))
    changes = [pair for n, pair in enumerate(starts) if not n or pair[1] != starts[n - 1][1]]
    assert told == changes
    if all(measure.silent for measure in measures):
        return
    found = read(path)
    # The last thirty-second of a piece may be read as an early note of a measure behind it.
    metres = [measure.grid.metre for measure in found.measures]
    late = any(m.grid.name != m.grid.metre for m in measures[-1:]) and metres[len(measures) :]
    assert metres == [measure.grid.metre for measure in measures] + (late or [])
    if all(measure.grid.name == measure.grid.metre for measure in measures):
        assert [n for m in found.measures for n in m.pitches] == [
            n for m in measures for n in m.pitches
        ]
        assert [[n.onset for n in m.notes] for m in found.measures] == [
            [n.onset for n in m.notes] for m in measures
        ]


@pytest.mark.parametrize(
    ("name", "numbers", "clocks"),
    [("6/8", (6, 8), 36), ("7/8", (7, 8), 12), ("3/4 fine", (3, 4), 24), ("12/8", (12, 8), 36)],
)
def test_a_time_signature_says_what_a_metronome_strikes(
    tmp_path: Path, name: str, numbers: tuple[int, int], clocks: int
) -> None:
    path = tmp_path / "out.mid"
    write(path, [silence(GRIDS[name])] * 2, 100.0)
    (told,) = [each for each in mido.MidiFile(path).tracks[0] if each.type == "time_signature"]
    assert ((told.numerator, told.denominator), told.clocks_per_click) == (numbers, clocks)
    assert told.notated_32nd_notes_per_beat == 8


def test_a_tempo_nobody_plays_is_brought_into_range(tmp_path: Path) -> None:
    track = notes((0, 1, 60))
    track.insert(0, mido.MetaMessage("set_tempo", tempo=60_000))
    found = read(saved(tmp_path, track))
    assert found.tempo == 400.0
    assert found.changes == ("The tempo 1000 became 400, the nearest that is played.",)


def test_tracks_of_type_2_have_tempi_of_their_own(tmp_path: Path) -> None:
    first, second = notes((0, 1, 60)), notes((0, 1, 62))
    first.insert(0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(60)))
    path = saved(tmp_path, first, second, kind=2)
    assert (read(path).tempo, read(path, 2).tempo) == (60.0, 120.0)


def test_a_note_without_an_end_lasts_as_long_as_the_track(tmp_path: Path) -> None:
    track = mido.MidiTrack(
        [mido.Message("note_on", note=60), mido.MetaMessage("end_of_track", time=6 * QUARTER)]
    )
    found = read(saved(tmp_path, track))
    assert notes_of(found.measures) == [(0, 4, 60)]
    assert found.measures[1].held_in == 2


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    track = notes((0, 1, 60))
    track.insert(0, mido.MetaMessage("track_name", name="\x1b[2JFlute\n"))
    assert read(saved(tmp_path, track)).title == "[2JFlute"


@pytest.mark.parametrize("track", [0, -1, 3])
def test_a_track_that_is_not_there_is_named(tmp_path: Path, track: int) -> None:
    path = saved(tmp_path, notes((0, 1, 60)))
    with pytest.raises(OutOfRange, match=r"it has 1 track, from 1\. Tracks with notes: 1\."):
        read(path, track)


def _header(kind: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    parts = (value.to_bytes(2, "big") for value in (kind, tracks, division))
    return b"MThd" + (6).to_bytes(4, "big") + b"".join(parts)


def _chunk(content: bytes, length: int | None = None) -> bytes:
    return b"MTrk" + (len(content) if length is None else length).to_bytes(4, "big") + content


ONE_NOTE = bytes([0, 0x90, 60, 64, 96, 0x80, 60, 64, 0, 0xFF, 0x2F, 0])

BAD_FILES = {
    "is empty": b"",
    "is not a MIDI file": b"RIFF and so on, which is long enough",
    "ends too early": _header() + _chunk(ONE_NOTE)[:-6],
    "film frames": _header(division=0xE728) + _chunk(ONE_NOTE),
    "not in beats": _header(division=0) + _chunk(ONE_NOTE),
    "unknown type 7": _header(kind=7) + _chunk(ONE_NOTE),
    "no notes": _header() + _chunk(bytes([0, 0xFF, 0x2F, 0])),
    "no notes.": _header(tracks=0),
    "data byte": _header() + _chunk(bytes([0, 0x90, 60, 200])),
    "exceeds maximum": _header() + _chunk(bytes([0, 0xF0, 0xFF, 0xFF, 0xFF, 0x7F])),
    "has no end": _header() + _chunk(b"\xff" * 900_000),
    "more than 100000 messages": _header() + _chunk(bytes([0, 0xC0, 1]) + bytes([0, 1]) * 100_000),
    "longer than 10000 measures": _header()
    + _chunk(bytes([0, 0x90, 60, 64, 0xFF, 0xFF, 0xFF, 0x7F, 0x80, 60, 64])),
    "larger than 1024 KiB": _header() + _chunk(ONE_NOTE) + bytes(midi_parser.MOST_BYTES),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_what_is_no_music_is_refused_in_one_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(BAD_FILES[what])
    with pytest.raises(BadMidiFile, match=what) as caught:
        read(path)
    assert caught.value.remedy
    assert "\n" not in caught.value.line()


def test_places_that_are_no_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "missing.mid", tmp_path / "pipe", Path("a\0b")):
        with pytest.raises(BadMidiFile):
            read(place)


def test_a_file_of_drums_asks_for_a_track(tmp_path: Path) -> None:
    with pytest.raises(BadMidiFile, match="nothing but drums"):
        read(saved(tmp_path, notes((0, 1, 40), channel=9)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "whole.mid"
    write(path, [Measure((60, *[HOLD] * 11, 64, *[HOLD] * 11)), SILENCE], 100, title="Whole")
    return path.read_bytes()


def _try(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    # Any other exception ends the test.
    with suppress(ArmonicaError):
        assert read(path).measures


@EVERY_FILE
@given(content=st.binary(max_size=400))
def test_random_bytes_end_in_a_line_or_in_music(tmp_path: Path, content: bytes) -> None:
    _try(tmp_path / "random.mid", content)
    _try(tmp_path / "random.mid", _header() + _chunk(content))


@EVERY_FILE
@given(data=st.data())
def test_changed_files_end_in_a_line_or_in_music(
    tmp_path: Path, whole: bytes, data: st.DataObject
) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    _try(tmp_path / "changed.mid", bytes(changed))


def test_files_cut_anywhere_end_in_a_line(tmp_path: Path, whole: bytes) -> None:
    for length in range(len(whole)):
        (tmp_path / "cut.mid").write_bytes(whole[:length])
        with pytest.raises(BadMidiFile):
            read(tmp_path / "cut.mid")


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(b"what was there")

    def full(*_: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CannotWrite, match="No space left"):
        write(path, [SILENCE], 100)
    assert [p.name for p in tmp_path.iterdir()] == ["song.mid"]
    assert path.read_bytes() == b"what was there"


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "none" / "a.mid", tmp_path / "file" / "a.mid", Path("a\0b")):
        with pytest.raises(CannotWrite):
            write(place, [SILENCE], 100)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "call",
    [
        lambda path: write(path, [], 100),
        lambda path: write(path, [SILENCE], float("nan")),
        lambda path: write(path, [SILENCE], 401),
    ],
)
def test_values_that_no_song_has_are_refused(tmp_path: Path, call: Callable[[Path], None]) -> None:
    with pytest.raises(OutOfRange):
        call(tmp_path / "a.mid")
    assert not list(tmp_path.iterdir())


def test_every_place_of_the_grid_is_a_whole_tick() -> None:
    assert midi_writer.TICKS_PER_QUARTER % 12 == 0


def test_what_was_played_is_written_as_it_was_played(tmp_path: Path) -> None:
    measure = Measure.from_notes([Note(Fraction(at), Fraction(1), 60 + at) for at in range(4)])
    touches = (Touch(30, -0.05), Touch(100, 0.1), None, Touch(5, -0.1))
    line = Line([measure], touches=[touches])
    write(tmp_path / "out.mid", [TrackLine(line, Track(velocity=77))], 100)
    at, struck = 0, []
    for message in mido.MidiFile(tmp_path / "out.mid").tracks[1]:
        at += message.time
        if message.type == "note_on":
            struck.append((at / QUARTER, message.velocity))
    assert struck == [(0, 30), (1.1, 100), (2, 77), (2.9, 5)]
    # What comes back stands on the grid again.
    assert read(tmp_path / "out.mid").measures == (measure,)


def test_the_chords_of_a_song_are_text_events_at_their_places(tmp_path: Path) -> None:
    slots = tuple(Slot.brought_in(quarters(60, 62, 64, 65), Origin("written")) for _ in range(2))
    song = Song(tracks=(Track(slots=slots),))
    chords = chord_track.written("C 3:Am7 | N.C.", 0, Fraction(0), song.grids, song.key)
    write_midi(str(tmp_path / "air.mid"), replace(song, chords=chords), [(1, "said")])
    at, found = 0, []
    for message in mido.MidiFile(tmp_path / "air.mid").tracks[0]:
        at += message.time
        if message.type == "text":
            found.append((at / 480, message.text))
    assert found == [(0, "chord: C"), (2, "chord: Am7"), (4, "said"), (4, "chord: N.C.")]
