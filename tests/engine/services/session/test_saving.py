"""A song is saved beside the music: what is slow about it holds up nothing, and keeps its order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
from engine.runtime.dispatcher import Item, ModelLoaded
from engine.services.session import autosave
from tests.engine.runtime.test_dispatcher import SONG, Desk
from tests.support.fakes import FakeModel


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


def go_on(desk: Desk, *items: Item) -> None:
    """Let something arrive while a song is being saved."""
    for item in items:
        desk.conductor.handle_item(item, desk.now)


def soon(holds: Callable[[], object]) -> None:
    """Wait for what another thread brings about; fails after a minute."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "It never came to that."
        time.sleep(0.001)


def answers(desk: Desk) -> list[object]:
    """Return the ids of the commands that were answered, in order."""
    told = [each for each in desk.events if isinstance(each, Notice | CommandFailed)]
    return [each.request for each in told if each.request]


def test_a_slow_disk_holds_up_no_note_and_no_command(tmp_path: Path, disk: Disk) -> None:
    desk, other = Desk(), Desk()
    path = tmp_path / "a.armonica"
    for each in (desk, other):
        each.do(Play())
        each.until(0.5)
    go_on(desk, save := with_request(SaveSong(str(path))))
    soon(lambda: disk.begun)
    for each in (desk, other):
        go_on(each, SetTempo(90))
        each.until(2.5)
    assert desk.conductor.snapshot.song.tempo == 90
    # Not one note is sent at another time, or further ahead, than if nothing were saved.
    assert desk.player.notes() == other.player.notes()
    assert not answers(desk)
    assert not path.exists()
    disk.turns.release()
    desk.save()
    assert answers(desk) == [save.request]
    # What is saved is the song as it was at the command.
    assert song_file.read(path).song.tempo == 60
    shown = desk.conductor.snapshot
    assert (shown.path, shown.saved) == (str(path), False)
    desk.do(Undo())
    assert desk.conductor.snapshot.saved


def test_a_slow_disk_holds_up_no_note_while_the_loop_is_exported(
    tmp_path: Path, disk: Disk
) -> None:
    desk, other, path = Desk(), Desk(), tmp_path / "a.mid"
    for each in (desk, other):
        each.do(Play())
    go_on(desk, export := with_request(ExportMidi(str(path))))
    soon(lambda: disk.begun)
    for each in (desk, other):
        each.until(2.5)
    assert desk.player.notes() == other.player.notes()
    assert not answers(desk)
    disk.turns.release()
    desk.save()
    assert answers(desk) == [export.request]
    assert path.exists()


def test_a_second_save_waits_for_the_first_and_goes_to_the_same_file(
    tmp_path: Path, disk: Disk
) -> None:
    desk, path = Desk(), tmp_path / "a.armonica"
    first, second = with_request(SaveSong(str(path))), with_request(SaveSong())
    go_on(desk, first)
    go_on(desk, SetTempo(91))
    go_on(desk, second)
    go_on(desk, SetTempo(92))
    soon(lambda: disk.begun)
    assert disk.begun == [path]
    disk.turns.release(2)
    desk.save()
    assert disk.written == [path, path]
    assert answers(desk) == [first.request, second.request]
    assert not desk.told(CommandFailed)
    assert song_file.read(path).song.tempo == 91
    assert not desk.conductor.snapshot.saved


def test_what_cannot_be_written_is_told_with_its_path(tmp_path: Path, disk: Disk) -> None:
    desk, path = Desk(), tmp_path / "a.armonica"
    first, second = SaveSong(str(path)), SaveSong(str(tmp_path / "missing" / "b"))
    first, second = with_request(first), with_request(second)
    disk.full = True
    go_on(desk, first, second)
    disk.turns.release(2)
    desk.save()
    failed = desk.told(CommandFailed)
    assert answers(desk) == [first.request, second.request]
    assert str(path) in str(failed[0])
    assert "missing" in str(failed[1])
    shown = desk.conductor.snapshot
    assert (shown.path, path.exists()) == (None, False)


def test_a_song_that_was_left_meanwhile_is_saved_all_the_same(tmp_path: Path, disk: Disk) -> None:
    desk, path = Desk(keep=True), tmp_path / "a.armonica"
    other = str(song_file.write(tmp_path / "other", Document(replace(SONG, title="Other"))))
    desk.do(OpenSong(other), Undo(), SetTempo(91))
    go_on(desk, SaveSong(str(path)))
    # Two steps forth and one back: the song that is saved is the one that was left.
    go_on(desk, Undo(), Redo())
    go_on(desk, OpenSong(other))
    disk.turns.release()
    desk.save()
    shown = desk.conductor.snapshot
    assert (shown.path, shown.saved, shown.unsaved) == (other, True, ())
    desk.do(Undo())
    shown = desk.conductor.snapshot
    assert (shown.path, shown.saved, shown.song.tempo) == (str(path), True, 91)
    assert desk.conductor.close(desk.now) == ()
    desk.jobs.close()


def test_a_song_is_saved_though_the_model_comes_meanwhile(tmp_path: Path, disk: Disk) -> None:
    desk = Desk(model=None)
    go_on(desk, SaveSong(str(tmp_path / "a")))
    soon(lambda: disk.begun)
    go_on(desk, ModelLoaded(FakeModel()))
    disk.turns.release()
    desk.save()
    assert desk.conductor.snapshot.saved


def test_what_is_kept_of_a_song_knows_the_file_that_was_written_meanwhile(
    tmp_path: Path, disk: Disk
) -> None:
    desk = Desk(keep=True)
    desk.do(SetTempo(91))
    go_on(desk, SaveSong(str(tmp_path / "a")))
    go_on(desk, SetTempo(92))
    disk.turns.release()
    desk.save()
    desk.conductor.close(desk.now)
    desk.jobs.close()
    (kept,) = autosave.waiting()
    again = Desk(keep=True)
    again.do(RecoverSong(kept.path))
    assert again.conductor.snapshot.path == str(tmp_path / "a.armonica")
    # Nobody is asked whether it may be replaced: it holds what was saved here.
    disk.turns.release()
    again.do(SaveSong())
    assert not again.told(CommandFailed)
    again.conductor.close(again.now)
    again.jobs.close()


def test_the_end_waits_for_what_is_being_saved(tmp_path: Path, disk: Disk) -> None:
    desk, path = Desk(keep=True), tmp_path / "a.armonica"
    desk.do(SetTempo(91))
    first, second = with_request(SaveSong(str(path))), with_request(SaveSong())
    go_on(desk, first, second)
    soon(lambda: disk.begun)
    ends: list[object] = []
    closing = threading.Thread(target=lambda: ends.append(desk.conductor.close(desk.now)))
    closing.start()
    disk.turns.release(2)
    closing.join(60)
    # It is in its file, so that nothing else is kept of it.
    assert ends == [()]
    assert disk.written == [path, path]
    assert song_file.read(path).song.tempo == 91
    assert not autosave.waiting()
    assert answers(desk) == [first.request, second.request]
    desk.jobs.close()
