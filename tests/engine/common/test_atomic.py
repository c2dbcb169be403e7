"""Files are written whole or not at all, and what cannot be shown is not shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.common.atomic import make_folder, write, write_all
from engine.errors import ArmonicaError, CannotWrite
from engine.text import printable


def test_all_files_are_replaced_or_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"old")
    second.mkdir()
    with pytest.raises(CannotWrite, match="second cannot be written"):
        write_all({first: b"new", second: b"new"})
    assert first.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]
    second.rmdir()
    write_all({first: b"new", second: b"new"})
    assert first.read_bytes() == second.read_bytes() == b"new"


def test_a_new_file_has_the_rights_that_are_usual_here(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write(tmp_path / "new", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_not_taken_away(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CannotWrite, match="not a file"):
        write(tmp_path / "pipe", b"")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("name", "remedy"), [("none/a", "a folder that is there"), ("loop", "write to"), ("a\0", "")]
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CannotWrite) as caught:
        write(tmp_path / name, b"")
    assert remedy in caught.value.remedy


def test_a_folder_is_tried_before_long_work(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "inner")
    assert not list((tmp_path / "new" / "inner").iterdir())
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "inner", Path("/proc/none")):
        with pytest.raises(CannotWrite):
            make_folder(place)


def test_an_error_is_one_line_that_cannot_steer_the_terminal() -> None:
    error = ArmonicaError("There is no a\nb\x1b[2J\udcff.", "Look\tthere.")
    assert error.line() == "There is no a?b?[2J?. Look?there."
    assert printable("Áir 曲") == "Áir 曲"
