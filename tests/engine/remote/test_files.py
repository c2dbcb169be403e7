"""Whoever is attached writes and reads in the folders of the engine, and is told where not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.formats import song_file
from engine.locations import songs_folder
from engine.music.song import Song
from engine.protocol.analysis import WriteProvenance
from engine.protocol.base import with_request
from engine.protocol.edit import ReplaceSong, SetTitle
from engine.protocol.files import (
    ExportMidi,
    ForgetKept,
    ImportMidi,
    LookIntoMidi,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.generation import OpenAudioModel, Prompt, SaveTake, SetGeneration
from engine.protocol.snapshot import Snapshot
from tests.support.remote import ServedEngine


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    """Yield a served engine."""
    made = ServedEngine()
    yield made
    made.close()


def test_a_song_is_saved_and_opened_in_the_song_folder(served: ServedEngine) -> None:
    guest, seen = served.guest()
    guest.send(SetTitle("Mine"))
    save = with_request(SaveSong(str(songs_folder() / "mine")))
    guest.send(save)
    seen.accepted(save)
    assert song_file.read(songs_folder() / "mine.armonica").song.title == "Mine"
    opened = with_request(OpenSong(str(songs_folder() / "mine.armonica")))
    guest.send(opened)
    seen.accepted(opened)
    guest.send(SetTitle("Mine still"))
    guest.send(SaveSong())
    seen.wait(Snapshot, lambda shown: shown.saved and shown.song.title == "Mine still")


def test_nothing_elsewhere_is_written_or_read(
    served: ServedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    monkeypatch.chdir(outside)
    (outside / "list.txt").write_text("to buy")
    song_file.write(outside / "yours.armonica", song_file.Document(Song("Yours")))
    songs_folder().mkdir(parents=True)
    (songs_folder() / "link.armonica").symlink_to(outside / "list.txt")
    before = {each: each.read_bytes() for each in outside.iterdir()}
    guest, seen = served.guest()
    text, song = str(outside / "list.txt"), str(outside / "yours.armonica")
    for command in (
        SaveSong(text),
        SaveSong(song),
        SaveSong(""),
        SaveSong("mine"),
        SaveSong(str(songs_folder() / "link")),
        SaveSong(str(songs_folder() / ".." / ".." / "mine")),
        ExportMidi(text),
        ExportMidi(str(outside / "mine.mid"), credits=True),
        ExportMidi(str(songs_folder() / "mine.txt")),
        WriteProvenance(str(outside / "mine.json")),
        SaveTake("20261122-201500-drums", str(outside / "mine.wav")),
        OpenSong(song),
        OpenSong("/dev/zero"),
        RecoverSong(song),
        ForgetKept(song),
        ImportMidi(0, "/etc/passwd"),
        LookIntoMidi("/etc/passwd"),
        SetGeneration(Prompt("file", "/etc/passwd")),
        OpenAudioModel(str(outside)),
        ReplaceSong(Song("Theirs"), text, saved=False),
    ):
        guest.send(command := with_request(command))
        seen.refused(command)
    # After all of that nothing of it is still on its way.
    guest.send(SetTitle("still heard"))
    seen.wait(Snapshot, lambda shown: shown.song.title == "still heard")
    assert {each: each.read_bytes() for each in outside.iterdir()} == before
    assert [each.name for each in songs_folder().iterdir()] == ["link.armonica"]
    assert served.engine.snapshot.path is None


def test_nothing_that_is_not_ours_is_replaced_in_the_folder_either(served: ServedEngine) -> None:
    songs_folder().mkdir(parents=True)
    (songs_folder() / "list.armonica").write_text("to buy")
    (songs_folder() / "list.mid").write_text("to buy")
    guest, seen = served.guest()
    for command in (
        SaveSong(str(songs_folder() / "list")),
        ExportMidi(str(songs_folder() / "list")),
    ):
        guest.send(command := with_request(command))
        refused = seen.refused(command)
        assert "is there already" in refused.message
    assert {each.read_text() for each in songs_folder().iterdir()} == {"to buy"}
