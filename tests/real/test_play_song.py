"""`armonica play`: a song by its form to a port, to its end, without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from engine.formats import song_file
from engine.formats.song_file import Document
from engine.music.form import OrderEntry, Section, SongForm
from tests.support.jack import NoteReader
from tests.support.sequencer import C, D, E, song

pytestmark = pytest.mark.real

FORM = SongForm(
    (Section("A", 2), Section("B", 1, tempo=240.0)),
    (OrderEntry(0, 2), OrderEntry(1), OrderEntry(0)),
)


@pytest.mark.usefixtures("jack")
def test_a_song_sounds_in_its_order_and_its_tempi_and_then_it_ends(
    hear: Callable[[str], NoteReader], tmp_path: Path
) -> None:
    listener = hear("listener")
    written = replace(song("C---", "D---", "E---", tempo=300.0), form=FORM)
    path = song_file.write(tmp_path / "aaba", Document(written))
    done = subprocess.run(
        [sys.executable, "-m", "engine", "play", str(path), "--port", "listener", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"measures": 7, "sections": ["A", "A", "B", "A"]}
    listener.wait_until(lambda _: not listener.holding())
    struck = [(at, data[1]) for at, data in listener.messages if data[0] == 0x90 and data[2]]
    assert [pitch for _, pitch in struck] == [C, D, C, D, E, C, D]
    gaps = [after - before for (before, _), (after, _) in pairwise(struck)]
    # A measure lasts .8 s, and that of B a whole one.
    assert gaps == pytest.approx([0.8, 0.8, 0.8, 0.8, 1.0, 0.8], abs=0.05)


@pytest.mark.usefixtures("jack")
def test_a_port_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    path = song_file.write(tmp_path / "air", Document(song("C---")))
    done = subprocess.run(
        [sys.executable, "-m", "engine", "play", str(path), "--port", "nowhere"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "nowhere" in done.stderr
