"""`armonica bench screen`: bytes written for a step of a gauge, against `Static.update`."""

from __future__ import annotations

import json
import subprocess

from engine.bench import Result
from engine.common.child_process import child_command, child_environment
from engine.errors import NotReady

PATIENCE = 120.0
STEPS = 24


def run(steps: int = STEPS) -> tuple[Result, ...]:
    """Count both on a pseudo-terminal of 120x40 cells in true colour."""
    try:
        done = subprocess.run(
            child_command("tui.byte_counter", "--json", "--steps", str(steps)),
            env=child_environment(),
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
        found = json.loads(done.stdout)
        ours, other = float(found["ours"]), float(found["other"])
        if min(ours, other) <= 0:
            raise ValueError("a step wrote nothing")
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise NotReady(
            f"The screen cannot be counted: {error}.",
            "Run `python -m tui.byte_counter` to see why.",
        ) from None
    how = (
        f"mean of {steps} steps of a quarter on one gauge of four, 120x40 cells, true colour; "
        "the other draws the same rows with plain Textual, one Static for each gauge"
    )
    return (Result("screen", ours, other, "bytes", how),)
