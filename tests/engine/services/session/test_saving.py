"""A song is saved beside the music: what is slow about it holds up nothing, and keeps its order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.common import atomic
from engine.errors import CannotWrite
from engine.formats import song_file
from engine.formats.song_file import Document
from engine.protocol.base import with_request
from engine.protocol.edit import Redo, SetTempo, Undo
from engine.protocol.files import ExportMidi, OpenSong, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.transport import Play
from engine.runtime.dispatcher import ModelLoaded
from engine.services.session import autosave
from tests.support.dispatcher import SONG, DispatcherHarness
from tests.support.fakes import FakeModel
from tests.support.waiting import wait_until


@dataclass
class Disk:
    """A disk on which every file waits for its turn; ``written`` are those that had it."""

    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    begun: list[Path] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    full: bool = False


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Make a save last until it has its turn."""
    slow, write = Disk(), atomic.write

    def held(path: Path, content: bytes) -> None:
        if threading.current_thread().name != "songs jobs":
            write(path, content)
            return
        slow.begun.append(path)
        assert slow.turns.acquire(timeout=60)
        if slow.full:
            raise CannotWrite(f"{path} cannot be written: No space left.", "Free some space.")
        write(path, content)
        slow.written.append(path)

    monkeypatch.setattr(atomic, "write", held)
    return slow


def answers(harness: DispatcherHarness) -> list[object]:
    """Return the ids of the commands that were answered, in order."""
    events = [each for each in harness.events if isinstance(each, Notice | CommandFailed)]
    return [each.request for each in events if each.request]


def test_a_slow_disk_holds_up_no_note_and_no_command(tmp_path: Path, disk: Disk) -> None:
    harness, other = DispatcherHarness(), DispatcherHarness()
    path = tmp_path / "a.armonica"
    for each in (harness, other):
        each.do(Play())
        each.advance_to(0.5)
    harness.dispatch(save := with_request(SaveSong(str(path))))
    wait_until(lambda: disk.begun)
    for each in (harness, other):
        each.dispatch(SetTempo(90))
        each.advance_to(2.5)
    assert harness.dispatcher.snapshot.song.tempo == 90
    # Not one note is sent at another time, or further ahead, than if nothing were saved.
    assert harness.player.notes() == other.player.notes()
    assert not answers(harness)
    assert not path.exists()
    disk.turns.release()
    harness.finish_files()
    assert answers(harness) == [save.request]
    # What is saved is the song as it was at the command.
    assert song_file.read(path).song.tempo == 60
    shown = harness.dispatcher.snapshot
    assert (shown.path, shown.saved) == (str(path), False)
    harness.do(Undo())
    assert harness.dispatcher.snapshot.saved


def test_a_slow_disk_holds_up_no_note_while_the_loop_is_exported(
    tmp_path: Path, disk: Disk
) -> None:
    harness, other, path = DispatcherHarness(), DispatcherHarness(), tmp_path / "a.mid"
    for each in (harness, other):
        each.do(Play())
    harness.dispatch(export := with_request(ExportMidi(str(path))))
    wait_until(lambda: disk.begun)
    for each in (harness, other):
        each.advance_to(2.5)
    assert harness.player.notes() == other.player.notes()
    assert not answers(harness)
    disk.turns.release()
    harness.finish_files()
    assert answers(harness) == [export.request]
    assert path.exists()


def test_a_second_save_waits_for_the_first_and_goes_to_the_same_file(
    tmp_path: Path, disk: Disk
) -> None:
    harness, path = DispatcherHarness(), tmp_path / "a.armonica"
    first, second = with_request(SaveSong(str(path))), with_request(SaveSong())
    harness.dispatch(first)
    harness.dispatch(SetTempo(91))
    harness.dispatch(second)
    harness.dispatch(SetTempo(92))
    wait_until(lambda: disk.begun)
    assert disk.begun == [path]
    disk.turns.release(2)
    harness.finish_files()
    assert disk.written == [path, path]
    assert answers(harness) == [first.request, second.request]
    assert not harness.published(CommandFailed)
    assert song_file.read(path).song.tempo == 91
    assert not harness.dispatcher.snapshot.saved


