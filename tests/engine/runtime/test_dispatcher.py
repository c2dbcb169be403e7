"""What the engine does with commands and reports, with time moved by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import BadModel
from engine.formats import midi_file, midi_writer
from engine.locations import SONGS, songs_folder
from engine.midi import messages as m
from engine.music.measure import HOLD, Measure
from engine.music.score_notes import Voice
from engine.music.song import MOST_SLOTS
from engine.protocol.base import Command, with_request
from engine.protocol.devices import OpenPort
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    LockDimension,
    MoveLatent,
    MoveLatents,
    Randomise,
    Redo,
    RemoveSlot,
    ResetLatent,
    SelectSlot,
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
from engine.protocol.tracks import Nudge, SetGroove
from engine.protocol.transport import LatenessMeasured, Play, PlayheadMoved, SetAudition, Stop
from engine.runtime.dispatcher import ModelFailed, ModelLoaded, collapsed
from engine.services.editing.command_log import replay
from engine.services.session.autosave_timer import KEEP_AFTER
from tests.support.dispatcher import SONG, DispatcherHarness
from tests.support.fakes import FakeModel
from tests.support.measures import quarters
from tests.support.waiting import wait_until


def test_an_edit_while_stopped_sounds_its_measure_at_once() -> None:
    harness = DispatcherHarness(now=5.0)
    harness.do(SetLatent(0, 2, -2.0))
    decoded = harness.dispatcher.snapshot.row.slots[0].measure
    assert [n.pitch for n in harness.player.notes()] == list(decoded.pitches)
    assert harness.player.notes()[0].on == 5.0 + float(decoded.notes[0].onset)
    assert [type(event) for event in harness.events] == [Snapshot]


def test_an_edit_that_changes_no_note_or_comes_without_audition_is_not_heard() -> None:
    harness = DispatcherHarness()
    assert harness.do(SetLatent(0, 20, 1.0), ResetLatent(0)) == harness.player.messages
    harness.clear()
    harness.do(SetLatent(0, 21, 0.5))
    harness.do(SetLatent(0, 20, 1.0))
    before = len(harness.player.notes())
    harness.do(SetAudition(False), SetLatent(0, 2, 2.0))
    assert len(harness.player.notes()) == before
    assert DispatcherHarness(settings=Settings(audition=False)).do(SetLatent(0, 2, 2.0)) == []


def test_play_and_stop_are_told_to_the_player_and_everybody() -> None:
    harness = DispatcherHarness()
    harness.do(Play())
    harness.advance_to(1.9)
    assert [n.pitch for n in harness.player.notes()] == [60, 62, 64]
    heads = harness.published(PlayheadMoved)
    assert 30 <= len(heads) <= 40
    harness.clear()
    assert harness.do(Stop()) == [m.Flush(1.9, cut=True), m.ClockStop(1.9)]
    assert harness.events[-1] == PlayheadMoved(None, 0.0) or isinstance(
        harness.events[-1], Snapshot
    )
    assert PlayheadMoved(None, 0.0) in harness.events
    assert harness.dispatcher.wake() is None


def test_nothing_is_due_while_nothing_happens() -> None:
    assert DispatcherHarness().dispatcher.wake() is None


def test_what_needs_the_model_waits_for_it_in_order_and_says_so_once() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetLatent(1, 2, 1.0), SetTempo(90), SetLatent(1, 2, 2.0), Undo())
    harness.do(SelectSlot(1))
    assert len(harness.published(Notice)) == 1
    # The tempo waits for no gauge.
    assert harness.dispatcher.snapshot.song == replace(SONG, tempo=90)
    assert (harness.dispatcher.snapshot.selected, harness.dispatcher.snapshot.waiting) == (1, 3)
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    snapshot = harness.dispatcher.snapshot
    assert (snapshot.song.tempo, snapshot.waiting) == (90, 0)
    assert snapshot.row.slots[1].latent is not None
    assert snapshot.row.slots[1].latent[2] == 1.0
    assert snapshot.redo == ("density 1 up in measure 2",)


def test_what_needs_no_model_is_met_at_once_though_a_gauge_waits() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(MoveLatent(0, 2, 0.5), SetTempo(90), SetTitle("New"), ClearSlot(3))
    harness.do(CopySlot(0, 2), SetGroove(swing=60), Play())
    song = harness.dispatcher.snapshot.song
    assert (song.tempo, song.title, song.tracks[0].groove.swing) == (90, "New", 60)
    assert harness.dispatcher.snapshot.playing
    # The copy is one of the measure that is still to be moved.
    assert song.tracks[0].slots[2].empty
    assert harness.dispatcher.snapshot.waiting == 2
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    slots = harness.dispatcher.snapshot.row.slots
    assert not slots[2].empty
    assert slots[2].latent == slots[0].latent
    assert slots[0].anchor is not None
    assert slots[0].latent is not None
    assert slots[0].latent[2] == round(slots[0].anchor[2] + 0.5, 4)


def test_an_undo_takes_back_what_was_asked_last_though_an_older_edit_waits() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(MoveLatent(0, 2, 0.5), SetTempo(90), Undo())
    assert harness.dispatcher.snapshot.song.tempo == 60
    harness.do(Redo())
    assert harness.dispatcher.snapshot.song.tempo == 90
    harness.do(Undo(), Undo(), SetTempo(70))
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    snapshot = harness.dispatcher.snapshot
    assert (snapshot.song.tempo, snapshot.undo) == (70, ("tempo 70",))
    assert snapshot.redo == ("density 0.5 up in measure 1",)
    assert snapshot.row.slots[0].latent == snapshot.row.slots[0].anchor


def test_an_undo_of_an_edit_that_is_refused_takes_no_other_back() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetTempo(90), SetLatent(0, 99, 1.0), Undo())
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    assert harness.dispatcher.snapshot.song.tempo == 90


def test_measures_are_renumbered_after_what_waits_for_their_numbers() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetLatent(2, 2, 1.0), InsertSlot(3))
    assert len(harness.dispatcher.snapshot.row.slots) == 5
    harness.do(RemoveSlot(1), ClearSlot(1))
    assert len(harness.dispatcher.snapshot.row.slots) == 5
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    assert [slot.empty for slot in harness.dispatcher.snapshot.row.slots] == [
        False,
        True,
        True,
        True,
    ]


def test_who_listens_sees_no_gauge_before_what_waited_has_moved_it() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(*[MoveLatent(0, 2, 0.25, gesture=1)] * 4)
    harness.clear()
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    shown = [event for event in harness.events if isinstance(event, Snapshot)]
    assert [each.model.state for each in shown] == ["ready"]
    assert shown[0].undo == ("density 1 up in measure 1",)


def test_without_a_model_everything_else_goes_on() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetLatent(1, 2, 1.0), SetTempo(90))
    harness.dispatcher.handle_item(
        ModelFailed(BadModel("The weights are damaged.", "Install again.")), 0.0
    )
    assert harness.published(CommandFailed) == [
        CommandFailed("Model", "The weights are damaged.", "Install again.")
    ]
    snapshot = harness.dispatcher.snapshot
    assert (snapshot.model.state, snapshot.song.tempo) == ("failed", 90)
    harness.do(SetLatent(1, 2, 1.0))
    assert len(harness.published(CommandFailed)) == 2


def test_an_undo_of_an_edit_that_never_came_about_takes_nothing_else_back() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetTempo(90), SetLatent(1, 2, 1.0), Undo())
    harness.dispatcher.handle_item(
        ModelFailed(BadModel("The weights are damaged.", "Install again.")), 0.0
    )
    assert harness.dispatcher.snapshot.song.tempo == 90


def test_the_recording_replays_to_the_same_snapshot() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(SetTempo(90), Play(), SetTempo(9000), OpenPort(None), m.PortOpened("Synth"))
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), 0.0)
    harness.do(Randomise(1, 0.5, 3), SetLatent(0, 1, 1.0), Undo(), LockDimension(1, True))
    harness.do(Nudge("swing", 5), MoveLatent(0, 2, 0.5), Stop())
    assert replay(harness.recording, FakeModel()) == harness.dispatcher.snapshot


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
    in_line, each = DispatcherHarness(), DispatcherHarness()
    fewer = collapsed(steps)
    assert len(fewer) == 5
    in_line.do(*fewer)
    each.do(*steps)
    assert in_line.dispatcher.snapshot.song == each.dispatcher.snapshot.song
    assert in_line.dispatcher.snapshot.undo == each.dispatcher.snapshot.undo
    assert each.dispatcher.snapshot.song.tempo == 398.5


def test_the_first_census_chooses_a_port() -> None:
    def chosen(*outputs: str, settings: Settings | None = None) -> list[m.ToPlayer]:
        return list(DispatcherHarness(settings=settings or Settings()).do(m.PortsSeen(outputs)))

    assert chosen() == []
    assert chosen("alsa:Midi Through") == []
    assert chosen("virtual", "alsa:Midi Through") == [m.UsePort("virtual", hush=True)]
    assert chosen("virtual", "alsa:Synth") == [m.UsePort("alsa:Synth", hush=True)]
    assert chosen("virtual", "alsa:A", "alsa:B") == [m.UsePort("virtual", hush=True)]
    named = Settings(port="Synth")
    assert chosen("virtual", "alsa:A", settings=named) == [m.UsePort("Synth", hush=True)]
    assert chosen("virtual", settings=Settings(port="none")) == []
    DispatcherHarness().do(OpenPort("alsa:B"))
    assert chosen("virtual", "alsa:A", "alsa:B") == [m.UsePort("alsa:B", hush=True)]
    assert chosen("virtual", "alsa:A") == [m.UsePort("alsa:A", hush=True)]
    DispatcherHarness().do(OpenPort(None))
    assert chosen("virtual", "alsa:A") == []


def test_a_machine_without_midi_is_told_once() -> None:
    harness = DispatcherHarness()
    harness.do(m.PortsSeen(()), m.PortsSeen(()))
    assert len(harness.published(Notice)) == 1
    assert harness.port_state() == "none"


def test_a_port_opens_goes_and_comes_back() -> None:
    harness = DispatcherHarness()
    harness.do(OpenPort("Synth"), m.PortsSeen(("Synth",)))
    assert harness.port_state() == "opening"
    harness.clear()
    assert harness.do(m.PortOpened("Synth")) == [m.Send(0.0, b"\xc0\x00")]
    assert harness.port_state() == "open"
    assert harness.published(Notice) == []
    harness.do(m.PortLost("Synth"), m.PortsSeen(()))
    assert harness.port_state() == "lost"
    harness.do(m.PortOpened("Synth"))
    assert harness.port_state() == "open"
    assert [getattr(event, "kind", "") for event in harness.published(Notice)] == [
        "warning",
        "information",
    ]
    harness.do(m.PortFailed("Synth", "It is in use."))
    assert harness.dispatcher.snapshot.port.detail == "It is in use."
    harness.do(m.Lateness(0.1, 0.2, 0.3, 9))
    assert harness.events[-1] == LatenessMeasured(0.1, 0.2, 0.3)


def test_a_player_that_takes_the_place_of_another_goes_on_playing() -> None:
    harness = DispatcherHarness()
    harness.do(m.Ready(1, True), Play())
    harness.advance_to(0.5)
    harness.clear()
    harness.do(m.PlayerLost("killed", restarted=True), m.Ready(2, True))
    # What it holds is sent again by its link, and what follows from here.
    assert harness.player.messages == []
    harness.advance_to(1.4)
    assert [n.pitch for n in harness.player.notes()] == [64]
    harness.do(m.PlayerLost("killed", restarted=False))
    assert harness.port_state() == "failed"


def test_music_that_was_started_before_the_player_was_there_starts_over() -> None:
    harness = DispatcherHarness()
    harness.do(Play())
    harness.advance_to(0.5)
    harness.clear()
    harness.do(m.Ready(1, True))
    assert [(n.on, n.pitch) for n in harness.player.notes()] == [(0.51, 60)]


def test_songs_are_saved_opened_and_exported(tmp_path: Path) -> None:
    harness = DispatcherHarness()
    harness.do(save := with_request(SaveSong()))
    assert harness.published(CommandFailed)[0] == CommandFailed(
        "Cannot write", "The song has no file yet.", "Save it under a name.", save.request
    )
    harness.do(SetLatent(0, 2, 1.0), LockDimension(3, True), SaveSong(str(tmp_path / "a")))
    path = str(tmp_path / "a.armonica")
    saved = harness.dispatcher.snapshot
    assert (saved.saved, saved.path) == (True, path)
    harness.do(LockDimension(3, False), SetTempo(99), OpenSong(path))
    opened = harness.dispatcher.snapshot
    assert (opened.song, opened.saved, opened.locks) == (saved.song, True, frozenset({3}))
    assert harness.do(Undo()) is not None
    assert harness.dispatcher.snapshot.song.tempo == 99
    harness.do(ExportMidi(str(tmp_path / "out")))
    harness.import_midi(ImportMidi(2, str(tmp_path / "out.mid")))
    slot = harness.dispatcher.snapshot.row.slots[2]
    assert slot.measure == harness.dispatcher.snapshot.row.slots[0].measure
    assert slot.origin.kind == "midi"
    before = harness.dispatcher.snapshot
    for command in (
        OpenSong(str(tmp_path / "missing")),
        SaveSong("/proc/no"),
        ExportMidi("/proc/no"),
    ):
        harness.clear()
        harness.do(command)
        assert len(harness.published(CommandFailed)) == 1, command
    harness.clear()
    harness.import_midi(ImportMidi(0, path))
    assert [str(failure) for failure in harness.published(CommandFailed)]
    assert harness.dispatcher.snapshot == before


def test_the_place_that_is_proposed_to_every_player_is_made_and_no_other(tmp_path: Path) -> None:
    harness = DispatcherHarness()
    harness.do(SaveSong(str(songs_folder() / "a")), ExportMidi(str(songs_folder() / "a")))
    assert sorted(path.name for path in songs_folder().iterdir()) == ["a.armonica", "a.mid"]
    harness.do(SaveSong(str(tmp_path / "slip" / "a")))
    assert len(harness.published(CommandFailed)) == 1
    assert not (tmp_path / "slip").exists()


def test_a_song_that_ships_is_no_file_of_the_player_s() -> None:
    harness = DispatcherHarness()
    harness.do(OpenSong(str(sorted(SONGS.iterdir())[0])))
    assert harness.dispatcher.snapshot.path is None
    assert harness.dispatcher.snapshot.saved


def test_a_long_file_comes_in_as_far_as_a_song_goes(tmp_path: Path) -> None:
    note = Measure((60, *[HOLD] * 23))
    midi_writer.write(tmp_path / "long.mid", [note] * (MOST_SLOTS + 44), 100)
    harness = DispatcherHarness()
    harness.import_midi(ImportMidi(4, str(tmp_path / "long.mid")))
    assert len(harness.dispatcher.snapshot.row.slots) == MOST_SLOTS
    notices = str(harness.published(Notice))
    assert f"{MOST_SLOTS - 4} measures of long.mid" in notices
    assert f"48 more left out: a song has at most {MOST_SLOTS}" in notices


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Make reading a MIDI file last until the event that is given is set, or it is cancelled."""
    may_end, read = threading.Event(), midi_file.read

    def slowly(
        path: Path, track: int | None, on_progress: Callable[[float], None], voice: Voice
    ) -> object:
        while not may_end.is_set():
            on_progress(0.5)
            time.sleep(0.002)
        return read(path, track, voice=voice)

    monkeypatch.setattr(midi_file, "read", slowly)
    return may_end


