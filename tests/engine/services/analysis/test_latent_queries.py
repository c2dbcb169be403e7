"""What is looked at before it comes into the song: tunes heard and seen, tracks of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from engine.corpus import table
from engine.formats import midi_writer
from engine.midi import messages as m
from engine.music.measure import HOLD, REST, Measure
from engine.music.song import Song
from engine.protocol.base import with_request
from engine.protocol.files import (
    ImportMidi,
    LookIntoMidi,
    MidiLookedInto,
    OpenSong,
    PreviewTune,
    TrackFound,
    TunePreviewed,
)
from engine.protocol.notices import Notice
from engine.protocol.transport import AuditionMeasures, Play
from engine.runtime.engine import Engine
from tests.support.dispatcher import DispatcherHarness
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel

LONG = Measure.from_tokens([60, *[HOLD] * 23])
GOES_ON = Measure.from_tokens([*[HOLD] * 12, 64, *[HOLD] * 11])


@pytest.fixture
def listener() -> Listener:
    """Return what hears the engine."""
    return Listener()


@pytest.fixture
def engine(listener: Listener) -> Iterator[Engine]:
    """Yield an engine with a thread, which jobs need."""
    made = Engine(FakeModel, lambda _: RecordingPlayer(), song=Song("Song", 240.0))
    made.subscribe(listener)
    made.start()
    yield made
    made.close()


def test_a_tune_is_previewed_as_far_as_it_goes(engine: Engine, listener: Listener) -> None:
    corpus = table.shipped()
    rows = [int(row) for row in corpus.rows_of(3)]
    engine.send(PreviewTune(3, 2, 1000))
    event = listener.wait(TunePreviewed)
    assert (event.tune, event.first) == (3, 2)
    assert list(event.measures) == [corpus.measure(row) for row in rows[1:]]


def test_what_cannot_be_looked_at_is_refused_by_its_command(
    engine: Engine, listener: Listener, tmp_path: Path
) -> None:
    mute = tmp_path / "mute.mid"
    mido.MidiFile(type=1, tracks=[mido.MidiTrack()]).save(mute)
    commands = (PreviewTune(1_000_000), LookIntoMidi(str(tmp_path / "no")),
             LookIntoMidi(str(mute)), OpenSong(str(tmp_path / "no")))  # fmt: skip
    for command in map(with_request, commands):
        engine.send(command)
        assert listener.refused(command).message


def test_the_tracks_of_a_file_are_listed(
    engine: Engine, listener: Listener, tmp_path: Path
) -> None:
    path = tmp_path / "one.mid"
    midi_writer.write(path, [LONG, GOES_ON], 120, title="Tune")
    engine.send(LookIntoMidi(str(path)))
    assert listener.wait(MidiLookedInto) == MidiLookedInto(
        str(path), (TrackFound(1, "Tune", 0, False), TrackFound(2, "Tune", 2, False))
    )


def test_what_an_import_changed_is_said_in_answer_to_it(tmp_path: Path) -> None:
    path = tmp_path / "low.mid"
    track = mido.MidiTrack()
    track.append(mido.Message("note_on", note=30, time=0))
    track.append(mido.Message("note_off", note=30, time=480))
    mido.MidiFile(type=1, tracks=[track]).save(path)
    harness, command = DispatcherHarness(), with_request(ImportMidi(0, str(path), 1))
    harness.import_midi(command)
    (notice,) = (each for each in harness.published(Notice) if isinstance(each, Notice))
    assert notice.request == command.request
    assert "octave" in notice.text


def test_measures_of_no_song_are_heard_once_with_their_ties_and_silenced() -> None:
    harness = DispatcherHarness(now=1.0)
    before = harness.dispatcher.snapshot
    harness.do(AuditionMeasures((LONG, GOES_ON)))
    notes = [(note.on, note.off, note.pitch) for note in harness.player.notes()]
    # The song's pace is a second for a quarter; the first note goes on over the bar line.
    assert notes == [(1.0, 7.0, 60), (7.0, 9.0, 64)]
    harness.now = 2.0
    harness.clear()
    assert harness.do(AuditionMeasures()) == [m.Flush(2.0, cut=True)]
    assert harness.dispatcher.snapshot == before
    harness.do(Play())
    harness.clear()
    assert harness.do(AuditionMeasures((LONG,)), AuditionMeasures()) == []


def test_a_measure_that_begins_held_is_silent_until_its_first_note() -> None:
    harness = DispatcherHarness()
    harness.do(
        AuditionMeasures((Measure.from_tokens([*[HOLD] * 6, 67, *[HOLD] * 5, REST] + [HOLD] * 11),))
    )
    assert [(note.on, note.off) for note in harness.player.notes()] == [(1.0, 2.0)]
