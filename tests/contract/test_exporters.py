"""Every kind of file that is written keeps to the same rules of names and of what it replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.common import output_files
from engine.common.output_files import MIDI, PROVENANCE, RECIPE, SONG, SOUND, BadName, OutputKind
from engine.errors import CannotWrite

BEGINS = {
    SONG: b'{"armonica": 9, "title": ""}',
    MIDI: b"MThd\0\0\0\6",
    SOUND: b"RIFF\0\0\0\0WAVEfmt ",
    RECIPE: b'{"armonica_take": 3}',
    PROVENANCE: b'{"format": 1, "program": "armonica 0.1.0"}',
}


@pytest.fixture(params=list(BEGINS), ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> OutputKind:
    found = request.param
    assert isinstance(found, OutputKind)
    return found


def test_a_suffix_may_be_left_out(kind: OutputKind, tmp_path: Path) -> None:
    assert (
        output_files.named(str(tmp_path / "piece"), kind) == tmp_path / f"piece{kind.suffixes[0]}"
    )
    for suffix in kind.suffixes:
        place = tmp_path / f"piece{suffix.upper()}"
        assert output_files.named(str(place), kind) == place


@pytest.mark.parametrize("name", ["", " ", ".", "..", "/", "~"])
def test_what_names_no_file_is_refused(kind: OutputKind, name: str) -> None:
    with pytest.raises(BadName):
        output_files.named(name, kind)


def test_a_suffix_of_another_kind_is_refused(kind: OutputKind, tmp_path: Path) -> None:
    with pytest.raises(BadName, match=r"is n\w+ \."):
        output_files.named(str(tmp_path / "piece.txt"), kind)
    with pytest.raises(BadName):
        output_files.named(str(tmp_path / kind.suffixes[0]), kind)


def test_a_file_of_the_kind_may_be_replaced_and_another_may_not(
    kind: OutputKind, tmp_path: Path
) -> None:
    place = tmp_path / f"piece{kind.suffixes[0]}"
    output_files.check(place, kind)
    place.write_bytes(BEGINS[kind])
    output_files.check(place, kind)
    place.write_bytes(b"A letter to my mother.")
    with pytest.raises(CannotWrite):
        output_files.check(place, kind)
    assert place.read_bytes() == b"A letter to my mother."


def test_a_folder_is_not_written_over(kind: OutputKind, tmp_path: Path) -> None:
    place = tmp_path / f"piece{kind.suffixes[0]}"
    place.mkdir()
    with pytest.raises(CannotWrite):
        output_files.check(place, kind)
