"""The engine on its thread: commands go in from anywhere, events come out in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import BadModel, BadSong, NotReady
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.midi.client import Player
from engine.music.song import Song
from engine.protocol.analysis import DrawMap, Explain, MapComputed, SensitivityComputed
from engine.protocol.edit import MoveLatent, Randomise, SetLatent, SetTempo, SetTitle
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Play, PlayheadMoved, Stop
from engine.runtime.engine import CLOSING, Engine
from engine.services.editing.command_log import replay
from engine.services.session import autosave
from engine.services.session.keeper import Keeper
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel


class Hall:
    """An engine, its player and a listener."""

    def __init__(self, load: Callable[[], LatentModel] = FakeModel) -> None:
        self.player = RecordingPlayer()
        self.listener = Listener()
        self.engine = Engine(load, self._player, song=Song("Song", 240.0), record=True)
        self.engine.subscribe(self.listener)
        self.engine.start()

    def _player(self, tell: Callable[[m.FromPlayer], None]) -> Player:
        self.tell = tell
        return self.player

    def ready(self) -> Hall:
        """Wait for the model."""
        self.listener.until(lambda: self.engine.snapshot.model.state == "ready")
        return self


@pytest.fixture
def hall() -> Iterator[Hall]:
    """Yield an engine whose model is there."""
    made = Hall().ready()
    yield made
    made.engine.close()


def test_a_subscriber_hears_the_latest_snapshot_first_and_every_event_after(hall: Hall) -> None:
    hall.engine.send(SetTempo(120))
    hall.listener.wait(Snapshot, lambda s: s.song.tempo == 120)
    late = Listener()
    end = hall.engine.subscribe(late)
    assert late.wait(Snapshot).song.tempo == 120
    end()
    hall.engine.send(SetTempo(130))
    hall.listener.wait(Snapshot, lambda s: s.song.tempo == 130)
    assert len(late.events) == 1
    revisions = [event.revision for event in hall.listener.of(Snapshot)]
    assert revisions == sorted(set(revisions))


def test_commands_from_many_threads_are_all_met(hall: Hall) -> None:
    def send(slot: int) -> None:
        for step in range(20):
            hall.engine.send(SetLatent(slot, 2, step / 10))

    threads = [threading.Thread(target=send, args=(slot,)) for slot in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hall.listener.until(
        lambda: all(
            slot.latent and slot.latent[2] == 1.9 for slot in hall.engine.snapshot.row.slots[:4]
        )
    )
    hall.engine.close()
    assert hall.engine.recording is not None
    assert replay(hall.engine.recording, FakeModel()) == hall.engine.snapshot


def test_the_first_snapshot_does_not_wait_for_the_model() -> None:
    gate = threading.Event()

    def load() -> LatentModel:
        gate.wait(60)
        return FakeModel()

    hall = Hall(load)
    hall.engine.send(SetLatent(0, 2, 1.0))
    hall.listener.wait(Notice)
    assert hall.engine.snapshot.model.state == "loading"
    gate.set()
    hall.listener.wait(Snapshot, lambda s: s.song.tracks[0].slots[0].latent is not None)
    hall.engine.close()


def test_what_waits_is_made_at_the_end_where_the_model_comes_soon() -> None:
    gate = threading.Event()

    def load() -> LatentModel:
        gate.wait(30)
        return FakeModel()

    hall = Hall(load)
    hall.engine.send(MoveLatent(0, 2, 1.0))
    hall.listener.wait(Snapshot, lambda s: s.waiting == 1)
    # Stop comes first at the end; the model while it is waited for.
    hall.engine.send(Play())
    hall.listener.wait(Snapshot, lambda s: s.playing)
    closing = threading.Thread(target=hall.engine.close)
    closing.start()
    hall.listener.wait(Snapshot, lambda s: not s.playing and s.waiting == 1)
    gate.set()
    closing.join()
    assert (hall.engine.snapshot.waiting, len(hall.engine.snapshot.undo)) == (0, 1)


def test_how_many_edits_were_not_made_is_known_after_the_end() -> None:
    gate = threading.Event()

    def load() -> LatentModel:
        gate.wait(30)
        return FakeModel()

    hall = Hall(load)
    for slot in range(3):
        hall.engine.send(Randomise(slot, 0.5, 1))
    began = time.monotonic()
    hall.engine.close()
    assert time.monotonic() - began < CLOSING
    assert hall.engine.snapshot.waiting == 3
    gate.set()


def test_a_model_that_cannot_be_loaded_is_told_and_nothing_else_fails() -> None:
    def broken() -> LatentModel:
        raise BadModel("The weights are damaged.")

    def fault() -> LatentModel:
        raise RuntimeError("no such kernel")

    for load, message in ((broken, "damaged"), (fault, "no such kernel")):
        hall = Hall(load)
        assert message in hall.listener.wait(CommandFailed).message
        hall.engine.send(Play())
        hall.listener.wait(PlayheadMoved)
        hall.engine.close()


def test_the_song_plays_in_real_time_and_stops(hall: Hall) -> None:
    hall.engine.send(SetLatent(0, 2, 1.0))
    hall.engine.send(Play())
    hall.listener.wait(PlayheadMoved, lambda head: head.beat > 1.0)
    hall.engine.send(Stop())
    hall.listener.wait(PlayheadMoved, lambda head: head.slot is None)
    assert hall.player.notes()
    before = len(hall.listener.events)
    time.sleep(0.15)
    assert len(hall.listener.events) == before


def test_maps_and_explanations_come_from_beside(hall: Hall) -> None:
    hall.engine.send(SetLatent(0, 2, 1.0))
    hall.engine.send(DrawMap(0, 2, 1, "note_density", 16, 8))
    hall.engine.send(Explain(0, (0, 1, 2, 3)))
    filled = hall.listener.wait(MapComputed, lambda event: event.done)
    assert len(filled.surface.values) == 8
    assert filled.revision == hall.engine.snapshot.revision
    assert len(hall.listener.wait(SensitivityComputed).effects) == 4
    hall.engine.send(DrawMap(0, 2, 2, "note_density", 16, 8))
    assert "different" in hall.listener.wait(CommandFailed).message


def test_a_subscriber_that_fails_does_no_harm(hall: Hall) -> None:
    def broken(event: object) -> None:
        raise ValueError(event)

    hall.engine.subscribe(broken)
    hall.engine.send(SetTempo(120))
    hall.listener.wait(Snapshot, lambda s: s.song.tempo == 120)


def test_a_fault_is_told_and_the_engine_goes_on(hall: Hall) -> None:
    hall.engine.send(SetTempo("fast"))  # type: ignore[arg-type]
    assert hall.listener.wait(CommandFailed).title == "Something went wrong"
    hall.engine.send(SetTempo(120))
    hall.listener.wait(Snapshot, lambda s: s.song.tempo == 120)


def test_closing_silences_ends_the_player_and_keeps_the_song(hall: Hall) -> None:
    hall.engine.send(SetTitle("Kept"))
    hall.engine.send(SetLatent(0, 2, 1.0))
    hall.engine.send(Play())
    hall.listener.wait(PlayheadMoved)
    hall.engine.close()
    hall.engine.close()
    assert hall.player.closed
    assert isinstance(hall.player.messages[-1], m.ClockStop)
    kept = autosave.found()
    assert kept is not None
    assert kept.title == "Kept"


def test_a_player_that_cannot_start_leaves_a_silent_instrument() -> None:
    def none(tell: Callable[[m.FromPlayer], None]) -> Player:
        del tell
        raise NotReady("The player process cannot be started.")

    listener = Listener()
    engine = Engine(FakeModel, none, song=Song())
    engine.subscribe(listener)
    engine.start()
    listener.until(lambda: engine.snapshot.port.state == "failed")
    engine.close()


def test_a_player_that_fails_otherwise_leaves_a_silent_instrument_too() -> None:
    def none(tell: Callable[[m.FromPlayer], None]) -> Player:
        del tell
        raise OSError(24, "Too many open files")

    listener = Listener()
    engine = Engine(FakeModel, none, song=Song())
    engine.subscribe(listener)
    engine.start()
    listener.until(lambda: engine.snapshot.port.state == "failed")
    engine.close()


def test_the_player_ends_though_the_song_cannot_be_kept(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Keeper, "finish", fault)
    hall.engine.close()
    assert hall.player.closed


def test_a_song_file_that_is_none_is_refused_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "bad.armonica"
    path.write_text("{}")
    with pytest.raises(BadSong):
        Engine(FakeModel, song=path)
    listener = Listener()
    engine = Engine(
        FakeModel, lambda _: RecordingPlayer(), settings=Settings(song=str(path), autosave=False)
    )
    engine.subscribe(listener)
    engine.start()
    assert engine.snapshot.song is not None
    engine.close()
