"""Where things lie: what ships with the program, and what belongs to the user."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PRESETS = Path(__file__).resolve().parent.parent / "presets"
"""The data that ships with the program; a checkout and an install find it the same way."""

CORPUS = PRESETS / "corpus"
MEASURE_VAE = PRESETS / "models" / "measure-vae"
SONGS = PRESETS / "songs"


def config_folder() -> Path:
    """Gives the user's folder of settings, keymaps and controller maps."""
    return _folder("CONFIG", platformdirs.user_config_path("armonica", appauthor=False))


def data_folder() -> Path:
    """Gives the user's folder of songs, exports and models of their own."""
    return _folder("DATA", platformdirs.user_data_path("armonica", appauthor=False))


def state_folder() -> Path:
    """Gives the user's folder of logs and of songs kept by themselves."""
    return _folder("STATE", platformdirs.user_state_path("armonica", appauthor=False))


def _folder(kind: str, usual: Path) -> Path:
    # One variable moves all three, so that tests and services keep to themselves.
    home = os.environ.get("ARMONICA_HOME")
    return Path(home) / kind.lower() if home else usual
