"""The SoundFont that the built-in synth plays: the one set, or the one that is installed.

Finding it imports nothing heavy, so the process that keeps time may ask too.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from engine import locations
from engine.errors import BadFile

_CARRIER = "pretty_midi"
"""A package whose wheel carries a General MIDI SoundFont of 6 MB; it is not imported."""

_HEADER = 12
_ENDING = "Name a SoundFont (.sf2) in the setting soundfont, or leave it empty."


class BadSoundFont(BadFile):
    """A SoundFont that is missing, damaged, or none at all."""

    title = "SoundFont"


def find(setting: str = "") -> Path:
    """Return the file that ``setting`` names, else the General MIDI one that is installed.

    Raises `BadSoundFont` where there is none, or where the file begins as no SoundFont does.
    """
    path = locations.meant(setting, ".sf2") if setting else installed()
    check(path)
    return path


def installed() -> Path:
    """Return the General MIDI SoundFont that came with the packages; raises `BadSoundFont`."""
    try:
        spec = find_spec(_CARRIER)
    except (ImportError, ValueError):
        spec = None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.sf2")):
            return path
    raise BadSoundFont(
        "No SoundFont was installed with the program.",
        "Run `uv sync` again, or name one in the setting soundfont.",
    )


def check(path: Path) -> None:
    """Raise `BadSoundFont` unless the file begins as a SoundFont and is all there."""
    try:
        # Opening a pipe would wait for whoever writes to it.
        if path.exists() and not path.is_file():
            raise BadSoundFont(f"{path} is not a file.", _ENDING)
        with path.open("rb") as file:
            header = file.read(_HEADER)
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadSoundFont(f"{path} cannot be read: {reason}.", _ENDING) from None
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise BadSoundFont(f"{path} is no SoundFont.", _ENDING)
    if size < int.from_bytes(header[4:8], "little") + 8:
        raise BadSoundFont(f"{path} is cut short.", _ENDING)
