"""The words that steer audio: takes, their recipes, and probes of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.corpus.table import shipped
from engine.steering import probe_files, probing
from engine.steering.probes import Probe
from tests.checkpoints import SAMPLE_RATE, write_model
from tests.engine.test_cli import ask, refused


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives the folder of a small model with random weights."""
    return write_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def texting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives another model's folder."""
    return write_model(tmp_path_factory.mktemp("models") / "other", seed=5)


def tone(seconds: float, rate: int = SAMPLE_RATE, pitch: float = 440.0) -> Any:
    return (0.4 * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * pitch / rate)).astype("f4")


@pytest.fixture
def recordings(tmp_path: Path) -> tuple[Path, Path]:
    """Gives folders with high and with low tones."""
    folders = tmp_path / "high", tmp_path / "low"
    for folder, pitch in zip(folders, (3000, 200), strict=True):
        folder.mkdir()
        for at in range(3):
            soundfile.write(folder / f"{pitch}-{at}.wav", tone(1.6, pitch=pitch), SAMPLE_RATE)
    return folders


def training(recordings: tuple[Path, Path], small: Path, *more: object) -> tuple[object, ...]:
    have, lack = recordings
    words = ("probes", "train", "high", "--with", have, "--without", lack, "--model", small)
    return (*words, "--seconds", "0.5", *more)


def test_a_trait_of_ones_own_is_trained_listed_and_drawn(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = ask(capsys, *training(recordings, small))
    assert (made["name"], made["model"], made["chance"]) == ("high", "small", 0.5)
    assert made["low"] <= made["accuracy"] <= made["high"]
    assert made["files"] == {"with": 3, "without": 3}
    assert made["segments"] == {"with": 9, "without": 9, "silent": 0}
    assert made["warnings"]
    assert Path(made["file"]).is_file()

    (listed,) = ask(capsys, "probes", "list")["probes"]
    assert listed.items() >= {
        "name": "high", "model": "small", "accuracy": made["accuracy"], "chance": 0.5,
        "low": made["low"], "high": made["high"], "threshold": made["threshold"],
        "best": made["best"], "warnings": made["warnings"], "file": made["file"],
        "examples": {"with": 9, "without": 9, "groups": 6},
    }.items()  # fmt: skip
    heads = listed["heads"]
    assert heads[0].keys() == {"layer", "head", "accuracy"}
    assert [head["accuracy"] for head in heads] == sorted(h["accuracy"] for h in heads)[::-1]
    (with_layers,) = ask(capsys, "probes", "list", "--layers", "--model", small)["probes"]
    assert [len(row) for row in with_layers["layers"]] == [4, 4]

    assert main(["probes", "list", "--layers"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    lines = out.splitlines()
    assert lines[0].split()[:2] == ["name", "model"]
    assert lines[1].split()[:2] == ["high", "small"]
    assert [line.split()[0] for line in lines[-2:]] == ["1", "2"]


def test_training_tells_how_far_it_is(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*map(str, training(recordings, small))]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("high for small: right in ")
    assert "probes train high [" in err
    assert "100%" in err


def test_no_probe_is_a_table_that_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "probes", "list", "--model", "facebook/musicgen-small")["probes"] == []
    assert main(["probes", "list", "--model", "facebook/musicgen-small"]) == 0
    assert "armonica probes train" in capsys.readouterr().out


def test_a_name_is_taken_once(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = ask(capsys, *training(recordings, small))
    before = Path(made["file"]).read_bytes()
    assert "--replace" in refused(capsys, *training(recordings, small, "--seed", 3))
    assert Path(made["file"]).read_bytes() == before
    ask(capsys, *training(recordings, small, "--seed", 3, "--replace", "--read", "mean"))
    (listed,) = ask(capsys, "probes", "list")["probes"]
    assert listed["read"] == "mean"


def test_a_probe_that_is_damaged_is_named_and_the_others_are_listed(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = ask(capsys, *training(recordings, small))
    Path(made["file"]).with_name("broken.toml").write_text("format = 1\n")
    found = ask(capsys, "probes", "list")
    assert [each["name"] for each in found["probes"]] == ["high"]
    assert "broken.toml" in found["faults"][0]
    assert main(["probes", "list"]) == 0
    assert "broken.toml" in capsys.readouterr().err


@pytest.mark.usefixtures("recordings")
@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("--with high --without high", "share recordings"),
        ("--with high --without nowhere", "nowhere is not there"),
        ("--with high --without empty", "Put recordings into it"),
        ("--with high --without low --seconds 0", "from 0.5 to 30"),
        ("--with high --without low --seconds -3", "from 0.5 to 30"),
        ("--with high --without low --seconds nan", "from 0.5 to 30"),
        ("--with high --without low --seconds 3", "shorten --seconds"),
        ("--with high --without low --seconds 1.5", "at least 2 files and 8 segments"),
        ("--with high --without low --read first", "--help"),
        ("--with high", "--without"),
        ("--with high --without low --seconds 0.5 --model nowhere", "facebook/musicgen-small"),
        ("--with high --without low --seconds 0.5 --model empty", "state_dict.bin"),
        ("--with high --without text --seconds 0.5", "notes.txt is no audio file"),
        ("--with high --without bad --seconds 0.5", "no recording that can be used"),
    ],
)
def test_recordings_that_cannot_be_are_refused(
    words: str,
    remedy: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "text", "bad"):
        (tmp_path / name).mkdir()
    (tmp_path / "text" / "notes.txt").write_text("no sound")
    soundfile.write(tmp_path / "bad" / "sample.wav", tone(1)[:1], SAMPLE_RATE)
    model = () if "--model" in words else ("--model", small)
    assert remedy in refused(capsys, "probes", "train", "own", *words.split(), *model)
    assert not list(tmp_path.glob("data/**/*.toml"))


def test_a_trait_has_a_name_that_a_file_can_have(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = list(training(recordings, small))
    words[2] = "../High"
    assert "small letters" in refused(capsys, *words)


def test_probes_of_the_parts_are_trained_from_clips(
    small: Path,
    recordings: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained = ask(capsys, *training(recordings, small))
    own = probe_files.load(Path(trained["file"]))

    def train_probe(*asked: Any, **more: Any) -> Probe:
        assert (asked[2], asked[3].digest, more["count"]) == ("train", shipped().digest, 40)
        return own

    monkeypatch.setattr("engine.corpus.render.clips", lambda _, split: split)
    monkeypatch.setattr(probing, "train_probe", train_probe)
    words = ("train", "probes", "--clips", tmp_path / "clips", "--model", small)
    out = tmp_path / "out"
    told = ask(capsys, *words, "-o", out, "--trait", "bass", "--examples", 40)["probes"]
    assert [(each["name"], each["file"]) for each in told] == [("bass", str(out / "bass.toml"))]
    ask(capsys, *words, "-o", out, "--examples", 40)
    assert {path.stem for path in out.glob("*.toml")} == set(probing.TRAITS)
    assert "'drums'" in refused(capsys, *words, "-o", out, "--trait", "drumz")


def test_training_probes_needs_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("train", "probes", "--clips", tmp_path / "none", "-o", tmp_path / "out")
    assert "armonica corpus render" in refused(capsys, *words)
    assert not (tmp_path / "out").exists()
