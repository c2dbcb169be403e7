"""Where things lie: what ships with the program, and what belongs to the user."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PRESETS = Path(__file__).resolve().parent.parent / "presets"
"""The data that ships with the program; a checkout and an install find it the same way."""

CORPUS = PRESETS / "corpus"
KEY_PROFILES = PRESETS / "harmony" / "keys.json"
MEASURE_VAE = PRESETS / "models" / "measure-vae"
PHRASE = PRESETS / "models" / "phrase"
TINY_MUSICGEN = PRESETS / "tiny-musicgen"
SONGS = PRESETS / "songs"
CONTROLLERS = PRESETS / "controllers"


def config_folder() -> Path:
    """Return the user's folder of settings, keymaps and controller maps."""
    return _folder("CONFIG", platformdirs.user_config_path("armonica", appauthor=False))


def data_folder() -> Path:
    """Return the user's folder of songs, exports and models of their own."""
    return _folder("DATA", platformdirs.user_data_path("armonica", appauthor=False))


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    folder: Path
    songs: tuple[Path, ...]


_elsewhere: _Elsewhere | None = None


def songs_folder() -> Path:
    """Return the folder in which songs are saved where nothing else is said."""
    return _elsewhere.folder if _elsewhere else data_folder() / "songs"


def use_songs_of(folder: Path, names: Iterable[str]) -> None:
    """Speak from now on of the songs on the machine of an engine elsewhere, as it told of them.

    ``names`` lie in ``folder``, but for those that are whole paths.
    """
    global _elsewhere
    _elsewhere = _Elsewhere(folder, tuple(folder / name for name in names))


def songs(suffix: str) -> list[Path]:
    """Return the user's songs by name, then those that ship."""
    if _elsewhere is not None:
        return list(_elsewhere.songs)
    found: list[Path] = []
    for folder in (songs_folder(), SONGS):
        with contextlib.suppress(OSError):
            found += sorted(folder.glob(f"*{suffix}"))
    return found


def file_name(title: str) -> str:
    """Return the name of a file for a title."""
    # A file name of at most 255 bytes holds this many of the longest characters.
    return re.sub(r"[^\w\- ]+", "", title).strip()[:56] or "Untitled"


def exists_already(place: Path) -> bool:
    """Return whether a file is there already, on the machine where it would be written.

    Raises `OSError` or `ValueError` for a name that no file can have.
    """
    return place in _elsewhere.songs if _elsewhere is not None else place.exists()


def make_usual(place: Path) -> None:
    """Make the folder that is proposed to every user, where ``place`` lies in it.

    One that a user names is not made, for the name may be a slip of the hand.
    """
    if place.parent == songs_folder():
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)


def state_folder() -> Path:
    """Return the user's folder of logs and of songs kept by themselves."""
    return _folder("STATE", platformdirs.user_state_path("armonica", appauthor=False))


def cache_folder() -> Path:
    """Return the user's folder of what can be made again at the cost of some time."""
    return _folder("CACHE", platformdirs.user_cache_path("armonica", appauthor=False))


def meant(path: str | Path, suffix: str = "") -> Path:
    """Return the place that a user means: ``~`` is home, and ``suffix`` may be left out."""
    place = Path(path)
    # Where nobody has the home that is named, the name stands for itself.
    with contextlib.suppress(RuntimeError):
        place = place.expanduser()
    return place if place.suffix or not place.name else place.with_name(place.name + suffix)


def _folder(kind: str, usual: Path) -> Path:
    # One variable moves them all, so that tests and services keep to themselves.
    home = os.environ.get("ARMONICA_HOME")
    return Path(home) / kind.lower() if home else usual
