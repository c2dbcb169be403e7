"""`armonica bench start`: until gauges are painted and live, against importing torch."""

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

LIVE = "From here:"
"""How the line begins that says what gauges do, once there is a model to ask."""


def run(rounds: int = ROUNDS) -> tuple[Result, ...]:
    """Start both in turn and compares the medians; the first turn compiles and warms up."""
    with tempfile.TemporaryDirectory() as home:
        # Both find their modules compiled, whatever this environment says about writing them.
        variables = {"PYTHONDONTWRITEBYTECODE": "", "ARMONICA_HOME": home}
        times = [(*_ours(variables), _other(variables)) for _ in range(rounds)][1:]
    how = (
        f"a terminal of {SIZE[0]}x{SIZE[1]}, opening the song that ships, all modules compiled "
        f"before; median of {len(times)} turns; the other is the whole run of "
        "`python -c 'import torch'`"
    )
    painted, live, other = (median(each) for each in zip(*times, strict=True))
    return (
        Result("start", painted, other, "s", f"until the first bytes of the first gauge on {how}"),
        Result("gauges live", live, other, "s", f"until the model can be asked, as seen on {how}"),
    )


def _ours(variables: dict[str, str]) -> tuple[float, float]:
    with PseudoTerminal(application(), variables) as terminal:
        painted = terminal.wait_for(ATTRIBUTES[0].label) - terminal.started
        live = terminal.wait_for(LIVE) - terminal.started
        terminal.kill()
    return painted, live


def _other(variables: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], check=True, env=os.environ | variables)
    return time.monotonic() - began
