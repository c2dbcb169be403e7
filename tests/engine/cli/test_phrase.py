"""The words `surprise` and `phrase continue|infill|answer|vary`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import locations
from engine.cli.main import main
from engine.formats import song_file
from engine.formats.midi_file import read
from engine.formats.midi_writer import write
from engine.music.grid import GRIDS
from engine.music.measure import Measure, silence
from engine.music.scales import key_of
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.phrase import model as phrase_model
from tests.support import small_phrase
from tests.support.command_line import run_json, run_refused


def jig() -> tuple[Measure, ...]:
    return next(t for t in small_phrase.tunes() if t.grid.name == "6/8" and len(t) >= 16).measures


def air() -> tuple[Measure, ...]:
    return next(t for t in small_phrase.tunes() if t.grid.name == "4/4" and len(t) >= 16).measures


@pytest.fixture
def jig_file(tmp_path: Path) -> Path:
    path = tmp_path / "jig.mid"
    write(path, list(jig()), 120)
    return path


@pytest.fixture
def air_file(tmp_path: Path) -> Path:
    path = tmp_path / "air.mid"
    write(path, list(air()[:8]), 96)
    return path


def test_surprise_has_the_bits_of_each_note_and_they_add_up(
    jig_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "surprise", jig_file)
    assert len(found["measures"]) == len(jig())
    assert set(found["key"]) == {"name", "certainty"}
    for index, row in enumerate(found["measures"], 1):
        assert row["index"] == index
        bits = sum(note["bits"] for note in row["notes"]) + row["end"]
        assert row["bits"] == pytest.approx(bits, abs=0.01)
        assert row["bits"] == pytest.approx(sum(row["parts"].values()), abs=0.01)
        assert 0 <= row["percentile"] <= 100
        assert [n["pitch"] for n in row["notes"] if n["pitch"]] == list(jig()[index - 1].pitches)
    assert main(["surprise", str(jig_file)]) == 0
    output, _ = capsys.readouterr()
    assert output.startswith("Key: ")
    assert "% of printed measures" in output


def test_a_song_is_asked_in_its_own_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slots = tuple(Slot.brought_in(each, Origin("written")) for each in air()[:4])
    song = Song(tracks=(Track(slots=slots),), key=key_of("F# major"))
    path = song_file.write(tmp_path / "air.armonica", song_file.Document(song))
    found = run_json(capsys, "surprise", path)
    assert found["key"] == {"name": "F# major", "certainty": None}
    there = run_json(capsys, "surprise", path, "--key", "G major")
    assert there["key"]["name"] == "G major"
    assert there["measures"][0]["bits"] != found["measures"][0]["bits"]
    empty = replace(song, tracks=(Track(slots=(Slot.blank(GRIDS["4/4"]),)),))
    path = song_file.write(tmp_path / "empty.armonica", song_file.Document(empty))
    assert "no notes" in run_refused(capsys, "surprise", path)


def test_continue_writes_what_was_there_and_what_comes_next(
    jig_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mid"
    found = run_json(capsys, "phrase", "continue", jig_file, "--from", 9, "-o", out)
    assert [row["index"] for row in found["measures"]] == [9, 10, 11, 12]
    assert len(found["bits"]) == 4
    assert len(found["proposals"]) == 4
    assert found["proposals"][0]["measures"] == found["measures"]
    measures = read(out).measures
    assert len(measures) == 12
    assert measures[:8] == jig()[:8]
    assert measures[8].grid == GRIDS["6/8"]
    again = run_json(capsys, "phrase", "continue", jig_file, "--from", 9, "-o", out, "--seed", 7)
    assert again["measures"] != found["measures"]


def test_infill_and_vary_leave_the_rest(
    air_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mid"
    for verb in ("infill", "vary"):
        run_json(capsys, "phrase", verb, air_file, "--from", 3, "--measures", 2, "-o", out)
        measures = read(out).measures
        assert len(measures) == 8
        assert measures[:2] == air()[:2]
        assert measures[4:] == air()[4:8]
    # Both its measures begin where they began.
    assert [bool(t) for t in measures[2].tokens] == [bool(t) for t in air()[2].tokens]


def test_a_gap_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "gap.mid", tmp_path / "out.mid"
    write(path, [*air()[:4], *[silence(GRIDS["4/4"])] * 2, *air()[6:8]], 96)
    found = run_json(capsys, "phrase", "infill", path, "-o", out)
    assert [row["index"] for row in found["measures"]] == [5, 6]
    assert not any(measure.silent for measure in read(out).measures)


def test_an_answer_under_a_held_gauge(
    air_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, densities = tmp_path / "out.mid", []
    for value in (-1.5, 1.5):
        found = run_json(
            capsys, "phrase", "answer", air_file, "--measures", 1, "--proposals", 1,
            "--hold", f"note_density={value}", "-o", out,
        )  # fmt: skip
        densities.append(found["measures"][0]["attributes"]["note_density"])
    assert densities[0] < densities[1]


def test_what_cannot_be_asked_is_said_in_one_line(
    air_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("-o", tmp_path / "out.mid")
    ask = ("phrase", "infill", air_file, *out)
    assert "--from N" in run_refused(capsys, *ask)
    assert "1 to 8" in run_refused(capsys, *ask, "--from", 9)
    assert "1 to 8" in run_refused(capsys, *ask, "--from", 1, "--measures", 9)
    assert "DIM=VALUE" in run_refused(capsys, *ask, "--from", 1, "--hold", "note_density")
    assert "note_density" in run_refused(capsys, *ask, "--from", 1, "--hold", "note_desity=1")
    assert "-3 to 3" in run_refused(capsys, *ask, "--from", 1, "--hold", "note_density=9")
    assert ".mid" in run_refused(capsys, "phrase", "answer", air_file, "-o", tmp_path / "out.wav")
    five = tmp_path / "five.mid"
    write(five, [small_phrase.measure((67, 69, 71, 72, 74), GRIDS["5/4"])] * 3, 100)
    assert "5/4" in run_refused(capsys, "phrase", "continue", five, *out)
    assert "metre" in run_refused(capsys, "surprise", five)


def test_a_damaged_model_is_one_clear_line(
    air_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locations, "PHRASE", tmp_path / "none")
    phrase_model.shipped.cache_clear()
    try:
        assert main(["surprise", str(air_file)]) != 0
        _, err = capsys.readouterr()
        assert err.count("\n") == 1
        assert "phrase model" in err
        folder = small_phrase.written(tmp_path / "none")
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps({**card, "weights": "0"}))
        assert main(["phrase", "continue", str(air_file), "-o", str(tmp_path / "o.mid")]) != 0
        _, err = capsys.readouterr()
        assert "is damaged" in err
        assert err.count("\n") == 1
    finally:
        phrase_model.shipped.cache_clear()
