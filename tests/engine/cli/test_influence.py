"""`armonica influence`: what scripts rely on, the lines for people, one line for each mistake."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from engine.cli.main import main
from engine.corpus.table import shipped
from engine.formats.midi_writer import write
from engine.influence.measures import evaluation
from engine.music.measure import SILENCE
from tests.support.command_line import run_json, run_refused


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """Write a training tune, three semitones lower, as a MIDI file."""
    corpus = shipped()
    path = tmp_path / "tune.mid"
    rows = corpus.rows_of(0)[:8].tolist()
    write(path, [corpus.measure(row).transposed(-2) for row in rows], 110.0)
    return path


def test_a_measure_of_a_training_tune_names_it(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "influence", tune, "--measure", 3, "--top", 4)
    first = found["matches"][0]
    assert [match["rank"] for match in found["matches"]] == [1, 2, 3, 4]
    assert first["title"] == shipped().tunes[0].title
    assert first["tune"] == shipped().tunes[0].number
    assert (first["raw"], first["transposed"], first["evidence"]) == (1.0, -2, "similar")
    assert first["book"] == "Ryan's Mammoth Collection"
    assert {"measure", "latent", "score", "percentile", "licence"} <= set(first)
    assert found["originality"]["value"] == 0.0
    assert {"low", "high", "longest_match"} <= set(found["originality"])
    assert found["corpus"] == shipped().digest


def test_gradients_agree_about_a_measure_with_itself(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "influence", tune, "--measure", 3, "--top", 3, "--gradients")
    first = found["matches"][0]
    assert first["evidence"] == "gradient"
    assert first["pull"] > 99
    assert all(0 <= match["pull"] <= 100 for match in found["matches"])
    again = run_json(capsys, "influence", tune, "--top", 2, "--gradients")
    assert again["matches"][0]["evidence"] == "gradient"
    assert "--gradients" in run_refused(
        capsys, "influence", tune.with_suffix(".wav"), "--gradients"
    )


def test_a_whole_file_is_asked_about_and_drawn_as_lines(
    tune: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["influence", str(tune), "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert shipped().tunes[0].title in lines[1]
    assert "1.00" in lines[1]
    assert any(line.startswith("originality 0.00 [#") for line in lines)
    assert "no proof of influence" in lines[-1]


def test_the_search_is_asked_what_it_must_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An index is built for each; the test of the search itself asks all.
    monkeypatch.setattr(evaluation, "PLANTED", (1,))
    found = run_json(capsys, "evaluate", "search", "--asked", 4)
    assert found["queries"] == 4
    assert {"alone", "passage", "overlap", "planted", "permuted"} <= set(found)
    assert "--asked" in run_refused(capsys, "evaluate", "search", "--asked", 1)


def test_another_metre_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = mido.MidiFile()
    file.tracks.append(track := mido.MidiTrack())
    track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
    for pitch in (60, 64, 67) * 4:
        track.append(mido.Message("note_on", note=pitch, velocity=64))
        track.append(mido.Message("note_off", note=pitch, time=480))
    file.save(tmp_path / "waltz.mid")
    refused = run_refused(capsys, "influence", tmp_path / "waltz.mid")
    assert "Measure 1 is in 3/4, and the model knows 4/4 alone." in refused


def test_mistakes_are_one_line(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "1 to 8" in run_refused(capsys, "influence", tune, "--measure", 9)
    assert "--top" in run_refused(capsys, "influence", tune, "--top", "none")
    assert "sound.ogg" in run_refused(capsys, "influence", tmp_path / "sound.ogg")
    assert "MIDI" in run_refused(capsys, "influence", tmp_path / "sound.ogg", "--measure", 1)
    run_refused(capsys, "influence", tmp_path / "missing.mid")
    (tmp_path / "text.mid").write_text("no music")
    run_refused(capsys, "influence", tmp_path / "text.mid")
    write(tmp_path / "silent.mid", [SILENCE] * 2, 100.0)
    run_refused(capsys, "influence", tmp_path / "silent.mid")
