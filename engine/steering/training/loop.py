"""Long trainings: seeded, resumable after a kill, with their figures written as they go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from engine.common import atomic
from engine.errors import OutOfRange
from engine.latent.training import run_folder


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is: steps done and in all, steps a second, the last losses."""

    step: int
    steps: int
    rate: float
    losses: dict[str, float]


class Learner(Protocol):
    """What is trained: one step at a time, from a state that can be kept."""

    def step(self, at: int, steps: int) -> dict[str, float]:
        """Take step ``at`` (from 0) of ``steps`` and return its losses.

        What it draws depends on ``at`` and its seed alone, so that a run that is resumed is
        the run that was not stopped.
        """

    def state(self) -> dict[str, Any]:
        """Return all that a checkpoint must hold: tensors and plain values."""

    def load(self, state: dict[str, Any]) -> None:
        """Take such a state up."""

    def validate(self) -> dict[str, float]:
        """Measure on held-out tunes."""

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        """Write what was learned as others load it."""


def has_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 itself; others take many times as long."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def reduced() -> AbstractContextManager[Any]:
    """Return a context in which matrices are multiplied in bfloat16, where that is quicker."""
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16())


def run(
    learner: Learner,
    folder: Path,
    steps: int,
    facts: dict[str, Any],
    *,
    save_every: int = 250,
    measure_every: int = 500,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
) -> Path:
    """Train in ``folder``, going on where an earlier run with the same facts stopped.

    Writes ``checkpoint.pt``, a line of ``metrics.jsonl`` at each measurement, and what was
    learned into ``folder/model``, which is returned. A run with more steps goes on from one
    with fewer. Raises `CannotWrite`, `OutOfRange`, and `BadModel` for a checkpoint that
    is damaged or of another run.
    """
    if steps < 1:
        raise OutOfRange(f"A training has at least one step, not {steps}.")
    torch.set_num_threads(1)
    atomic.make_folder(folder)
    run_of = json.dumps(facts, sort_keys=True)
    at = first = _resume(learner, folder, run_of)
    began = time.monotonic()
    while at < steps:
        losses = learner.step(at, steps)
        at += 1
        if at % 10 == 0 or at == steps:
            rate = (at - first) / max(1e-9, time.monotonic() - began)
            on_progress(TrainingProgress(at, steps, rate, losses))
        if at % measure_every == 0 or at == steps:
            found = {"step": at, "losses": losses, **learner.validate()}
            run_folder.note(folder, found)
            learner.export(folder / "model", {**facts, "steps": at, "measured": found})
        # Last, so that a run that is kept as done has been exported too.
        if at % save_every == 0 or at == steps:
            run_folder.save(folder, run_of, {"at": at, "learner": learner.state()})
    return folder / "model"


def _resume(learner: Learner, folder: Path, run: str) -> int:
    state = run_folder.saved(folder, run)
    if state is None:
        return 0
    try:
        learner.load(state["learner"])
        return int(state["at"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise run_folder.damaged(folder) from error
