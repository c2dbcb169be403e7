"""Files in other metres than the model knows: rendered as they are, else refused in one line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import mido
import pytest

from engine.formats import midi_writer
from engine.music.grid import GRIDS
from engine.music.measure import Measure, Note
from tests.support.command_line import run_json, run_refused
from tests.support.measures import measure

ALONE = "and the model knows 4/4 alone."


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A file of one measure in 4/4 and one in 6/8."""
    jig = [Note(Fraction(at, 2), Fraction(1, 2), 67) for at in range(6)]
    path = tmp_path / "mixed.mid"
    midi_writer.write(path, [measure("CDEF"), Measure.from_notes(jig, GRIDS["6/8"])], 100.0)
    return path


def test_what_needs_the_model_says_which_measure_it_does_not_know(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"Measure 2 is in 6/8, {ALONE}"
    base = ("--base", mixed, "--measure", 2)
    out = tmp_path / "out.mid"
    assert words in run_refused(capsys, "encode", mixed)
    assert words in run_refused(capsys, "sweep", "note_density", *base)
    assert words in run_refused(capsys, "map", *base)
    moved = run_refused(capsys, "render", "--base", mixed, "--set", "note_density=1", "-o", out)
    assert words in moved
    assert not out.exists()
    found = run_json(capsys, "sweep", "note_density", "--base", mixed, "--steps", 2)
    assert len(found["points"]) == 2


def test_measures_that_no_gauge_moves_are_rendered_in_their_metres(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mid"
    found = run_json(capsys, "render", "--base", mixed, "-o", out)
    assert [len(each["notes"]) for each in found["measures"]] == [4, 6]
    told = [
        (message.numerator, message.denominator)
        for message in mido.MidiFile(out).tracks[0]
        if message.type == "time_signature"
    ]
    assert told == [(4, 4), (6, 8)]


def test_chords_are_suggested_in_one_metre(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "The metre changes on the way" in run_refused(capsys, "chords", mixed)
    waltz = tmp_path / "waltz.mid"
    notes = [Note(Fraction(at), Fraction(1), pitch) for at, pitch in enumerate((60, 64, 67))]
    midi_writer.write(waltz, [Measure.from_notes(notes, GRIDS["3/4"])] * 2, 100.0)
    chords = run_json(capsys, "chords", waltz)["chords"]
    assert [(each["measure"], each["beat"]) for each in chords] == [(1, 1.0), (2, 1.0)]
