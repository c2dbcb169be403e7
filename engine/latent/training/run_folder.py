"""The folder of a training: its checkpoint, from which an equal run goes on, and its figures."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from engine.common import atomic
from engine.errors import BadModel

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"


def save(folder: Path, run: str, state: dict[str, Any]) -> None:
    """Write a checkpoint of a ``run``, whole or not at all; raises `CannotWrite`."""
    atomic.make_folder(folder)
    content = BytesIO()
    torch.save({**state, "run": run}, content)
    atomic.write(folder / CHECKPOINT, content.getvalue())


def saved(folder: Path, run: str) -> dict[str, Any] | None:
    """Return the state of a run's checkpoint, None where there is none.

    Raises `BadModel` for one that is damaged or of another run.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        run_of = state["run"]
    except Exception as error:
        raise damaged(folder) from error
    if run_of != run:
        raise BadModel(
            f"The checkpoint in {folder} belongs to another run ({run_of}).",
            "Name another folder, or repeat that run's options.",
        )
    return state


def damaged(folder: Path) -> BadModel:
    """Return what is raised for a checkpoint that cannot be read."""
    return BadModel(
        f"{folder / CHECKPOINT} cannot be read as a checkpoint.", "Delete it to start anew."
    )


def note(folder: Path, found: dict[str, Any]) -> None:
    """Add a line to the folder's measurements; raises `CannotWrite`."""
    path = folder / METRICS
    try:
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(found) + "\n")
    except OSError as error:
        raise atomic.cannot_write(path, error) from error
