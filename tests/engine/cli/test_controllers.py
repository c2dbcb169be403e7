"""`armonica controllers`: maps are listed, checked, and given to a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.main import main
from engine.locations import CONTROLLERS
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import fitting
from tests.support.command_line import run_json


def test_what_ships_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "controllers", "list")["controllers"]
    nano = next(row for row in rows if row["name"] == "nanokontrol2")
    assert (nano["shipped"], nano["device"]) == (True, "nanoKONTROL2")
    assert main(["controllers", "list"]) == 0
    assert "not tried on hardware" in capsys.readouterr().out


def test_a_map_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(CONTROLLERS / "nanokontrol2.toml")
    found = run_json(capsys, "controllers", "check", path)
    assert found["clashes"] == []
    assert found["bindings"][0] == {
        "control": "cc 16",
        "channel": 1,
        "target": "gauge rhythmic_complexity",
        "low": -3.0,
        "high": 3.0,
        "curve": "linear",
        "takeover": "pickup",
        "encoding": "absolute",
        "threshold": 0.01,
        "step": 0.01,
    }


def test_clashes_are_said_and_mistakes_end_with_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    entry = '[[binding]]\ncontrol = "cc 1"\ntarget = "{}"\n'
    path.write_text('device = "x"\n' + entry.format("tempo") + entry.format("play"))
    assert main(["controllers", "check", str(path)]) == 0
    assert "Clash: cc 1, channel 1 moves both tempo and play" in capsys.readouterr().out
    path.write_text('device = "x"\n' + entry.format("temp"))
    assert main(["controllers", "check", str(path)]) == 2
    errors = capsys.readouterr().err
    assert "binding 1 (cc 1)" in errors
    assert "Did you mean 'tempo'?" in errors


def test_a_map_is_given_to_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    made = run_json(capsys, "controllers", "use", "eight-knobs", "--device", "alsa:My Box")
    assert made["device"] == "My Box"
    maps, _ = map_files.load()
    found = fitting("alsa:My Box:My Box MIDI 1", [each.map for each in maps])
    assert found is not None
    assert len(found.bindings) == made["bindings"] == 8
    assert main(["controllers", "use", "nine-knobs", "--device", "x"]) == 2
