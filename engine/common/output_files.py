"""Where a file of ours may be written: a name with its suffix, and nothing of others replaced."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from engine.common.atomic import cannot_write
from engine.errors import CannotWrite, UserError

_HEAD = 4096
_SHOWN = 200


class BadName(UserError):
    """A name under which a file of this kind cannot be written."""

    title = "File name"


@dataclass(frozen=True, slots=True)
class OutputKind:
    """A kind of file: what it is called, its suffixes, the usual first, and how it begins."""

    name: str
    suffixes: tuple[str, ...]
    begins: re.Pattern[bytes]


SONG = OutputKind("an Armonica song", (".armonica",), re.compile(rb'\s*\{\s*"armonica"\s*:'))
MIDI = OutputKind("a MIDI file", (".mid", ".midi"), re.compile(rb"MThd"))
SOUND = OutputKind(
    "a WAV or FLAC file", (".wav", ".flac"), re.compile(rb"(RIFF|RF64|RIFX)....WAVE|fLaC", re.S)
)
RECIPE = OutputKind("a take's recipe", (".json",), re.compile(rb'\s*\{\s*"armonica_take"\s*:'))
PROVENANCE = OutputKind(
    "a provenance of Armonica",
    (".json",),
    re.compile(rb'\s*\{\s*"format"\s*:\s*\d+\s*,\s*"program"\s*:\s*"armonica '),
)


def named(path: str, kind: OutputKind) -> Path:
    """Return the whole path that is meant: ``~`` is home, and the suffix may be left out.

    Raises `BadName` where no file is named, or one with the suffix of another kind.
    """
    typed = Path(path)
    try:
        place = typed.expanduser()
    except RuntimeError:
        # Where nobody has the home that is named, the name stands for itself.
        place = typed
    home = place != typed and len(typed.parts) == 1
    folder = home or os.path.split(path)[1] in ("", ".", "..")
    if not path.strip() or folder or not place.name.strip(". "):
        raise BadName("This names no file.", f"Name a file that ends in {kind.suffixes[0]}.")
    if place.name.lower() in kind.suffixes:
        raise BadName(f"{place.name} is a suffix without a name.", "Put a name before it.")
    if not place.suffix:
        place = place.with_name(place.name + kind.suffixes[0])
    if place.suffix.lower() not in kind.suffixes:
        wrong = "neither " if kind.suffixes[1:] else "not "
        raise BadName(
            f"{shown(place.name)} is {wrong}{' nor '.join(kind.suffixes)}.",
            f"Let the name end in {kind.suffixes[0]}.",
        )
    return place.absolute()


def check(place: Path, kind: OutputKind) -> None:
    """Raise `CannotWrite` where something is there that is not of this kind by its content."""
    try:
        state = place.stat()
        if not stat.S_ISREG(state.st_mode):
            raise CannotWrite(f"{shown(place)} is there already, and is not a file.", "Rename it.")
        with place.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise cannot_write(place, error) from None
    # In an empty file there is nothing to lose.
    if head and kind.begins.match(head) is None:
        raise CannotWrite(
            f"{shown(place)} is there already, and is not {kind.name}.",
            "It is left as it is: use another name.",
        )


def shown(name: str | Path) -> str:
    """Return a name that is short enough for a message."""
    text = str(name)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
