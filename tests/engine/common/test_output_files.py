"""What is written has the right suffix, and replaces nothing that is not of its kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.common import output_files
from engine.errors import ArmonicaError, CannotWrite
from engine.formats import midi_writer, song_file
from engine.influence import provenance
from engine.music.song import Song
from engine.protocol.files import ExportMidi, SaveSong
from engine.protocol.snapshot import Snapshot
from engine.services.session.file_commands import filed
from engine.services.session.song_files import SongFiles
from tests.support.takes import CODES, NAME, RECIPE, WAVE

KINDS = (output_files.SONG, output_files.MIDI, output_files.SOUND, output_files.PROVENANCE)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home beside the folder of the test, in which nothing but its files may be."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ARMONICA_HOME", str(place))
    return place


def save(path: str | None, own: str | None = None) -> None:
    """Save a song under a name, as every screen asks it of the engine."""
    shown = Snapshot(song=Song("Mine"), path=own)
    filed(SaveSong(path, replace=True), shown, SongFiles())


def export(path: str) -> None:
    filed(ExportMidi(path), Snapshot(song=Song("Mine")), SongFiles())


def tell(path: str) -> None:
    provenance.write(path, provenance.of_song("Mine", ()))


def keep(path: str) -> None:
    from engine.services.generation import take_store

    take_store.write(RECIPE, WAVE, CODES)
    take_store.export(NAME, path)


WRITERS = {".armonica": save, ".mid": export, ".json": tell, ".wav": keep, ".flac": keep}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "~", "/", "a/", "a/..", "a/.", "...", ". .", "~/", ".armonica", ".MID"],
)
def test_what_names_no_file_is_refused(name: str, kind: output_files.OutputKind) -> None:
    if name in (".armonica", ".MID") and name.lower() not in kind.suffixes:
        return
    with pytest.raises(output_files.BadName):
        output_files.named(name, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_suffix_of_another_kind_is_refused_and_one_that_lacks_is_added(
    kind: output_files.OutputKind, tmp_path: Path
) -> None:
    for wrong in ("a.txt", "a.armonica.bak", "Reel no. 2", "a.py", "a.midi.sh"):
        with pytest.raises(output_files.BadName, match=kind.suffixes[0]):
            output_files.named(str(tmp_path / wrong), kind)
    assert output_files.named(str(tmp_path / "a"), kind) == tmp_path / f"a{kind.suffixes[0]}"
    upper = tmp_path / f"a{kind.suffixes[0].upper()}"
    assert output_files.named(str(upper), kind) == upper


@pytest.mark.parametrize("name", ["", "a.txt", "..", "~"])
@pytest.mark.parametrize("write", WRITERS.values())
def test_nothing_is_written_under_a_name_that_is_none(
    write: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.txt").write_text("mine")
    monkeypatch.chdir(inside)
    with pytest.raises(output_files.BadName):
        write(name)  # type: ignore[operator]
    assert [each.name for each in tmp_path.iterdir()] == ["inside"]
    assert (inside / "a.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "content", [b"to buy: strings", b"{}", b"[1]", b'{"armonicas": 1}', b"\0" * 100, b"\xff\xfe"]
)
@pytest.mark.parametrize("suffix", WRITERS)
def test_what_is_not_of_its_kind_is_not_replaced(
    suffix: str, content: bytes, tmp_path: Path
) -> None:
    place = tmp_path / f"a{suffix}"
    place.write_bytes(content)
    with pytest.raises(CannotWrite, match="is not"):
        WRITERS[suffix](str(place))
    assert place.read_bytes() == content


def test_a_recipe_beside_a_sound_replaces_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "a.wav.json").write_text('{"not": "a recipe"}')
    with pytest.raises(CannotWrite, match="recipe"):
        keep(str(tmp_path / "a.wav"))
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("suffix", WRITERS)
def test_what_is_of_its_kind_or_empty_is_replaced(suffix: str, tmp_path: Path) -> None:
    place = tmp_path / f"a{suffix}"
    place.touch()
    WRITERS[suffix](str(place))
    first = place.read_bytes()
    assert len(first) > 50
    WRITERS[suffix](str(place))
    assert place.read_bytes()[:4] == first[:4]


@pytest.mark.parametrize("suffix", WRITERS)
def test_what_is_no_file_is_neither_replaced_nor_waited_for(suffix: str, tmp_path: Path) -> None:
    pipe, folder = tmp_path / f"pipe{suffix}", tmp_path / f"folder{suffix}"
    os.mkfifo(pipe)
    folder.mkdir()
    (tmp_path / f"null{suffix}").symlink_to("/dev/null")
    (tmp_path / f"loop{suffix}").symlink_to(tmp_path / f"loop{suffix}")
    for name in ("pipe", "folder", "null", "loop"):
        with pytest.raises(ArmonicaError):
            WRITERS[suffix](str(tmp_path / f"{name}{suffix}"))
    assert pipe.is_fifo()
    assert folder.is_dir()


def test_the_songs_own_file_keeps_the_suffix_that_it_was_opened_with(tmp_path: Path) -> None:
    place = tmp_path / "tune.song"
    song_file.write(place, song_file.Document(Song("Yours")))
    save(None, str(place))
    assert song_file.read(place).song.title == "Mine"
    place.write_text("a shopping list by now")
    with pytest.raises(CannotWrite):
        save(None, str(place))


def test_a_damaged_song_may_still_be_saved_over(tmp_path: Path) -> None:
    place = tmp_path / "a.armonica"
    save(str(place))
    place.write_bytes(place.read_bytes()[:60])
    save(str(place))
    assert song_file.read(place).song.title == "Mine"
    export(str(tmp_path / "a.mid"))
    assert midi_writer.write is not None