def test_what_cannot_be_written_is_told_with_its_path(tmp_path: Path, disk: Disk) -> None:
    harness, path = DispatcherHarness(), tmp_path / "a.armonica"
    first, second = SaveSong(str(path)), SaveSong(str(tmp_path / "missing" / "b"))
    first, second = with_request(first), with_request(second)
    disk.full = True
    harness.dispatch(first, second)
    disk.turns.release(2)
    harness.finish_files()
    failed = harness.published(CommandFailed)
    assert answers(harness) == [first.request, second.request]
    assert str(path) in str(failed[0])
    assert "missing" in str(failed[1])
    shown = harness.dispatcher.snapshot
    assert (shown.path, path.exists()) == (None, False)


def test_a_song_that_was_left_meanwhile_is_saved_all_the_same(tmp_path: Path, disk: Disk) -> None:
    harness, path = DispatcherHarness(keep=True), tmp_path / "a.armonica"
    other = str(song_file.write(tmp_path / "other", Document(replace(SONG, title="Other"))))
    harness.do(OpenSong(other), Undo(), SetTempo(91))
    harness.dispatch(SaveSong(str(path)))
    # Two steps forth and one back: the song that is saved is the one that was left.
    harness.dispatch(Undo(), Redo())
    harness.dispatch(OpenSong(other))
    disk.turns.release()
    harness.finish_files()
    shown = harness.dispatcher.snapshot
    assert (shown.path, shown.saved, shown.unsaved) == (other, True, ())
    harness.do(Undo())
    shown = harness.dispatcher.snapshot
    assert (shown.path, shown.saved, shown.song.tempo) == (str(path), True, 91)
    assert harness.dispatcher.close(harness.now) == ()
    harness.jobs.close()


def test_a_song_is_saved_though_the_model_comes_meanwhile(tmp_path: Path, disk: Disk) -> None:
    harness = DispatcherHarness(model=None)
    harness.dispatch(SaveSong(str(tmp_path / "a")))
    wait_until(lambda: disk.begun)
    harness.dispatch(ModelLoaded(FakeModel()))
    disk.turns.release()
    harness.finish_files()
    assert harness.dispatcher.snapshot.saved


def test_what_is_kept_of_a_song_knows_the_file_that_was_written_meanwhile(
    tmp_path: Path, disk: Disk
) -> None:
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(91))
    harness.dispatch(SaveSong(str(tmp_path / "a")))
    harness.dispatch(SetTempo(92))
    disk.turns.release()
    harness.finish_files()
    harness.dispatcher.close(harness.now)
    harness.jobs.close()
    (kept,) = autosave.waiting()
    again = DispatcherHarness(keep=True)
    again.do(RecoverSong(kept.path))
    assert again.dispatcher.snapshot.path == str(tmp_path / "a.armonica")
    # Nobody is asked whether it may be replaced: it holds what was saved here.
    disk.turns.release()
    again.do(SaveSong())
    assert not again.published(CommandFailed)
    again.dispatcher.close(again.now)
    again.jobs.close()


def test_the_end_waits_for_what_is_being_saved(tmp_path: Path, disk: Disk) -> None:
    harness, path = DispatcherHarness(keep=True), tmp_path / "a.armonica"
    harness.do(SetTempo(91))
    first, second = with_request(SaveSong(str(path))), with_request(SaveSong())
    harness.dispatch(first, second)
    wait_until(lambda: disk.begun)
    ends: list[object] = []
    closing = threading.Thread(target=lambda: ends.append(harness.dispatcher.close(harness.now)))
    closing.start()
    disk.turns.release(2)
    closing.join(60)
    # It is in its file, so that nothing else is kept of it.
    assert ends == [()]
    assert disk.written == [path, path]
    assert song_file.read(path).song.tempo == 91
    assert not autosave.waiting()
    assert answers(harness) == [first.request, second.request]
    harness.jobs.close()
