"""The words that steer audio: takes, their recipes, and probes of one's own."""

from __future__ import annotations

import errno
import json
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from engine import locations
from engine.cli.audio_models import FetchLine
from engine.cli.main import main
from engine.corpus.clip_format import CLIP_PARTS
from engine.corpus.table import shipped
from engine.formats.midi_writer import write
from engine.services.generation.take_job import TakeMaker
from engine.steering.musicgen.download import Fetching
from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.probes import store
from engine.steering.probes.fit import fit
from engine.steering.probes.probe import Probe
from engine.steering.spec import AudioSpec
from engine.steering.training import probe_examples
from engine.text import printable
from tests.support.checkpoints import SAMPLE_RATE, write_model
from tests.support.command_line import run_json, run_refused
from tests.support.hostile import EVIL, EVIL_TEXT


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small model with random weights."""
    return write_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of another model, with the same shapes."""
    return write_model(tmp_path_factory.mktemp("models") / "other", seed=5)


@pytest.fixture(autouse=True)
def _own_probes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the probes that ship, which are of another model."""
    monkeypatch.setattr("engine.steering.probes.store.SHIPPED", tmp_path / "none")


@pytest.fixture(autouse=True)
def _opened_once(small: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open each of the two models once, for all tests."""

    def opened(name: str, **more: Any) -> AudioModel:
        return _model(name) if name in (str(small), str(other)) else open_model(name, **more)

    monkeypatch.setattr("engine.steering.musicgen.model.open_model", opened)


@lru_cache
def _model(name: str) -> AudioModel:
    return open_model(name, device="cpu")


def tone(seconds: float, rate: int = SAMPLE_RATE, pitch: float = 440.0) -> Any:
    return (0.4 * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * pitch / rate)).astype("f4")


@pytest.fixture
def recordings(tmp_path: Path) -> tuple[Path, Path]:
    """Return folders with high and with low tones."""
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
    made = run_json(capsys, *training(recordings, small))
    assert (made["name"], made["model"], made["chance"]) == ("high", "small", 0.5)
    assert made["low"] <= made["accuracy"] <= made["high"]
    assert made["files"] == {"with": 3, "without": 3}
    assert made["segments"] == {"with": 9, "without": 9, "silent": 0}
    assert made["warnings"]
    assert Path(made["file"]).is_file()

    (listed,) = run_json(capsys, "probes", "list")["probes"]
    assert listed.items() >= {
        "name": "high", "model": "small", "accuracy": made["accuracy"], "chance": 0.5,
        "low": made["low"], "high": made["high"], "threshold": made["threshold"],
        "best": made["best"], "warnings": made["warnings"], "file": made["file"],
        "examples": {"with": 9, "without": 9, "groups": 6},
    }.items()  # fmt: skip
    heads = listed["heads"]
    assert heads[0].keys() == {"layer", "head", "accuracy"}
    assert [head["accuracy"] for head in heads] == sorted(h["accuracy"] for h in heads)[::-1]
    (with_layers,) = run_json(capsys, "probes", "list", "--layers", "--model", small)["probes"]
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
    assert run_json(capsys, "probes", "list", "--model", "facebook/musicgen-small")["probes"] == []
    assert main(["probes", "list", "--model", "facebook/musicgen-small"]) == 0
    assert "armonica probes train" in capsys.readouterr().out