def test_the_engine_goes_on_while_a_long_file_is_read(
    tmp_path: Path, reading: threading.Event
) -> None:
    midi_writer.write(tmp_path / "a.mid", [quarters(72, 74)], 100)
    harness, command = DispatcherHarness(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    harness.do(command, SetTempo(90), Play())
    shown = harness.dispatcher.snapshot
    assert (shown.song.tempo, shown.playing, shown.row.slots[1].empty) == (90, True, True)
    reading.set()
    harness.finish_import()
    assert harness.dispatcher.snapshot.row.slots[1].measure.pitches == (72, 74)
    assert harness.dispatcher.snapshot.song.tempo == 90
    assert [
        notice.request for notice in harness.published(Notice) if isinstance(notice, Notice)
    ] == [command.request]


@pytest.mark.usefixtures("reading")
def test_reading_a_file_shows_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    harness, command = DispatcherHarness(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    harness.do(command)

    def progress() -> list[JobProgressed]:
        return [each for each in list(harness.events) if isinstance(each, JobProgressed)]

    wait_until(progress)
    assert progress()[0].name == READING
    harness.do(Cancel(progress()[0].job))
    harness.finish_import()
    (refused,) = (each for each in harness.events if isinstance(each, CommandFailed))
    assert refused.request == command.request
    assert harness.dispatcher.snapshot.row.slots[1].empty


def test_what_was_read_for_one_song_does_not_come_into_another(
    tmp_path: Path, reading: threading.Event
) -> None:
    midi_writer.write(tmp_path / "a.mid", [quarters(72, 74)], 100)
    harness, command = DispatcherHarness(), with_request(ImportMidi(1, str(tmp_path / "a.mid")))
    harness.do(command, OpenSong(str(sorted(SONGS.iterdir())[0])))
    opened = harness.dispatcher.snapshot.song
    reading.set()
    harness.finish_import()
    assert harness.dispatcher.snapshot.song == opened
    assert [each.request for each in harness.events if isinstance(each, CommandFailed)] == [
        command.request
    ]


def test_a_tune_of_the_corpus_comes_in() -> None:
    from engine.corpus import table

    corpus = table.shipped()
    tune = corpus.search("")[0]
    harness = DispatcherHarness()
    harness.do(LoadTune(1, tune, 1, 2))
    harness.finish_import()
    slots = harness.dispatcher.snapshot.row.slots
    rows = corpus.rows_of(tune)
    assert [slot.measure for slot in slots[1:3]] == [corpus.measure(int(r)) for r in rows[:2]]
    assert slots[1].origin.title == corpus.tunes[tune].title
    harness.clear()
    harness.do(LoadTune(1, tune, 1, 10_000))
    wait_until(lambda: harness.published(CommandFailed))


def test_the_song_is_kept_after_a_rest_and_forgotten_when_saved(tmp_path: Path) -> None:
    from engine.services.session import autosave

    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(90))
    assert harness.dispatcher.wake() == KEEP_AFTER
    harness.now = 0.5
    harness.do(SetTempo(91))
    harness.advance_to(3.5)
    harness.jobs.close()
    assert autosave.found() is None  # Its owner lives.
    harness.dispatcher.close(4.0)
    kept = autosave.found()
    assert kept is not None
    assert kept.title == "Song"

    again = DispatcherHarness(keep=True)
    again.do(RecoverSong(str(kept.path)))
    snapshot = again.dispatcher.snapshot
    assert (snapshot.song.tempo, snapshot.saved, snapshot.path) == (91, False, None)
    assert len(list(Path(kept.path).parent.glob("*.armonica"))) == 1
    again.do(SaveSong(str(tmp_path / "b")))
    again.dispatcher.close(9.0)
    assert autosave.found() is None


def test_a_kept_song_that_nobody_wants_is_forgotten_and_no_other_file(tmp_path: Path) -> None:
    from engine.services.session import autosave

    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(90), SaveSong(str(tmp_path / "mine")), SetTempo(91))
    harness.dispatcher.close(1.0)
    kept = autosave.found()
    assert kept is not None
    DispatcherHarness().do(ForgetKept(str(kept.path)), ForgetKept(str(tmp_path / "mine.armonica")))
    assert autosave.found() is None
    assert (tmp_path / "mine.armonica").exists()


def test_a_place_where_nothing_can_be_kept_is_told_once(home: Path) -> None:
    (home / "state").write_text("in the way")
    harness = DispatcherHarness(keep=True)
    for tempo in (90, 91):
        harness.do(SetTempo(tempo))
        harness.advance_to(harness.now + 3)
        deadline = time.monotonic() + 30
        while not harness.published(Notice) and time.monotonic() < deadline:
            time.sleep(0.001)
    harness.jobs.close()
    assert len(harness.published(Notice)) == 1
    harness.dispatcher.close(9.0)
