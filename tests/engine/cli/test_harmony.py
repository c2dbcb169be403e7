"""The words `chords`, `train keys` and `evaluate keys`."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from engine import locations
from engine.cli.main import main
from engine.formats import song_file
from engine.formats.midi_writer import write
from engine.music import chord_track
from engine.music.measure import SILENCE
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from tests.support.command_line import run_json
from tests.support.measures import measure


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """Return a file of four measures in C."""
    path = tmp_path / "tune.mid"
    write(path, [measure(text) for text in ("CEGE", "FAFA", "GDGD", "CEC-")], 100)
    return path


def test_the_key_and_the_chords_are_printed_with_their_likelihoods(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "chords", tune)
    assert found["key"]["name"] == "C major"
    assert 0.5 < found["key"]["certainty"] <= 1
    assert [row["symbol"] for row in found["chords"]] == ["C", "F", "G", "C"]
    assert [(row["measure"], row["beat"]) for row in found["chords"]] == [
        (1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0),
    ]  # fmt: skip
    assert len(found["chords"][0]["options"]) == 5
    assert found["source"] == "rule"
    twice = run_json(capsys, "chords", tune, "--per-measure", 2)
    assert [(row["measure"], row["beat"]) for row in twice["chords"][:3]] == [
        (1, 1.0), (1, 3.0), (2, 1.0),
    ]  # fmt: skip
    assert main(["chords", str(tune)]) == 0
    output, _ = capsys.readouterr()
    assert output.startswith("Key: C major, ")
    assert "Chords by rule" in output


def test_a_song_has_its_own_chords_or_those_that_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slots = tuple(Slot.brought_in(measure(t), Origin("written")) for t in ("CEGE", "FAFA", "CEC-"))
    song = Song(tracks=(Track(slots=slots),))
    path = song_file.write(tmp_path / "air.armonica", song_file.Document(song))
    found = run_json(capsys, "chords", path)
    assert [row["symbol"] for row in found["chords"]] == ["C", "F", "C"]
    assert found["source"] == "rule"
    chords = chord_track.written("Am7 3:D7 | F", 0, Fraction(0), song.grids, song.key)
    song_file.write(path, song_file.Document(replace(song, chords=chords)))
    found = run_json(capsys, "chords", path)
    assert found["source"] == "song"
    assert [(row["measure"], row["beat"], row["symbol"]) for row in found["chords"]] == [
        (1, 1.0, "Am7"), (1, 3.0, "D7"), (2, 1.0, "F"),
    ]  # fmt: skip
    assert main(["chords", str(path)]) == 0
    assert "Chords of the song, in C major:\n   1.1    Am7\n" in capsys.readouterr().out
    assert main(["chords", str(path), "--track", "2"]) != 0
    assert "no track 2" in capsys.readouterr().err
    song_file.write(path, song_file.Document(Song()))
    assert main(["chords", str(path)]) != 0
    assert "no notes" in capsys.readouterr().err


def test_chords_are_those_of_the_key_that_is_named(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "chords", tune, "--key", "Bb major")
    assert found["harmonised"] == "Bb major"
    assert found["key"]["name"] == "C major"
    assert main(["chords", str(tune), "--key", "F major"]) == 0
    assert "Harmonised in F major." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--key", "H major"], "does not begin with a tonic"),
        (["--track", "9"], "has no track 9"),
        (["--per-measure", "3"], "3"),
    ],
)
def test_what_cannot_be_is_one_line(
    tune: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["chords", str(tune), *words]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors


def test_a_file_without_notes_has_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "mute.mid", [SILENCE], 100)
    assert main(["chords", str(tmp_path / "mute.mid")]) == 2
    assert "holds no notes" in capsys.readouterr().err


def test_the_profiles_are_learned_anew_as_they_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "train", "keys", "-o", tmp_path / "keys.json")
    assert found["tunes"] > 2000
    shipped = json.loads(locations.KEY_PROFILES.read_text())
    assert json.loads((tmp_path / "keys.json").read_text()) == shipped


def test_the_table_of_the_document_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", "keys"]) == 0
    printed = capsys.readouterr().out.strip()
    document = Path("engine/harmony/README.md").read_text()
    part = document.partition("<!-- keys found -->")[2].partition("<!-- /keys found -->")[0]
    assert part.strip() == printed