def test_a_name_is_taken_once(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = run_json(capsys, *training(recordings, small))
    before = Path(made["file"]).read_bytes()
    assert "--replace" in run_refused(capsys, *training(recordings, small, "--seed", 3))
    assert Path(made["file"]).read_bytes() == before
    run_json(capsys, *training(recordings, small, "--seed", 3, "--replace", "--read", "mean"))
    (listed,) = run_json(capsys, "probes", "list")["probes"]
    assert listed["read"] == "mean"


def test_a_probe_that_is_damaged_is_named_and_the_others_are_listed(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = run_json(capsys, *training(recordings, small))
    Path(made["file"]).with_name("broken.toml").write_text("format = 1\n")
    found = run_json(capsys, "probes", "list")
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
    assert remedy in run_refused(capsys, "probes", "train", "own", *words.split(), *model)
    assert not list(tmp_path.glob("data/**/*.toml"))


def test_a_trait_has_a_name_that_a_file_can_have(
    small: Path, recordings: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = list(training(recordings, small))
    words[2] = "../High"
    assert "small letters" in run_refused(capsys, *words)


def test_probes_of_the_parts_are_trained_from_clips(
    small: Path,
    recordings: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained = run_json(capsys, *training(recordings, small))
    own = store.load(Path(trained["file"]))

    def train_probe(*arguments: Any, **more: Any) -> Probe:
        assert (arguments[2], arguments[3].digest, more["count"]) == ("train", shipped().digest, 40)
        return own

    monkeypatch.setattr("engine.corpus.audio.render.clips", lambda _, split: split)
    monkeypatch.setattr(probe_examples, "train_probe", train_probe)
    words = ("train", "probes", "--clips", tmp_path / "clips", "--model", small)
    out = tmp_path / "out"
    made = run_json(capsys, *words, "-o", out, "--trait", "bass", "--examples", 40)["probes"]
    assert [(each["name"], each["file"]) for each in made] == [("bass", str(out / "bass.toml"))]
    run_json(capsys, *words, "-o", out, "--examples", 40)
    assert {path.stem for path in out.glob("*.toml")} == set(probe_examples.TRAITS)
    assert "'drums'" in run_refused(capsys, *words, "-o", out, "--trait", "drumz")


def test_training_probes_needs_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("train", "probes", "--clips", tmp_path / "none", "-o", tmp_path / "out")
    assert "armonica corpus render" in run_refused(capsys, *words)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def planted(small: Path) -> Callable[..., Path]:
    """Return what plants a probe of a model among the player's own."""

    def plant(name: str = "bright", model: Path = small) -> Path:
        place = store.place(_spec(str(model)), name)
        store.write(_probe(str(model), name), place)
        return place

    return plant


@lru_cache
def _probe(model: str, name: str) -> Probe:
    spec, made = _spec(model), torch.Generator().manual_seed(len(name))
    labels = torch.arange(40) % 2 == 0
    shape = (spec.layers, spec.heads, spec.head_size)
    features = torch.randn(40, *shape, generator=made) + labels[:, None, None, None] * 0.8
    return fit(features, labels, torch.arange(40) // 2, name=name, spec=spec)


def _spec(model: str) -> AudioSpec:
    return _model(model).spec


def steer(model: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("steer", "--model", model, "--seconds", 0.5, "-o", out, *more)


def test_steer_tells_what_the_contract_says(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    out, report = tmp_path / "out.wav", tmp_path / "report.json"
    words = steer(small, out, "--probe", "bright=6", "--arm", "iti", "--report", report)
    document = run_json(capsys, *words, "--seed", 3)
    assert (document["model"], document["seed"], document["seconds"]) == ("small", 3, 0.5)
    assert (document["file"], document["arm"], document["prompt"]) == (str(out), "iti", "")
    (probe,) = document["probes"]
    card = store.read_card(store.place(_spec(str(small)), "bright"))[0]
    assert (probe["name"], probe["strength"]) == ("bright", 6)
    assert (probe["accuracy"], probe["threshold"]) == (card.accuracy, card.threshold)
    # Codebooks are late by one step each, and the last frame is complete with the last of them.
    assert [step["step"] for step in document["steps"]] == list(range(25 + 3))
    assert all(step["confidence"].keys() == {"bright"} for step in document["steps"])
    assert {step["gate"]["bright"] for step in document["steps"][1:]} == {1.0}
    assert set(document["tagged"]) == set(CLIP_PARTS)
    assert json.loads(report.read_text()) == document
    info = soundfile.info(out)
    assert (info.samplerate, info.frames) == (SAMPLE_RATE, 8_000)
    # It is nobody's take on the screen.
    assert not list(tmp_path.glob("data/takes/*"))


def test_an_unsteered_piece_needs_no_probe(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = run_json(capsys, *steer(small, tmp_path / "out.flac"))
    assert (document["probes"], document["arm"], len(document["steps"])) == ([], "none", 28)
    assert document["steps"][0]["confidence"] == {}
    assert main([*map(str, steer(small, tmp_path / "out.flac"))]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{tmp_path}/out.flac: 0.5 s by small, seed 0, arm none")
    assert "s/s" in err
    assert "100%" in err


def test_a_negative_strength_removes(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    words = steer(small, tmp_path / "out.wav", "--arm", "iti", "--probe", "bright=-4")
    document = run_json(capsys, *words)
    assert document["probes"][0]["strength"] == -4
    assert document["steps"][-1]["gate"] == {"bright": -1.0}


def test_a_name_alone_is_pushed_by_the_advised_strength_and_with_a_minus_away(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    (listed,) = run_json(capsys, "probes", "list")["probes"]
    advised = listed["advised"]
    assert advised == _probe(str(small), "bright").card.strength
    for word, strength in (("bright", advised), ("-bright", -advised)):
        (probe,) = run_json(capsys, *steer(small, tmp_path / "out.wav", f"--probe={word}"))[
            "probes"
        ]
        assert (probe["strength"], probe["advised"]) == (strength, advised)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--probe bright=0.5 --target 1", "of a target of 1.00; try --probe bright=4 (advised)"),
        ("--probe bright=-0.5 --target 1", "down to .00; try --probe bright=-4 (advised)"),
        ("--probe bright --target 1", "its strength is the advised one; try another --seed"),
    ],
)
def test_a_trait_that_was_not_reached_is_said(
    words: str,
    message: str,
    small: Path,
    planted: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted()
    report = tmp_path / "r.json"
    arguments = [*map(str, steer(small, tmp_path / "out.wav", *words.split(), "--report", report))]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "not reached; meter" in out
    last = err.splitlines()[-1]
    assert last.startswith("armonica: bright was not reached: confidence .")
    assert message in last
    (probe,) = json.loads(report.read_text())["probes"]
    assert probe["reached"] is False
    trace = json.loads(report.read_text())["steps"]
    level = sum(step["confidence"]["bright"] for step in trace) / len(trace)
    # It is shorter than the two seconds at the end that count.
    assert probe["level"] == pytest.approx(level, abs=1e-5)
    again = main(
        ["again", str(tmp_path / "out.wav"), "-o", str(tmp_path / "b.wav"), "--model", str(small)]
    )
    assert again == 0
    assert capsys.readouterr().err.splitlines()[-1] == last


def test_a_trait_that_was_reached_and_how_loud_it_is_are_told(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    soundfile.write(tmp_path / "before.wav", tone(1), SAMPLE_RATE)
    more = ("--continue", tmp_path / "before.wav", "--probe", "bright", "--target", "0.05")
    document = run_json(capsys, *steer(small, tmp_path / "out.wav", *more))
    assert document["probes"][0]["reached"] is True
    loud = document["loudness"]
    assert loud.keys() == {"prompt", "continuation", "clipped"}
    assert loud["clipped"] == 0
    assert loud["continuation"] - loud["prompt"] < 4.4
    assert main([*map(str, steer(small, tmp_path / "out.wav", *more))]) == 0
    out, err = capsys.readouterr()
    assert "dB against the prompt, nothing at full scale" in out
    assert "bright +4: reached; meter" in out
    assert "not reached" not in err


def test_the_arm_none_is_metered_and_not_pushed(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    plain, metered = tmp_path / "plain.wav", tmp_path / "metered.wav"
    run_json(capsys, *steer(small, plain))
    document = run_json(capsys, *steer(small, metered, "--arm", "none", "--probe", "bright=6"))
    assert document["steps"][-1]["gate"] == {"bright": 0.0}
    assert 0 < document["steps"][-1]["confidence"]["bright"] < 1
    assert plain.read_bytes() == metered.read_bytes()


def test_the_twin_is_what_would_have_been(
    small: Path, planted: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted()
    out, plain, report = tmp_path / "out.wav", tmp_path / "plain.wav", tmp_path / "r.json"
    soundfile.write(tmp_path / "before.wav", tone(1), SAMPLE_RATE)
    more = ("--continue", tmp_path / "before.wav")
    words = steer(small, out, *more, "--probe", "bright=9", "--arm", "iti")
    document = run_json(capsys, *words, "--twin", "--report", report)
    assert document["twin"]["file"] == str(tmp_path / "out-twin.wav")
    assert json.loads(report.read_text()) == document
    run_json(capsys, *steer(small, plain, *more))
    assert (tmp_path / "out-twin.wav").read_bytes() == plain.read_bytes()
    assert out.read_bytes() != plain.read_bytes()


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_sound_of_any_rate_is_continued(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rate: int
) -> None:
    prompt = tmp_path / "prompt.flac"
    soundfile.write(prompt, np.stack([tone(1.5, rate), tone(1.5, rate, 300)], axis=1), rate)
    document = run_json(capsys, *steer(small, tmp_path / "out.wav", "--continue", prompt))
    assert (document["prompt_seconds"], document["seconds"]) == (1.5, 0.5)
    assert document["continues"] == str(prompt)
    assert soundfile.info(tmp_path / "out.wav").frames == 32_000


def test_the_end_of_an_hour_is_continued(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = tmp_path / "hour.wav"
    with soundfile.SoundFile(prompt, "w", 8_000, 1) as file:
        for minute in range(61):
            file.write(tone(60, 8_000) if minute == 60 else np.zeros(480_000, "i2"))
    document = run_json(capsys, *steer(small, tmp_path / "out.wav", "--continue", prompt))
    assert document["prompt_seconds"] == 60.0


@pytest.mark.parametrize("kind", ["mid", "armonica"])
def test_what_was_composed_is_continued(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    prompt = tmp_path / f"tune.{kind}"
    if kind == "mid":
        write(prompt, [shipped().measure(row) for row in shipped().rows_of(40)[:2].tolist()], 120.0)
    else:
        prompt = sorted(locations.SONGS.glob("*.armonica"))[0]
    document = run_json(capsys, *steer(small, tmp_path / "out.wav", "--continue", prompt))
    assert document["prompt_seconds"] == 4.0 if kind == "mid" else document["prompt_seconds"] > 4
    again = run_json(
        capsys, "again", tmp_path / "out.wav", "-o", tmp_path / "b.wav", "--model", small
    )
    assert again["identical"]


def test_a_model_in_the_folder_called_small_is_that_one(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(small.parent)
    document = run_json(capsys, *steer(Path("small"), tmp_path / "out.wav"))
    assert document["digest"] == _spec(str(small)).digest


def test_again_is_bit_for_bit_the_same(
    small: Path,
    planted: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted()
    monkeypatch.chdir(tmp_path)
    soundfile.write(tmp_path / "before.wav", tone(1), SAMPLE_RATE)
    first = tmp_path / "first.wav"
    words = steer(small, first, "--probe", "bright=6", "--continue", "before.wav", "--seed", 9)
    document = run_json(capsys, *words, "--temperature", 1.2, "--top-k", 9)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = run_json(capsys, "again", first, "-o", "second.wav", "--model", small)
    assert again["identical"]
    assert Path("second.wav").read_bytes() == first.read_bytes()
    for name in ("seed", "steps", "probes", "temperature", "top_k", "seconds", "continues"):
        assert again[name] == document[name]
    third = run_json(capsys, "again", "second.wav.json", "-o", "third.flac", "--model", small)
    assert third["identical"]
    assert (soundfile.read("third.flac")[0] == soundfile.read(first)[0]).all()


def test_again_says_what_is_not_what_it_was(
    small: Path,
    other: Path,
    planted: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = planted()
    soundfile.write(tmp_path / "before.wav", tone(1), SAMPLE_RATE)
    first = tmp_path / "first.wav"
    more = ("--probe", "bright=6", "--continue", tmp_path / "before.wav")
    run_json(capsys, *steer(small, first, *more))
    words: tuple[object, ...] = ("again", first, "-o", tmp_path / "second.wav")
    assert "Name its folder with --model" in run_refused(capsys, *words)
    assert "holds its seed" in run_refused(capsys, *words, "--seed", 3)
    assert "and not by other" in run_refused(capsys, *words, "--model", other)
    assert "place of the recipe" in run_refused(
        capsys, "again", first, "-o", first, "--model", small
    )
    words = (*words, "--model", small)
    soundfile.write(tmp_path / "before.wav", tone(0.7), SAMPLE_RATE)
    assert "is not what the take continued" in run_refused(capsys, *words)
    (tmp_path / "before.wav").unlink()
    assert "before.wav" in run_refused(capsys, *words)
    soundfile.write(tmp_path / "before.wav", tone(1), SAMPLE_RATE)
    place.unlink()
    assert "not the one" in run_refused(capsys, *words)
    store.write(replace(_probe(str(small), "dull"), card=_probe(str(small), "bright").card), place)
    assert "not the one" in run_refused(capsys, *words)
    planted()
    assert run_json(capsys, *words)["identical"]
    recipe = tmp_path / "first.wav.json"
    recipe.write_text(recipe.read_text()[:200])
    assert "first.wav.json" in run_refused(capsys, *words)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Press Ctrl-C when a step is told."""
    before = TakeMaker._report_progress

    def tell(maker: TakeMaker, plan: Any, number: int, *more: Any) -> None:
        before(maker, plan, number, *more)
        if number >= step:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TakeMaker, "_report_progress", tell)
    monkeypatch.setattr("engine.services.generation.take_job.TOLD", 0.0)


def test_an_interrupted_take_is_kept_and_can_be_made_again(
    small: Path,
    planted: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted()
    out = tmp_path / "out.wav"
    words = [*map(str, steer(small, out, "--probe", "bright=3", "--twin", "--json"))]
    with monkeypatch.context() as patch:
        interrupt_at(patch, 12)
        assert main(words) == 130
    printed, err = capsys.readouterr()
    document = json.loads(printed)
    assert (document["whole"], document["seconds"], len(document["steps"])) == (False, 0.2, 13)
    last = err.splitlines()[-1]
    assert last == f"armonica: Interrupted: {out} holds the 0.2 s that had grown."
    assert soundfile.info(out).duration == 0.2
    assert not (tmp_path / "out-twin.wav").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = run_json(capsys, "again", out, "-o", tmp_path / "again.wav", "--model", small)
    assert again["identical"]
    assert (tmp_path / "again.wav").read_bytes() == out.read_bytes()


def test_interrupted_before_anything_had_grown_nothing_is_written(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    interrupt_at(monkeypatch, 0)
    assert main([*map(str, steer(small, tmp_path / "out.wav"))]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("armonica: Interrupted before anything")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("steps", [1, 199_999])
def test_a_recipe_with_steps_that_cannot_be_is_refused_and_not_interrupted(
    steps: int, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    run_json(capsys, *steer(small, out))
    recipe = tmp_path / "out.wav.json"
    written = json.loads(recipe.read_text())
    assert written["grown"]["steps"] > 1
    written["grown"]["steps"] = steps
    recipe.write_text(json.dumps(written))
    code = main([*map(str, ("again", out, "-o", tmp_path / "again.wav", "--model", small))])
    printed, err = capsys.readouterr()
    assert (code, printed) == (2, "")
    assert "The recipe cannot be read: it ends after" in err.splitlines()[-1]
    assert not (tmp_path / "again.wav").exists()


def test_hostile_names_of_takes_are_told_as_text(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, twice = tmp_path / f"{EVIL}.wav", tmp_path / f"2{EVIL}.wav"
    printed = ""
    for words in (steer(small, out), ("again", out, "-o", twice, "--model", small)):
        assert main([*map(str, words)]) == 0
        printed += "".join(capsys.readouterr())
    for words in (
        steer(small, out, "--probe", f"{EVIL_TEXT}=3"),
        steer(small, out, "--continue", tmp_path / f"none{EVIL}.wav"),
        ("again", tmp_path / f"none{EVIL}.wav", "-o", twice),
        ("probes", "train", EVIL_TEXT, "--with", tmp_path, "--without", tmp_path / EVIL),
    ):
        assert main([*map(str, words)]) == 2
        printed += "".join(capsys.readouterr())
    assert printed.count("ev?[31m") >= 6
    assert all(printable(line) == line for line in printed.split("\n"))
    assert out.is_file()


def test_a_full_disk_leaves_nothing(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.common.atomic._stage", full)
    report = tmp_path / "r.json"
    assert main([*map(str, steer(small, tmp_path / "out.wav", "--report", report))]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "No space left on device. Free some space" in err.splitlines()[-1]
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("--seconds 0", "from 0.5 to"),
        ("--seconds -1", "from 0.5 to"),
        ("--seconds nan", "from 0.5 to"),
        ("--seconds 5000", "from 0.5 to"),
        ("--seconds long", "--help"),
        ("--temperature -1", "from 0 to 10"),
        ("--top-k -1", "from 0 to"),
        ("--seed -1", "--seed lies from 0"),
        ("--target 1.2", "from 0 to 1"),
        ("--arm itti", "--help"),
        ("--probe bright --arm iti", "bright=STRENGTH"),
        ("--probe=-bright=3", "Write bright=-STRENGTH"),
        ("--probe bright --probe=-bright", "once"),
        ("--probe =3", "NAME=STRENGTH"),
        ("--probe bright=much", "from -10 to 10"),
        ("--probe bright=11", "from -10 to 10"),
        ("--probe bright=nan", "from -10 to 10"),
        ("--probe bright=1 --probe bright=2", "once"),
        ("--probe brigth=4", "'bright'"),
        ("--probe foreign=4", "was made for other"),
        ("--twin", "Leave out --twin"),
        ("--twin --arm none --probe bright=4", "Leave out --twin"),
        ("--prompt drums", "Leave out --prompt"),
        ("--model nowhere", "facebook/musicgen-small"),
        ("--model empty", "state_dict.bin"),
        ("-o nowhere/out.wav", "Name a folder that is there"),
        ("-o out.mp3", "neither .wav nor .flac"),
        ("-o folder.wav", "cannot be written"),
        ("--report nowhere/r.json", "in a folder that is there"),
        ("--report new.wav.json", "Rename it"),
        ("--continue nothing.wav", "nothing.wav cannot be read"),
        ("--continue nothing.mid", "nothing.mid"),
        ("--continue nothing.armonica", "nothing.armonica"),
        ("--continue notes.txt", "notes.txt is no audio file"),
        ("--continue notes.mid", "notes.mid"),
        ("--continue notes.armonica", "notes.armonica"),
        ("--continue silent.wav", "silent.wav is silent"),
        ("--continue sample.wav", "no sound yet"),
        ("--continue short.wav", "Continue something of 0.5 seconds or more"),
        ("--continue nan.wav", "no numbers"),
        ("--continue empty", "a folder"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    words: str,
    remedy: str,
    small: Path,
    other: Path,
    planted: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    planted()
    planted("foreign", other)
    for name in ("empty", "folder.wav"):
        (tmp_path / name).mkdir()
    for suffix in ("txt", "mid", "armonica"):
        (tmp_path / f"notes.{suffix}").write_text("no music")
    soundfile.write("silent.wav", np.zeros(16_000), SAMPLE_RATE)
    soundfile.write("sample.wav", tone(1)[:1], SAMPLE_RATE)
    soundfile.write("short.wav", tone(0.2), SAMPLE_RATE)
    soundfile.write("nan.wav", np.full(16_000, np.nan, "f4"), SAMPLE_RATE, subtype="FLOAT")
    before = sorted(tmp_path.rglob("*"))
    line = run_refused(capsys, *steer(small, Path("new.wav")), *words.split())
    assert remedy in line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_without_probes_says_how_to_train_one(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = run_refused(capsys, *steer(small, tmp_path / "out.wav", "--probe", "drums=4"))
    assert "armonica probes train" in line


def test_a_description_reaches_a_model_that_takes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "worded", text="lut")
    plain, worded = (
        run_json(capsys, *steer(model, tmp_path / f"{name}.wav", "--prompt", text, "--seed", 2))
        for name, text in (("plain", ""), ("worded", "loud drums"))
    )
    assert (plain["prompt"], worded["prompt"]) == ("", "loud drums")
    assert run_json(
        capsys, "again", worded["file"], "-o", tmp_path / "again.wav", "--model", model
    )["identical"]


def test_a_download_tells_its_size_its_rate_and_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = FetchLine()
    line(Fetching("state_dict.bin", 100_000_000, 1_000_000_000, 9e6, 100.0))
    line(Fetching("state_dict.bin", 1_000_000_000, 1_000_000_000, 9e6, 0.0))
    line(Fetching("other.bin", 5_000_000, None, 1e6, None))
    first, last, unknown = capsys.readouterr().err.splitlines()
    assert first.startswith("fetch state_dict.bin [##  ")
    assert first.endswith(" 10%  100 of 1000 MB, 9.0 MB/s, 1 min 40 s left")
    assert "100%  1000 of 1000 MB" in last
    assert "5 MB, 1.0 MB/s" in unknown


def test_a_model_of_an_unknown_kind_is_steered_slower_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "shared", kv_repeat=2, fast=True)
    out = tmp_path / "out.wav"
    words = [*map(str, steer(model, out)), "--json"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "shared is of a kind that the decoder does not know" in told.err
    assert json.loads(told.out)["decoder"] == "modules"
    assert run_json(capsys, "again", out, "-o", tmp_path / "b.wav", "--model", model)["identical"]
