"""Songs that are kept by themselves: what is written, who may have it, and what is said."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadSong, CannotWrite
from engine.formats.song_file import Document, encode, read, write
from engine.music.song import Song
from engine.services.session import autosave
from engine.services.session.keeper import Keeper

SONG = Song("Kept", 90.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the player's home."""
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    return tmp_path


def keeping(*songs: Song, by_itself: bool = True) -> Keeper:
    """Return a keeper that has kept some songs, numbered from 1."""
    keeper = Keeper(by_itself)
    for number, song in enumerate(songs, 1):
        keeper.note(number, Document(song, belongs_to="song.armonica"))
    keeper.write()
    return keeper


def test_a_song_that_was_not_saved_is_found_once_its_owner_has_gone(home: Path) -> None:
    assert autosave.found() is None
    keeper = keeping(SONG)
    assert autosave.found() is None
    keeper.note(1, Document(replace(SONG, title="Last"), belongs_to="song.armonica"))
    (end,) = keeper.finish()
    kept = autosave.found()
    assert kept is not None
    assert (kept.title, kept.belongs_to) == ("Last", "song.armonica")
    assert (end.title, end.path, end.offered) == ("Last", Path(kept.path), True)
    autosave.discard(kept.path)
    assert autosave.found() is None
    assert list((home / "state" / "kept").iterdir()) == []


def test_a_saved_song_is_not_kept(home: Path) -> None:
    keeper = Keeper()
    keeper.note(1, None)
    keeper.write()
    assert not (home / "state").exists()
    keeper.note(1, Document(SONG))
    keeper.write()
    keeper.note(1, None)
    assert keeper.finish() == ()
    keeper.note(1, Document(SONG))
    keeper.write()
    assert list((home / "state" / "kept").iterdir()) == []


def test_each_song_is_kept_until_it_is_saved_itself(home: Path) -> None:
    keeper = keeping(replace(SONG, title="First"), replace(SONG, title="Second"))
    assert len(list((home / "state" / "kept").glob("*.armonica"))) == 2
    keeper.note(2, None)
    keeper.write()
    keeper.note(3, Document(replace(SONG, title="Third")))
    assert [end.title for end in keeper.finish()] == ["First", "Third"]
    assert sorted(kept.title for kept in autosave.waiting()) == ["First", "Third"]


def test_nothing_is_written_that_is_kept_already(home: Path) -> None:
    keeper = keeping(SONG)
    (path,) = (home / "state" / "kept").glob("*.armonica")
    was = path.stat().st_ino
    keeper.write()
    keeper.finish()
    assert path.stat().st_ino == was


@pytest.mark.usefixtures("home")
def test_kept_songs_are_never_thinned_out() -> None:
    for number in range(25):
        keeping(replace(SONG, title=f"{number}")).finish()
    assert len(autosave.waiting()) == 25


@pytest.mark.usefixtures("home")
def test_what_was_claimed_is_offered_to_nobody_else_until_it_is_left() -> None:
    keeping(SONG).finish()
    (kept,) = autosave.claimed()
    script = "from engine.services.session import autosave; print(len(autosave.claimed()))"

    def elsewhere() -> str:
        return subprocess.check_output([sys.executable, "-c", script], text=True).strip()

    assert elsewhere() == "0"
    assert autosave.waiting() == (kept,)
    autosave.leave(kept.path)
    assert elsewhere() == "1"


