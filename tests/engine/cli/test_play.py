"""The word `play`: what it refuses before anything sounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.main import main
from engine.formats import song_file
from engine.formats.song_file import Document
from engine.music.song import Song


def test_a_song_that_is_not_there_and_a_port_that_is_not_named_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", str(tmp_path / "none.armonica"), "--port", "x"]) == 2
    assert "none.armonica" in capsys.readouterr().err
    path = song_file.write(tmp_path / "air", Document(Song()))
    assert main(["play", str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "--port" in err
