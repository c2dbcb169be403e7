"""What the engine does with commands and reports, with time moved by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import BadModel
from engine.formats import midi_file
from engine.jobs import Jobs
from engine.locations import SONGS, songs_folder
from engine.midi import messages as m
from engine.music.measure import HOLD, REST, Measure
from engine.music.song import Origin, Slot, Song
from engine.protocol.base import Command, Event, with_request
from engine.protocol.devices import OpenPort
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    LockDimension,
    MoveLatent,
    MoveLatents,
    Nudge,
    Randomise,
    Redo,
    RemoveSlot,
    ResetLatent,
    SelectSlot,
    SetGroove,
    SetLatent,
    SetTempo,
    SetTitle,
    Undo,
)
from engine.protocol.files import (
    READING,
    ExportMidi,
    ForgetKept,
    ImportMidi,
    LoadTune,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.notices import Cancel, CommandFailed, JobProgressed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import LatenessMeasured, Play, PlayheadMoved, SetAudition, Stop
from engine.runtime.dispatcher import Dispatcher, ModelFailed, ModelLoaded, collapsed
from engine.services.devices.controllers_service import MapsRead
from engine.services.editing.command_log import CommandLog, replay
from engine.services.editing.state import State
from engine.services.session.autosave_timer import KEEP_AFTER
from engine.services.session.file_commands import FileWorkOver, MeasuresRead
from engine.services.session.keeper import Keeper
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel

TUNE = Origin("corpus", "The Tune")


def measure(*pitches: int) -> Measure:
    """Return a measure of quarter notes."""
    tokens = [HOLD] * 24
    tokens[::6] = [*pitches, *[REST] * (4 - len(pitches))]
    return Measure.from_tokens(tokens)


SONG = Song("Song", 60.0, slots=(Slot.brought_in(measure(60, 62, 64, 65), TUNE), *[Slot()] * 3))


@dataclass
class Desk:
    """A conductor whose player and listeners only write down what they are told."""

    settings: Settings = field(default_factory=Settings)
    song: Song = SONG
    model: FakeModel | None = field(default_factory=FakeModel)
    now: float = 0.0
    keep: bool = False

    def __post_init__(self) -> None:
        self.player = RecordingPlayer()
        self.events: list[Event] = []
        self.jobs = Jobs(self.events.append)
        self.recording = CommandLog(self.song)
        self.conductor = Dispatcher(
            State(self.song),
            play=self.player.send,
            publish=self.events.append,
            jobs=self.jobs,
            settings=self.settings,
            keeper=Keeper() if self.keep else None,
            recording=self.recording,
        )
        if self.model:
            self.conductor.handle_item(ModelLoaded(self.model), self.now)
        self.forget()

    def forget(self) -> None:
        """Begin with empty ears."""
        self.events.clear()
        self.player.messages.clear()

    def do(self, *items: Command | m.FromPlayer) -> list[m.ToPlayer]:
        """Return commands and reports, and what the player was told since."""
        for item in items:
            self.conductor.handle_item(item, self.now)
            self.save()
        return self.player.messages

    def save(self) -> None:
        """Wait for songs and maps that are read or written, and tell the conductor of each."""
        end = time.monotonic() + 30
        services = self.conductor.services
        while services.session.busy or services.controllers.reading:
            assert time.monotonic() < end, "A file was never done with."
            done = [each for each in list(self.events) if isinstance(each, FileWorkOver | MapsRead)]
            for each in done:
                self.events.remove(each)
                self.conductor.handle_item(each, self.now)
            time.sleep(0.001)

    def bring_in(self, command: ImportMidi) -> None:
        """Return a command to read a file, and then what its job has read."""
        self.do(command)
        self.hand_over()

    def wait_for(self, holds: Callable[[], object]) -> None:
        """Wait for what a job brings about."""
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, "It never came to that."
            time.sleep(0.001)

    def hand_over(self) -> None:
        """Wait for a file to be read or refused, and hands what was read to the conductor."""
        end = time.monotonic() + 30
        while not (told := [each for each in list(self.events) if read_or_refused(each)]):
            assert time.monotonic() < end, "The file was never read."
            time.sleep(0.002)
        for each in told:
            if isinstance(each, MeasuresRead):
                self.events.remove(each)
                self.conductor.handle_item(each, self.now)

    def until(self, end: float) -> None:
        """Move time on."""
        while (wake := self.conductor.wake()) is not None and wake <= end:
            self.now = wake
            self.conductor.tick(wake)
        self.now = end

    def port(self) -> str:
        """Return how the port stands."""
        return self.conductor.snapshot.port.state

    def told(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def read_or_refused(event: Event) -> bool:
    """Return whether an event is what the reading of a file came to."""
    if isinstance(event, MeasuresRead):
        return True
    return isinstance(event, CommandFailed) and event.title == "MIDI file"


def note(on: float, off: float, pitch: int) -> m.TimedNote:
    """Return a note as the song sends it."""
    return m.TimedNote(on, off, 0, pitch, 96)


def test_an_edit_while_stopped_sounds_its_measure_at_once() -> None:
    desk = Desk(now=5.0)
    desk.do(SetLatent(0, 2, -2.0))
    heard = desk.conductor.snapshot.song.slots[0].measure
    assert [n.pitch for n in desk.player.notes()] == list(heard.pitches)
    assert desk.player.notes()[0].on == 5.0 + float(heard.notes[0].onset)
    assert [type(event) for event in desk.events] == [Snapshot]


def test_an_edit_that_changes_no_note_or_comes_without_audition_is_not_heard() -> None:
    desk = Desk()
    assert desk.do(SetLatent(0, 20, 1.0), ResetLatent(0)) == desk.player.messages
    desk.forget()
    desk.do(SetLatent(0, 21, 0.5))
    desk.do(SetLatent(0, 20, 1.0))
    heard = len(desk.player.notes())
    desk.do(SetAudition(False), SetLatent(0, 2, 2.0))
    assert len(desk.player.notes()) == heard
    assert Desk(settings=Settings(audition=False)).do(SetLatent(0, 2, 2.0)) == []


def test_play_and_stop_are_told_to_the_player_and_everybody() -> None:
    desk = Desk()
    desk.do(Play())
    desk.until(1.9)
    assert [n.pitch for n in desk.player.notes()] == [60, 62, 64]
    heads = desk.told(PlayheadMoved)
    assert 30 <= len(heads) <= 40
    desk.forget()
    assert desk.do(Stop()) == [m.Flush(1.9, cut=True), m.ClockStop(1.9)]
    assert desk.events[-1] == PlayheadMoved(None, 0.0) or isinstance(desk.events[-1], Snapshot)
    assert PlayheadMoved(None, 0.0) in desk.events
    assert desk.conductor.wake() is None


def test_nothing_is_due_while_nothing_happens() -> None:
    assert Desk().conductor.wake() is None


def test_what_needs_the_model_waits_for_it_in_order_and_says_so_once() -> None:
    desk = Desk(model=None)
    desk.do(SetLatent(1, 2, 1.0), SetTempo(90), SetLatent(1, 2, 2.0), Undo())
    desk.do(SelectSlot(1))
    assert len(desk.told(Notice)) == 1
    # The tempo waits for no gauge.
    assert desk.conductor.snapshot.song == replace(SONG, tempo=90)
    assert (desk.conductor.snapshot.selected, desk.conductor.snapshot.waiting) == (1, 3)
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    snapshot = desk.conductor.snapshot
    assert (snapshot.song.tempo, snapshot.waiting) == (90, 0)
    assert snapshot.song.slots[1].latent is not None
    assert snapshot.song.slots[1].latent[2] == 1.0
    assert snapshot.redo == ("density 1 up in measure 2",)


def test_what_needs_no_model_is_met_at_once_though_a_gauge_waits() -> None:
    desk = Desk(model=None)
    desk.do(MoveLatent(0, 2, 0.5), SetTempo(90), SetTitle("New"), ClearSlot(3))
    desk.do(CopySlot(0, 2), SetGroove(swing=60), Play())
    song = desk.conductor.snapshot.song
    assert (song.tempo, song.title, song.groove.swing) == (90, "New", 60)
    assert desk.conductor.snapshot.playing
    # The copy is one of the measure that is still to be moved.
    assert song.slots[2].empty
    assert desk.conductor.snapshot.waiting == 2
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    slots = desk.conductor.snapshot.song.slots
    assert not slots[2].empty
    assert slots[2].latent == slots[0].latent
    assert slots[0].anchor is not None
    assert slots[0].latent is not None
    assert slots[0].latent[2] == round(slots[0].anchor[2] + 0.5, 4)


def test_an_undo_takes_back_what_was_asked_last_though_an_older_edit_waits() -> None:
    desk = Desk(model=None)
    desk.do(MoveLatent(0, 2, 0.5), SetTempo(90), Undo())
    assert desk.conductor.snapshot.song.tempo == 60
    desk.do(Redo())
    assert desk.conductor.snapshot.song.tempo == 90
    desk.do(Undo(), Undo(), SetTempo(70))
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    snapshot = desk.conductor.snapshot
    assert (snapshot.song.tempo, snapshot.undo) == (70, ("tempo 70",))
    assert snapshot.redo == ("density 0.5 up in measure 1",)
    assert snapshot.song.slots[0].latent == snapshot.song.slots[0].anchor


def test_an_undo_of_an_edit_that_is_refused_takes_no_other_back() -> None:
    desk = Desk(model=None)
    desk.do(SetTempo(90), SetLatent(0, 99, 1.0), Undo())
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    assert desk.conductor.snapshot.song.tempo == 90


def test_measures_are_renumbered_after_what_waits_for_their_numbers() -> None:
    desk = Desk(model=None)
    desk.do(SetLatent(2, 2, 1.0), InsertSlot(3))
    assert len(desk.conductor.snapshot.song.slots) == 5
    desk.do(RemoveSlot(1), ClearSlot(1))
    assert len(desk.conductor.snapshot.song.slots) == 5
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    assert [slot.empty for slot in desk.conductor.snapshot.song.slots] == [False, True, True, True]


def test_who_listens_sees_no_gauge_before_what_waited_has_moved_it() -> None:
    desk = Desk(model=None)
    desk.do(*[MoveLatent(0, 2, 0.25, gesture=1)] * 4)
    desk.forget()
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    shown = [event for event in desk.events if isinstance(event, Snapshot)]
    assert [each.model.state for each in shown] == ["ready"]
    assert shown[0].undo == ("density 1 up in measure 1",)


def test_without_a_model_everything_else_goes_on() -> None:
    desk = Desk(model=None)
    desk.do(SetLatent(1, 2, 1.0), SetTempo(90))
    desk.conductor.handle_item(
        ModelFailed(BadModel("The weights are damaged.", "Install again.")), 0.0
    )
    assert desk.told(CommandFailed) == [
        CommandFailed("Model", "The weights are damaged.", "Install again.")
    ]
    snapshot = desk.conductor.snapshot
    assert (snapshot.model.state, snapshot.song.tempo) == ("failed", 90)
    desk.do(SetLatent(1, 2, 1.0))
    assert len(desk.told(CommandFailed)) == 2


def test_an_undo_of_an_edit_that_never_came_about_takes_nothing_else_back() -> None:
    desk = Desk(model=None)
    desk.do(SetTempo(90), SetLatent(1, 2, 1.0), Undo())
    desk.conductor.handle_item(
        ModelFailed(BadModel("The weights are damaged.", "Install again.")), 0.0
    )
    assert desk.conductor.snapshot.song.tempo == 90


def test_the_recording_replays_to_the_same_snapshot() -> None:
    desk = Desk(model=None)
    desk.do(SetTempo(90), Play(), SetTempo(9000), OpenPort(None), m.PortOpened("Synth"))
    desk.conductor.handle_item(ModelLoaded(FakeModel()), 0.0)
    desk.do(Randomise(1, 0.5, 3), SetLatent(0, 1, 1.0), Undo(), LockDimension(1, True))
    desk.do(Nudge("swing", 5), MoveLatent(0, 2, 0.5), Stop())
    assert replay(desk.recording, FakeModel()) == desk.conductor.snapshot


def test_a_held_key_makes_no_backlog() -> None:
    held = [SetLatent(0, 2, step / 10, gesture=4) for step in range(5)]
    other = SetLatent(0, 1, 0.5, gesture=4)
    alone = [SetLatent(0, 2, 0.1), SetLatent(0, 2, 0.2)]
    assert collapsed([*held, other, held[0], held[1], Undo(), *alone]) == [
        held[-1],
        other,
        held[1],
        Undo(),
        *alone,
    ]


def test_steps_of_a_held_key_in_line_are_added_up() -> None:
    steps = [MoveLatent(0, 2, 0.25, gesture=4)] * 3
    tempo = [Nudge("tempo", 1, gesture=5)] * 4
    other = [MoveLatent(0, 2, 0.25, gesture=6), Nudge("swing", 0.5, 7), Nudge("timing", 0.5, 7)]
    on_map = [MoveLatents(0, ((2, 0.25), (1, 0.0)), 8)] * 2
    assert collapsed([*steps, *on_map, *tempo, *other, *[Nudge("tempo", 1)] * 2]) == [
        MoveLatent(0, 2, 0.75, gesture=4),
        MoveLatents(0, ((1, 0.0), (2, 0.5)), 8),
        Nudge("tempo", 4, gesture=5),
        *other,
        *[Nudge("tempo", 1)] * 2,
    ]


def test_steps_added_up_lead_to_where_each_of_them_leads() -> None:
    # On past the end, and back from there.
    steps: list[Command] = [Nudge("tempo", by, 1) for by in (300, 50, 20, -1, -1, 0.5)]
    steps += [MoveLatent(0, 2, by, 2) for by in (1.0, 1.0, 1.0, 1.0, -0.25, -0.25)]
    in_line, each = Desk(), Desk()
    fewer = collapsed(steps)
    assert len(fewer) == 5
    in_line.do(*fewer)
    each.do(*steps)
    assert in_line.conductor.snapshot.song == each.conductor.snapshot.song
    assert in_line.conductor.snapshot.undo == each.conductor.snapshot.undo
    assert each.conductor.snapshot.song.tempo == 398.5


def test_the_first_census_chooses_a_port() -> None:
    def chosen(*outputs: str, settings: Settings | None = None) -> list[m.ToPlayer]:
        return list(Desk(settings=settings or Settings()).do(m.PortsSeen(outputs)))

    assert chosen() == []
    assert chosen("alsa:Midi Through") == []
    assert chosen("virtual", "alsa:Midi Through") == [m.UsePort("virtual", hush=True)]
    assert chosen("virtual", "alsa:Synth") == [m.UsePort("alsa:Synth", hush=True)]
    assert chosen("virtual", "alsa:A", "alsa:B") == [m.UsePort("virtual", hush=True)]
    named = Settings(port="Synth")
    assert chosen("virtual", "alsa:A", settings=named) == [m.UsePort("Synth", hush=True)]
    assert chosen("virtual", settings=Settings(port="none")) == []
    Desk().do(OpenPort("alsa:B"))
    assert chosen("virtual", "alsa:A", "alsa:B") == [m.UsePort("alsa:B", hush=True)]
    assert chosen("virtual", "alsa:A") == [m.UsePort("alsa:A", hush=True)]
    Desk().do(OpenPort(None))
    assert chosen("virtual", "alsa:A") == []


def test_a_machine_without_midi_is_told_once() -> None:
    desk = Desk()
    desk.do(m.PortsSeen(()), m.PortsSeen(()))
    assert len(desk.told(Notice)) == 1
    assert desk.port() == "none"


def test_a_port_opens_goes_and_comes_back() -> None:
    desk = Desk()
    desk.do(OpenPort("Synth"), m.PortsSeen(("Synth",)))
    assert desk.port() == "opening"
    desk.forget()
    assert desk.do(m.PortOpened("Synth")) == [m.Send(0.0, b"\xc0\x00")]
    assert desk.port() == "open"
    assert desk.told(Notice) == []
    desk.do(m.PortLost("Synth"), m.PortsSeen(()))
    assert desk.port() == "lost"
    desk.do(m.PortOpened("Synth"))
    assert desk.port() == "open"
    assert [getattr(event, "kind", "") for event in desk.told(Notice)] == [
        "warning",
        "information",
    ]
    desk.do(m.PortFailed("Synth", "It is in use."))
    assert desk.conductor.snapshot.port.detail == "It is in use."
    desk.do(m.Lateness(0.1, 0.2, 0.3, 9))
    assert desk.events[-1] == LatenessMeasured(0.1, 0.2, 0.3)


def test_a_player_that_takes_the_place_of_another_goes_on_playing() -> None:
    desk = Desk()
    desk.do(m.Ready(1, True), Play())
    desk.until(0.5)
    desk.forget()
    desk.do(m.PlayerLost("killed", restarted=True), m.Ready(2, True))
    # What it holds is sent again by its link, and what follows from here.
    assert desk.player.messages == []
    desk.until(1.4)
    assert [n.pitch for n in desk.player.notes()] == [64]
    desk.do(m.PlayerLost("killed", restarted=False))
    assert desk.port() == "failed"


def test_music_that_was_started_before_the_player_was_there_starts_over() -> None:
    desk = Desk()
    desk.do(Play())
    desk.until(0.5)
    desk.forget()
    desk.do(m.Ready(1, True))
    assert [(n.on, n.pitch) for n in desk.player.notes()] == [(0.51, 60)]


def test_songs_are_saved_opened_and_exported(tmp_path: Path) -> None:
    desk = Desk()
    desk.do(save := with_request(SaveSong()))
    assert desk.told(CommandFailed)[0] == CommandFailed(
        "Cannot write", "The song has no file yet.", "Save it under a name.", save.request
    )
    desk.do(SetLatent(0, 2, 1.0), LockDimension(3, True), SaveSong(str(tmp_path / "a")))
    path = str(tmp_path / "a.armonica")
    saved = desk.conductor.snapshot
    assert (saved.saved, saved.path) == (True, path)
    desk.do(LockDimension(3, False), SetTempo(99), OpenSong(path))
    opened = desk.conductor.snapshot
    assert (opened.song, opened.saved, opened.locks) == (saved.song, True, frozenset({3}))
    assert desk.do(Undo()) is not None
    assert desk.conductor.snapshot.song.tempo == 99
    desk.do(ExportMidi(str(tmp_path / "out")))
    desk.bring_in(ImportMidi(2, str(tmp_path / "out.mid")))
    slot = desk.conductor.snapshot.song.slots[2]
    assert slot.measure == desk.conductor.snapshot.song.slots[0].measure
    assert slot.origin.kind == "midi"
    before = desk.conductor.snapshot
    for command in (
        OpenSong(str(tmp_path / "missing")),
        SaveSong("/proc/no"),
        ExportMidi("/proc/no"),
    ):
        desk.forget()
        desk.do(command)
        assert len(desk.told(CommandFailed)) == 1, command
    desk.forget()
    desk.bring_in(ImportMidi(0, path))
    assert [str(told) for told in desk.told(CommandFailed)]
    assert desk.conductor.snapshot == before


def test_the_place_that_is_proposed_to_every_player_is_made_and_no_other(tmp_path: Path) -> None:
    desk = Desk()
    desk.do(SaveSong(str(songs_folder() / "a")), ExportMidi(str(songs_folder() / "a")))
    assert sorted(path.name for path in songs_folder().iterdir()) == ["a.armonica", "a.mid"]
    desk.do(SaveSong(str(tmp_path / "slip" / "a")))
    assert len(desk.told(CommandFailed)) == 1
    assert not (tmp_path / "slip").exists()


def test_a_song_that_ships_is_no_file_of_the_player_s() -> None:
    desk = Desk()
    desk.do(OpenSong(str(sorted(SONGS.iterdir())[0])))
    assert desk.conductor.snapshot.path is None
    assert desk.conductor.snapshot.saved


def test_a_long_file_comes_in_as_far_as_a_song_goes(tmp_path: Path) -> None:
    note = Measure((60, *[HOLD] * 23))
    midi_file.write(tmp_path / "long.mid", [note] * 300, 100)
    desk = Desk()
    desk.bring_in(ImportMidi(4, str(tmp_path / "long.mid")))
    assert len(desk.conductor.snapshot.song.slots) == 256
    said = str(desk.told(Notice))
    assert "252 measures of long.mid" in said
    assert "48 more left out: a song has at most 256" in said


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Make reading a MIDI file last until the event that is given is set, or it is cancelled."""
    may_end, read = threading.Event(), midi_file.read

    def slowly(path: Path, track: int | None, on_progress: Callable[[float], None]) -> object:
        while not may_end.is_set():
            on_progress(0.5)
            time.sleep(0.002)
        return read(path, track)

    monkeypatch.setattr(midi_file, "read", slowly)
    return may_end


