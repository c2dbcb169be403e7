"""How our own modules are run as processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def child_command(module: str, *arguments: str) -> list[str]:
    """Gives the command that runs one of our modules in a process of its own.

    ``-P`` keeps the folder the user works in off the path, whatever lies in it.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """Gives the environment in which such a process finds the same engine as this one."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([here, path] if path else [here])}
