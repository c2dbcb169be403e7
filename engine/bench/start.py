"""`armonica bench start`: until the first gauge is painted, against importing torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from engine.bench import Result
from engine.bench.terminal import SIZE, PseudoTerminal, application
from engine.music.attributes import ATTRIBUTES

ROUNDS = 6


def run(rounds: int = ROUNDS) -> tuple[Result, ...]:
    """Start both in turn and compares the medians; the first turn compiles and warms up."""
    with tempfile.TemporaryDirectory() as home:
        # Both find their modules compiled, whatever this environment says about writing them.
        variables = {"PYTHONDONTWRITEBYTECODE": "", "ARMONICA_HOME": home}
        times = [(_ours(variables), _other(variables)) for _ in range(rounds)][1:]
    how = (
        f"from the start of the process to the first bytes of the first gauge on a terminal of "
        f"{SIZE[0]}x{SIZE[1]}, opening the song that ships, all modules compiled before; median "
        f"of {len(times)} turns; the other is the whole run of `python -c 'import torch'`"
    )
    return (Result("start", median(a for a, _ in times), median(b for _, b in times), "s", how),)


def _ours(variables: dict[str, str]) -> float:
    with PseudoTerminal(application(), variables) as terminal:
        seconds = terminal.wait_for(ATTRIBUTES[0].label) - terminal.started
        # In order it would first finish loading the model, which nobody waits for here.
        terminal.kill()
    return seconds


def _other(variables: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], check=True, env=os.environ | variables)
    return time.monotonic() - began
