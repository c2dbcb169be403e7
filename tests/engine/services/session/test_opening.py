"""A song is opened beside the music: a slow disk holds up nothing, and nothing is lost over it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.formats import midi_file, song_file
from engine.formats.song_file import Document
from engine.protocol.base import Command, with_request
from engine.protocol.edit import SetTempo, Undo
from engine.protocol.files import ExportMidi, OpenSong, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.transport import Play
from engine.services.session import autosave
from tests.engine.runtime.test_dispatcher import SONG, Desk


@dataclass
class SlowDisk:
    """A disk on which every song that is read waits for its turn."""

    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    read: list[str] = field(default_factory=list)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    """Make the reading of a song last until it has its turn."""
    slow, read = SlowDisk(), song_file.read_with_digest

    def held(path: str | Path) -> tuple[Document, str]:
        if threading.current_thread().name != "songs jobs":
            return read(path)
        slow.read.append(Path(path).stem)
        assert slow.turns.acquire(timeout=60)
        return read(path)

    monkeypatch.setattr(song_file, "read_with_digest", held)
    yield slow
    slow.turns.release(100)


def song(folder: Path, title: str, tempo: float = 60.0) -> str:
    """Write a song and return its path."""
    return str(song_file.write(folder / title, Document(replace(SONG, title=title, tempo=tempo))))


def go_on(desk: Desk, *commands: Command) -> None:
    """Let something arrive while a song is being read."""
    for command in commands:
        desk.conductor.handle_item(command, desk.now)


def answers(desk: Desk) -> list[tuple[type, str]]:
    """Return how requests were answered, in order."""
    told = [each for each in desk.events if isinstance(each, Notice | CommandFailed)]
    return [(type(each), each.request) for each in told if each.request]


def test_a_slow_disk_holds_up_no_note_and_no_command(tmp_path: Path, disk: SlowDisk) -> None:
    desk, other, path = Desk(), Desk(), song(tmp_path, "Other")
    for each in (desk, other):
        each.do(Play())
        each.until(0.5)
    go_on(desk, asked := with_request(OpenSong(path)))
    desk.wait_for(lambda: disk.read)
    for each in (desk, other):
        go_on(each, SetTempo(90))
        each.until(2.5)
    # Not one note is sent at another time, or further ahead, than if nothing were opened.
    assert desk.player.notes() == other.player.notes()
    assert (desk.conductor.snapshot.song.tempo, answers(desk)) == (90, [])
    disk.turns.release()
    desk.save()
    shown = desk.conductor.snapshot
    assert (shown.song.title, shown.path, shown.saved) == ("Other", path, True)
    assert answers(desk) == [(Notice, asked.request)]


def test_what_is_edited_meanwhile_is_kept_with_the_song_that_goes(
    tmp_path: Path, disk: SlowDisk
) -> None:
    desk, path = Desk(keep=True), song(tmp_path, "Other")
    go_on(desk, OpenSong(path))
    desk.wait_for(lambda: disk.read)
    go_on(desk, SetTempo(91))
    disk.turns.release()
    desk.save()
    assert desk.conductor.snapshot.unsaved == ("Song",)
    (end,) = desk.conductor.close(desk.now)
    assert end.title == "Song"
    desk.jobs.close()
    (kept,) = autosave.waiting()
    assert song_file.read(kept.path).song.tempo == 91
    again = Desk(keep=True)
    disk.turns.release()
    again.do(RecoverSong(kept.path))
    assert again.conductor.snapshot.song.tempo == 91
    again.conductor.close(again.now)
    again.jobs.close()


def test_a_file_that_is_opened_holds_what_was_saved_before(tmp_path: Path, disk: SlowDisk) -> None:
    desk, path = Desk(), song(tmp_path, "Song")
    disk.turns.release(2)
    desk.do(OpenSong(path), SetTempo(91))
    go_on(desk, SaveSong(), SetTempo(92), OpenSong(path))
    desk.save()
    assert (desk.conductor.snapshot.song.tempo, desk.conductor.snapshot.saved) == (91, True)
    desk.do(Undo())
    assert desk.conductor.snapshot.song.tempo == 92


def test_of_two_songs_that_are_opened_the_later_one_stays(tmp_path: Path, disk: SlowDisk) -> None:
    desk = Desk()
    asked = [with_request(OpenSong(song(tmp_path, each))) for each in ("one", "two")]
    lost = with_request(OpenSong(str(tmp_path / "missing")))
    go_on(desk, asked[0], lost, asked[1])
    disk.turns.release(3)
    desk.save()
    assert desk.conductor.snapshot.song.title == "two"
    assert answers(desk) == [
        (Notice, asked[0].request), (CommandFailed, lost.request), (Notice, asked[1].request)
    ]  # fmt: skip
    desk.do(Undo())
    assert desk.conductor.snapshot.song.title == "one"


def test_the_end_waits_for_what_is_written_and_opens_nothing(
    tmp_path: Path, disk: SlowDisk
) -> None:
    desk = Desk(keep=True)
    desk.do(SetTempo(91))
    go_on(desk, OpenSong(song(tmp_path, "Other")), ExportMidi(str(tmp_path / "a.mid")))
    desk.wait_for(lambda: disk.read)
    disk.turns.release()
    (end,) = desk.conductor.close(desk.now)
    desk.jobs.close()
    assert (end.title, desk.conductor.snapshot.song.title) == ("Song", "Song")
    assert midi_file.read(tmp_path / "a.mid").measures
