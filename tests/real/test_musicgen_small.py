"""facebook/musicgen-small in its exact shapes, with random weights, in its own files."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.steering.musicgen import memory
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import models_folder, open_model
from tests.support.checkpoints import write_musicgen_small

pytestmark = [pytest.mark.real, pytest.mark.long]


class Pushed:
    """Pushes every head of every layer at every fifth step, and counts what it reads."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape, self.reads = shape, 0

    def push(self, step: int) -> torch.Tensor | None:
        return torch.ones(self.shape) if step % 5 == 0 else None

    def read(self, step: int, outputs: torch.Tensor) -> None:
        assert outputs.shape == self.shape
        assert step == self.reads
        self.reads += 1

    def readings(self) -> dict[str, Any]:
        return {}


def test_exact_shapes_load_steer_and_stop(tmp_path: Path) -> None:
    free = memory.free_memory("cpu") or 0
    if free < 7e9 or shutil.disk_usage(tmp_path).free < 3e9:
        pytest.skip("7 GB of memory and 3 GB of disk are needed")
    began = time.monotonic()
    write_musicgen_small(models_folder(), full=True)
    written = time.monotonic() - began
    began = time.monotonic()
    model = open_model("facebook/musicgen-small", device="cpu")
    loaded = time.monotonic() - began
    spec = model.spec
    assert (spec.layers, spec.heads, spec.head_size) == (24, 16, 64)
    assert (spec.sample_rate, spec.frame_rate, spec.codebooks) == (32000, 50.0, 4)
    assert spec.text
    pushed = Pushed((24, 16, 64))
    growing = generate(model, Request(1500, text="drums", seed=1), pushed)
    began = time.monotonic()
    steps = [next(growing) for _ in range(12)]
    each = (time.monotonic() - began) / 12
    growing.close()
    assert pushed.reads == 12
    assert steps[-1].frames == 12 - 3
    assert model.decode(steps[-1].codes).shape == (9 * 640,)
    used = memory.memory_in_use().process
    model.close()
    assert memory.memory_in_use().process < used - 1e9
    print(f"written in {written:.1f} s, loaded in {loaded:.1f} s")
    print(f"{each:.2f} s a step, {used / 1e9:.1f} GB")