@pytest.mark.usefixtures("home")
def test_of_many_started_at_once_one_gets_the_kept_song() -> None:
    keeping(SONG).finish()
    script = """
import sys
from engine.services.session import autosave
print("ready", flush=True)
sys.stdin.readline()
print(len(autosave.claimed()), flush=True)
sys.stdin.readline()
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    try:
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in started:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        got = [each.stdout.readline().strip() for each in started if each.stdout]
        assert sorted(got) == ["0"] * 5 + ["1"]
    finally:
        for each in started:
            each.communicate("end\n", timeout=30)
    assert len(autosave.claimed()) == 1


def test_a_kept_song_that_another_has_is_neither_claimed_nor_thrown_away(home: Path) -> None:
    keeper = keeping(SONG)
    (path,) = (home / "state" / "kept").glob("*.armonica")
    with pytest.raises(BadSong):
        autosave.claim(path)
    autosave.discard(path)
    assert path.exists()
    keeper.finish()
    assert autosave.claim(path)
    autosave.leave(path)


@pytest.mark.usefixtures("home")
def test_a_song_that_is_taken_stays_where_it_is_kept() -> None:
    keeping(SONG).finish()
    (kept,) = autosave.claimed()
    keeper = Keeper()
    keeper.note(4, Document(SONG))
    keeper.adopt(4, Path(kept.path))
    assert autosave.waiting() == ()
    keeper.write()
    (end,) = keeper.finish()
    assert end.path == Path(kept.path)
    assert [each.path for each in autosave.waiting()] == [kept.path]


def test_a_damaged_kept_song_is_passed_over(home: Path) -> None:
    folder = home / "state" / "kept"
    folder.mkdir(parents=True)
    (folder / "1-a.armonica").write_text("{")
    assert autosave.found() is None


def test_songs_that_vanish_while_they_are_looked_for_are_passed_over(home: Path) -> None:
    keeping(SONG).finish()
    (home / "state" / "kept" / "2-gone.armonica").symlink_to("nowhere")
    assert autosave.found() is not None


def test_locks_without_a_song_do_not_gather(home: Path) -> None:
    folder = home / "state" / "kept"
    folder.mkdir(parents=True)
    (folder / "1-a.lock").touch()
    running = keeping(SONG)
    other = keeping(SONG)
    assert not (folder / "1-a.lock").exists()
    assert len(list(folder.glob("*.lock"))) == 2
    for keeper in (running, other):
        keeper.note(1, None)
        keeper.finish()
    assert list(folder.iterdir()) == []


def test_what_cannot_be_kept_at_the_end_lies_among_the_songs_and_is_said(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "state").write_text("in the way")
    keeper = Keeper()
    keeper.note(1, Document(SONG, belongs_to="song.armonica"))
    (end,) = keeper.finish()
    assert end.path is not None
    assert end.path.parent == home / "data" / "songs"
    assert read(end.path) == Document(SONG)
    assert str(end.path) in end.line()
    assert end.line() in caplog.text


def test_where_nothing_can_be_written_the_loss_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("state", "data", "temporary"):
        (home / name).write_text("in the way")
    monkeypatch.setenv("HOME", str(home / "data"))
    monkeypatch.setattr("tempfile.tempdir", str(home / "temporary"))
    keeper = Keeper()
    keeper.note(1, Document(SONG))
    (end,) = keeper.finish()
    assert (end.title, end.path) == (SONG.title, None)
    assert "could not be kept" in end.line()


def test_what_may_go_is_written_nowhere(home: Path) -> None:
    (home / "state").write_text("in the way")
    keeper = Keeper()
    keeper.note(1, Document(SONG))
    keeper.let_go()
    assert keeper.finish() == ()
    assert not (home / "data").exists()


def test_where_none_is_kept_by_itself_copies_are_written_when_asked(home: Path) -> None:
    keeper = keeping(SONG, by_itself=False)
    assert keeper.not_kept() == (SONG.title,)
    assert not (home / "state").exists()
    (copy,) = keeper.copy()
    assert copy.path is not None
    assert read(copy.path).song == SONG
    assert [end.path for end in keeper.finish()] == [copy.path]


def test_an_unwritable_home_is_told_when_keeping(home: Path) -> None:
    (home / "state").write_text("in the way")
    with pytest.raises(CannotWrite):
        keeping(SONG)


def test_the_file_that_a_kept_song_was_read_from_is_known_by_its_digest(tmp_path: Path) -> None:
    kept = Document(SONG, belongs_to="song.armonica", base="0123")
    assert read(write(tmp_path / "kept", kept)) == kept
    assert b"base" not in encode(Document(SONG))
