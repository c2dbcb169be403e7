"""The phrase model in numpy: what torch says, and what is refused."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import BadModel
from engine.phrase.model import PhraseModel, Reading, load
from engine.phrase.sequences import NoteSteps, steps
from engine.phrase.training.examples import PhraseExample, collate
from engine.phrase.weights import CARD, WEIGHTS
from tests.support import small_phrase


@pytest.fixture
def model(tmp_path: Path) -> PhraseModel:
    return small_phrase.model(tmp_path / "model")


def sequence() -> NoteSteps:
    """Return the end of a jig, then its beginning, with some of it asked for."""
    jig = next(t for t in small_phrase.tunes() if t.grid.name == "6/8" and len(t) >= 16)
    asked = (0.5, None, -1.0, None, 0.25)
    seen = [jig.seen(at) for at in range(6, 12)]
    seen += [replace(jig.seen(at), asked=asked, to_end=9 - at) for at in range(3)]
    return steps(jig.about, seen)


def in_torch(found: NoteSteps) -> tuple[np.ndarray, np.ndarray]:
    batch = collate([PhraseExample(found, np.zeros(len(found), int), np.zeros((len(found), 5)))])
    with torch.inference_mode():
        ticks, pitches, _ = small_phrase.network()(batch)
    return ticks.log_softmax(-1)[0].numpy(), pitches.log_softmax(-1)[0].numpy()


def test_numpy_says_what_torch_says(model: PhraseModel) -> None:
    found = sequence()
    ticks, pitches = in_torch(found)
    reading = Reading(model, 8)
    assert np.abs(reading.read(found) - ticks).max() < 1e-4
    given = np.maximum(found.next_tick, 0)
    there = found.next_pitch >= 0
    assert np.abs(reading.pitches(given) - pitches)[there].max() < 1e-4


def test_step_by_step_is_the_same_and_what_is_forgotten_leaves_no_trace(model: PhraseModel) -> None:
    found = sequence()
    whole = Reading(model).read(found)
    ones = [found.part(at, at + 1) for at in range(len(found))]
    reading = Reading(model, 4)
    for one in ones[:20]:
        reading.read(one)
    for one in ones[40:50]:
        reading.read(one)
    reading.length = 20
    for at in range(20, len(ones)):
        assert np.abs(reading.read(ones[at])[0] - whole[at]).max() < 1e-4


def test_it_reads_without_torch(tmp_path: Path) -> None:
    folder = small_phrase.written(tmp_path / "model")
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from engine.phrase.model import load\n"
        "from engine.phrase import surprise\n"
        f"load(Path({str(folder)!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_missing_and_damaged_models_are_refused_in_one_line(tmp_path: Path) -> None:
    folder = small_phrase.written(tmp_path / "model")
    with pytest.raises(BadModel, match="cannot be read"):
        load(tmp_path / "none")
    card = json.loads((folder / CARD).read_text())
    changes: dict[str, dict[str, Any]] = {
        "format": {"format": 9},
        "digest": {"weights": "0" * 64},
        "shape": {"shape": {**card["shape"], "width": 32}},
        "sizes": {"shape": {**card["shape"], "width": 10**9}},
        "no shape": {"shape": None},
    }
    for name, change in changes.items():
        broken = tmp_path / name
        shutil.copytree(folder, broken)
        (broken / CARD).write_text(json.dumps({**card, **change}))
        with pytest.raises(BadModel) as caught:
            load(broken)
        assert "\n" not in caught.value.line()
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-9])
    with pytest.raises(BadModel, match="not those that its card names"):
        load(folder)
