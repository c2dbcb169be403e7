"""The words that make the audio models: what they refuse in one line, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.corpus.audio import render as rendering
from engine.corpus.audio.render import MANIFEST
from engine.corpus.clip_format import CLIP_PARTS, SAMPLES

FEW = {"validation": 60, "test": 1, "train": 1}
ARMONICA = (
    f"from engine.corpus.audio import render; render.COUNTS = {FEW}; "
    "from engine.cli.main import script; script()"
)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "COUNTS", {"validation": 1, "test": 1, "train": 1})


def refused(capsys: pytest.CaptureFixture[str], *words: object, status: int = 2) -> str:
    """Run a command that must be refused, as the user's mistake if not otherwise said.

    Gives its last line.
    """
    code = main([*map(str, words)])
    out, err = capsys.readouterr()
    assert code == status, err
    assert out == ""
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_render_says_how_much_it_takes_and_gives_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    out = tmp_path / "clips"
    assert main(["corpus", "render", "-o", str(out), "--clips", "2", "--seed", "3", "--json"]) == 0
    output, progress = capsys.readouterr()
    assert json.loads(output) == {
        "folder": str(out),
        "clips": {"validation": 1, "test": 1, "train": 2},
        "seed": 3,
    }
    assert progress.startswith("armonica: 4 clips take 0.0 GB in ")
    assert len((out / MANIFEST).read_text().splitlines()) == 4
    assert (out / "train.stems").stat().st_size == 2 * len(CLIP_PARTS) * SAMPLES * 2


def test_render_refuses_what_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clips"
    render = ("corpus", "render", "-o", out)
    for count in ("0", "-3", "many", "1e99"):
        assert "--clips" in refused(capsys, *render, "--clips", count)
    assert "missing" in refused(capsys, *render, "--corpus", tmp_path)
    assert "no SoundFont" in refused(capsys, *render, "--soundfont", __file__)
    file = tmp_path / "file"
    file.touch()
    assert "cannot be written" in refused(capsys, "corpus", "render", "-o", file / "clips")
    assert "--seed" in refused(capsys, *render, "--seed", "-1")
    assert "required" in refused(capsys, "corpus", "render")
    assert not out.exists()


def test_a_disk_that_is_too_small_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(capsys, "corpus", "render", "-o", tmp_path, "--clips", "1000000", status=1)
    assert "it takes 1536.0 GB" in line
    assert "are free" in line
    assert not list(tmp_path.glob("*.stems"))


@pytest.mark.parametrize("word", ["codec", "tagger", "musicgen"])
def test_trainings_refuse_folders_and_counts(
    word: str, tmp_path: Path, clips_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("train", word, "-o", tmp_path / "run")
    assert "required" in refused(capsys, *train)
    for steps in ("0", "-1", "some"):
        assert "--steps" in refused(capsys, *train, "--clips", clips_folder, "--steps", steps)
    codec = () if word == "codec" else ("--codec", tmp_path / "nowhere")
    assert "holds no" in refused(capsys, *train, "--clips", tmp_path / "nowhere", *codec)
    if codec:
        assert "holds no codec" in refused(capsys, *train, "--clips", clips_folder, *codec)
    if word == "musicgen":
        for option in ("--turns", "--workers"):
            assert option in refused(capsys, *train, "--clips", clips_folder, option, 0)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_evaluation_refuses_before_it_renders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = ("evaluate", "steering", "--run", tmp_path / "run")
    assert "There is no part" in refused(capsys, *evaluate, "--part", "kazoo")
    assert "--prompts" in refused(capsys, *evaluate, "--prompts", 1)
    assert "--draws" in refused(capsys, *evaluate, "--draws", 0)
    assert "--workers" in refused(capsys, *evaluate, "--workers", 0)
    refused(capsys, *evaluate, "--model", tmp_path / "nowhere")
    assert not (tmp_path / "run" / "clips").exists()


def test_ctrl_c_ends_a_rendering_in_one_line_and_nobody_works_on(tmp_path: Path) -> None:
    out = tmp_path / "clips"
    process = subprocess.Popen(
        [sys.executable, "-c", ARMONICA, "corpus", "render", "-o", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        stems = out / "validation.stems"
        # What was set aside is empty until a process has written into it.
        while not (stems.exists() and any(stems.read_bytes()[:400_000])):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, output = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert output.splitlines()[-1] == "armonica: interrupted"
    assert "Traceback" not in output
    deadline = time.monotonic() + 60
    while True:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline, "a process of the group works on"
        time.sleep(0.05)
