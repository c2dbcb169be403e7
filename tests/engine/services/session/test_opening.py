"""A song is opened beside the music: a slow disk holds up nothing, and nothing is lost over it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.formats import midi_file, song_file
from engine.formats.song_file import Document
from engine.protocol.base import with_request
from engine.protocol.edit import SetTempo, Undo
from engine.protocol.files import ExportMidi, OpenSong, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.transport import Play
from engine.services.session import autosave
from tests.support.dispatcher import SONG, DispatcherHarness
from tests.support.waiting import wait_until


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


def answers(harness: DispatcherHarness) -> list[tuple[type, str]]:
    """Return how requests were answered, in order."""
    events = [each for each in harness.events if isinstance(each, Notice | CommandFailed)]
    return [(type(each), each.request) for each in events if each.request]


def test_a_slow_disk_holds_up_no_note_and_no_command(tmp_path: Path, disk: SlowDisk) -> None:
    harness, other, path = DispatcherHarness(), DispatcherHarness(), song(tmp_path, "Other")
    for each in (harness, other):
        each.do(Play())
        each.advance_to(0.5)
    harness.dispatch(request := with_request(OpenSong(path)))
    wait_until(lambda: disk.read)
    for each in (harness, other):
        each.dispatch(SetTempo(90))
        each.advance_to(2.5)
    # Not one note is sent at another time, or further ahead, than if nothing were opened.
    assert harness.player.notes() == other.player.notes()
    assert (harness.dispatcher.snapshot.song.tempo, answers(harness)) == (90, [])
    disk.turns.release()
    harness.finish_files()
    shown = harness.dispatcher.snapshot
    assert (shown.song.title, shown.path, shown.saved) == ("Other", path, True)
    assert answers(harness) == [(Notice, request.request)]


def test_what_is_edited_meanwhile_is_kept_with_the_song_that_goes(
    tmp_path: Path, disk: SlowDisk
) -> None:
    harness, path = DispatcherHarness(keep=True), song(tmp_path, "Other")
    harness.dispatch(OpenSong(path))
    wait_until(lambda: disk.read)
    harness.dispatch(SetTempo(91))
    disk.turns.release()
    harness.finish_files()
    assert harness.dispatcher.snapshot.unsaved == ("Song",)
    (end,) = harness.dispatcher.close(harness.now)
    assert end.title == "Song"
    harness.jobs.close()
    (kept,) = autosave.waiting()
    assert song_file.read(kept.path).song.tempo == 91
    again = DispatcherHarness(keep=True)
    disk.turns.release()
    again.do(RecoverSong(kept.path))
    assert again.dispatcher.snapshot.song.tempo == 91
    again.dispatcher.close(again.now)
    again.jobs.close()


def test_a_file_that_is_opened_holds_what_was_saved_before(tmp_path: Path, disk: SlowDisk) -> None:
    harness, path = DispatcherHarness(), song(tmp_path, "Song")
    disk.turns.release(2)
    harness.do(OpenSong(path), SetTempo(91))
    harness.dispatch(SaveSong(), SetTempo(92), OpenSong(path))
    harness.finish_files()
    assert (harness.dispatcher.snapshot.song.tempo, harness.dispatcher.snapshot.saved) == (91, True)
    harness.do(Undo())
    assert harness.dispatcher.snapshot.song.tempo == 92


def test_of_two_songs_that_are_opened_the_later_one_stays(tmp_path: Path, disk: SlowDisk) -> None:
    harness = DispatcherHarness()
    requests = [with_request(OpenSong(song(tmp_path, each))) for each in ("one", "two")]
    lost = with_request(OpenSong(str(tmp_path / "missing")))
    harness.dispatch(requests[0], lost, requests[1])
    disk.turns.release(3)
    harness.finish_files()
    assert harness.dispatcher.snapshot.song.title == "two"
    assert answers(harness) == [
        (Notice, requests[0].request), (CommandFailed, lost.request), (Notice, requests[1].request)
    ]  # fmt: skip
    harness.do(Undo())
    assert harness.dispatcher.snapshot.song.title == "one"


def test_the_end_waits_for_what_is_written_and_opens_nothing(
    tmp_path: Path, disk: SlowDisk
) -> None:
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(91))
    harness.dispatch(OpenSong(song(tmp_path, "Other")), ExportMidi(str(tmp_path / "a.mid")))
    wait_until(lambda: disk.read)
    disk.turns.release()
    (end,) = harness.dispatcher.close(harness.now)
    harness.jobs.close()
    assert (end.title, harness.dispatcher.snapshot.song.title) == ("Song", "Song")
    assert midi_file.read(tmp_path / "a.mid").measures