def test_the_engine_goes_on_while_a_long_file_is_read(
    tmp_path: Path, reading: threading.Event
) -> None:
    midi_file.write(tmp_path / "a.mid", [measure(72, 74)], 100)
    desk, command = Desk(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    desk.do(command, SetTempo(90), Play())
    shown = desk.conductor.snapshot
    assert (shown.song.tempo, shown.playing, shown.song.slots[1].empty) == (90, True, True)
    reading.set()
    desk.hand_over()
    assert desk.conductor.snapshot.song.slots[1].measure.pitches == (72, 74)
    assert desk.conductor.snapshot.song.tempo == 90
    assert [told.request for told in desk.told(Notice) if isinstance(told, Notice)] == [
        command.request
    ]


@pytest.mark.usefixtures("reading")
def test_reading_a_file_shows_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    desk, command = Desk(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    desk.do(command)
    end = time.monotonic() + 30
    while not (told := [each for each in list(desk.events) if isinstance(each, JobProgressed)]):
        assert time.monotonic() < end
        time.sleep(0.002)
    assert told[0].name == READING
    desk.do(Cancel(told[0].job))
    desk.hand_over()
    (refused,) = (each for each in desk.events if isinstance(each, CommandFailed))
    assert refused.request == command.request
    assert desk.conductor.snapshot.song.slots[1].empty


def test_what_was_read_for_one_song_does_not_come_into_another(
    tmp_path: Path, reading: threading.Event
) -> None:
    midi_file.write(tmp_path / "a.mid", [measure(72, 74)], 100)
    desk, command = Desk(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    desk.do(command, OpenSong(str(sorted(SONGS.iterdir())[0])))
    opened = desk.conductor.snapshot.song
    reading.set()
    desk.hand_over()
    assert desk.conductor.snapshot.song == opened
    assert [each.request for each in desk.events if isinstance(each, CommandFailed)] == [
        command.request
    ]


def test_a_tune_of_the_corpus_comes_in() -> None:
    from engine.corpus import table

    corpus = table.shipped()
    tune = corpus.search("")[0]
    desk = Desk()
    desk.do(LoadTune(1, tune, 1, 2))
    desk.hand_over()
    slots = desk.conductor.snapshot.song.slots
    rows = corpus.rows_of(tune)
    assert [slot.measure for slot in slots[1:3]] == [corpus.measure(int(r)) for r in rows[:2]]
    assert slots[1].origin.title == corpus.tunes[tune].title
    desk.forget()
    desk.do(LoadTune(1, tune, 1, 10_000))
    desk.wait_for(lambda: desk.told(CommandFailed))


def test_the_song_is_kept_after_a_rest_and_forgotten_when_saved(tmp_path: Path) -> None:
    from engine.services.session import autosave

    desk = Desk(keep=True)
    desk.do(SetTempo(90))
    assert desk.conductor.wake() == KEEP_AFTER
    desk.now = 0.5
    desk.do(SetTempo(91))
    desk.until(3.5)
    desk.jobs.close()
    assert autosave.found() is None  # Its owner lives.
    desk.conductor.close(4.0)
    kept = autosave.found()
    assert kept is not None
    assert kept.title == "Song"

    again = Desk(keep=True)
    again.do(RecoverSong(str(kept.path)))
    snapshot = again.conductor.snapshot
    assert (snapshot.song.tempo, snapshot.saved, snapshot.path) == (91, False, None)
    assert len(list(Path(kept.path).parent.glob("*.armonica"))) == 1
    again.do(SaveSong(str(tmp_path / "b")))
    again.conductor.close(9.0)
    assert autosave.found() is None


def test_a_kept_song_that_nobody_wants_is_forgotten_and_no_other_file(tmp_path: Path) -> None:
    from engine.services.session import autosave

    desk = Desk(keep=True)
    desk.do(SetTempo(90), SaveSong(str(tmp_path / "mine")), SetTempo(91))
    desk.conductor.close(1.0)
    kept = autosave.found()
    assert kept is not None
    Desk().do(ForgetKept(str(kept.path)), ForgetKept(str(tmp_path / "mine.armonica")))
    assert autosave.found() is None
    assert (tmp_path / "mine.armonica").exists()


def test_a_place_where_nothing_can_be_kept_is_told_once(home: Path) -> None:
    (home / "state").write_text("in the way")
    desk = Desk(keep=True)
    for tempo in (90, 91):
        desk.do(SetTempo(tempo))
        desk.until(desk.now + 3)
        deadline = time.monotonic() + 30
        while not desk.told(Notice) and time.monotonic() < deadline:
            time.sleep(0.001)
    desk.jobs.close()
    assert len(desk.told(Notice)) == 1
    desk.conductor.close(9.0)
