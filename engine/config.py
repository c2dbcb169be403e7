"""Every setting, declared once, and read from a file and from the environment."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from engine.errors import BadFile, UnknownName, UserError
from engine.locations import config_folder

FILE = "config.toml"
PREFIX = "ARMONICA_"

_RANGES = {
    "rate": (1.0, 60.0),
    "clock_offset": (-500.0, 500.0),
    "strength": (0.0, 1.0),
    "latency": (0.0, 500.0),
    "count_in": (0.0, 4.0),
}

_OTHER_VARIABLES = frozenset({"ARMONICA_HOME"})
_LARGEST = 1_000_000
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class BadSetting(UserError):
    """A setting whose value it cannot have."""

    title = "Settings"


def _setting(default: object, says: str) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the program; each field is one."""

    port: str = _setting("", "The MIDI port to open at the start; empty: the last used; or none.")
    inputs: str = _setting(
        "all", "The MIDI ports to hear: all, none, or parts of their names with commas between."
    )
    channels: str = _setting(
        "all",
        "The MIDI channels whose playing counts: all, or some of 1 to 16 with commas between.",
    )
    thru: bool = _setting(True, "Whether what is played on a keyboard goes on to the instrument.")
    clock: str = _setting(
        "own", "Whose clock is kept: own, any (an input that sends one), or a part of its name."
    )
    clock_offset: float = _setting(
        0.0, "How much later than a clock that is followed the music is, in ms; below 0: earlier."
    )
    strength: float = _setting(
        1.0, "How far recorded notes are pulled to the grid: 0 not at all, 1 all the way."
    )
    latency: float = _setting(
        0.0, "How late a key is heard, in milliseconds; recorded notes are moved back by it."
    )
    click: Literal["recording", "count-in", "never"] = _setting(
        "recording", "When beats are struck: all through a recording, before it, or never."
    )
    click_sound: Literal["wood block", "high note"] = _setting(
        "wood block", "What strikes beats: channel 10's wood block, or a high note of the track."
    )
    click_channel: float = _setting(
        0.0, "The channel that beats are struck on, 1 to 16; 0: 10, or the track's for a high note."
    )
    click_note: float = _setting(
        0.0, "The note that strikes all beats, 1 to 127; 0: as the click sound has them."
    )
    count_in: float = _setting(1.0, "How many measures are counted in before a recording.")
    keymap: str = _setting("", "The keymap, by name or as a file; empty: what fits the terminal.")
    theme: str = _setting("dark", "The colours of the screens, by name or as a file.")
    timing: Literal["now", "beat"] = _setting(
        "now", "When an edit is heard while the song plays: now, or at the next beat."
    )
    audition: bool = _setting(
        True, "Whether an edit sounds its measure once while the song stands."
    )
    rate: float = _setting(
        20.0, "How many times a second the screen follows the music; 5 spares a slow line."
    )
    autosave: bool = _setting(True, "Whether a song that is not saved is kept by itself.")
    soundfont: str = _setting(
        "", "The SoundFont of the built-in synth and of renders; empty: the one installed."
    )
    audio: str = _setting(
        "", "The sound device to play to, by a part of its name; empty: the system's choice."
    )
    folders: str = _setting(
        "",
        "Folders with commas between that attached screens may read and write, beside the songs'.",
    )
    song: str = _setting("", "The song file to open at the start; empty: the first one shipped.")


@dataclass(frozen=True, slots=True)
class Value:
    """A setting as it stands: its value, where that came from, what it does and may be."""

    name: str
    value: str | bool | float
    source: str
    says: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, and for each of them where its value came from."""

    settings: Settings
    values: tuple[Value, ...]


def load(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the settings: defaults, then ``config.toml``, then ``ARMONICA_...`` variables.

    Raises `BadFile` for a file that is no TOML, `UnknownName` for a setting that there is
    not, and `BadSetting` for a value that a setting cannot have.
    """
    path = (folder or config_folder()) / FILE
    given: dict[str, tuple[object, str]] = {}
    for name, value in _file(path).items():
        _known(name, f"setting in {path}")
        given[name] = (_checked(name, value, f"in {path}"), str(path))
    for variable, text in sorted((os.environ if environment is None else environment).items()):
        if not variable.startswith(PREFIX) or variable in _OTHER_VARIABLES:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in _NAMES:
            raise UnknownName("variable", variable, [PREFIX + known.upper() for known in _NAMES])
        given[name] = (_checked(name, _from_text(name, text), f"in {variable}"), variable)
    settings = Settings(**{name: value for name, (value, _) in given.items()})  # type: ignore[arg-type]
    values = tuple(
        Value(
            each.name,
            getattr(settings, each.name),
            given[each.name][1] if each.name in given else "default",
            each.metadata["says"],
            _choices(each.name),
        )
        for each in fields(Settings)
    )
    return Config(settings, values)


def channels(text: str, what: str = "A channel is") -> tuple[int, ...]:
    """Read channels as users count them, from 1: none for all; raises `BadSetting`."""
    parts = text.replace(",", " ").split()
    if parts in ([], ["all"]):
        return ()
    numbers = {int(part) if part.isascii() and part.isdigit() else 0 for part in parts}
    if not numbers <= set(range(1, 17)):
        raise BadSetting(f"{what} {text[:40]!r}.", "It is all, or some of 1 to 16.")
    return tuple(sorted(number - 1 for number in numbers))


def folders(text: str, what: str = "folders is") -> tuple[Path, ...]:
    """Read whole paths with commas between, ``~`` for home; raises `BadSetting`."""
    parts = [part.strip() for part in text.split(",")]
    found = []
    for part in filter(None, parts):
        with contextlib.suppress(RuntimeError):
            found.append(Path(part).expanduser())
        if not found or not found[-1].is_absolute() or "\0" in part:
            raise BadSetting(f"{what} {text[:80]!r}.", "It is whole paths with commas between.")
    return tuple(found)


def _file(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read: {error.strerror}.", "Check who may read it."
        ) from None
    try:
        if len(data) > _LARGEST:
            raise ValueError("it is larger than 1 MB")
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path} is no TOML: {error}.", "Mend it or remove it.") from None


def _known(name: str, kind: str) -> None:
    if name not in _NAMES:
        raise UnknownName(kind, name, _NAMES)


def _from_text(name: str, text: str) -> object:
    if _HINTS[name] is bool:
        word = text.strip().casefold()
        return True if word in _TRUE else False if word in _FALSE else text
    if _HINTS[name] is float:
        with contextlib.suppress(ValueError):
            return float(text)
    return text


def _checked(name: str, value: object, where: str) -> object:
    choices = _choices(name)
    if _HINTS[name] is bool:
        if not isinstance(value, bool):
            raise BadSetting(f"{name} {where} is {value!r}.", "It is true or false.")
    elif _HINTS[name] is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadSetting(f"{name} {where} is {value!r}.", "It is a number.")
        low, high = _RANGES[name]
        if not low <= value <= high:
            raise BadSetting(
                f"{name} {where} is {value:g}.", f"It is a number from {low:g} to {high:g}."
            )
        return float(value)
    elif not isinstance(value, str):
        raise BadSetting(f"{name} {where} is {value!r}.", 'It is a text in "quotes".')
    elif choices and value not in choices:
        raise BadSetting(f"{name} {where} is {value!r}.", f"It is {' or '.join(choices)}.")
    elif name == "channels":
        channels(value, f"{name} {where} is")
    elif name == "folders":
        folders(value, f"{name} {where} is")
    return value


def _choices(name: str) -> tuple[str, ...]:
    hint = _HINTS[name]
    return ("true", "false") if hint is bool else tuple(map(str, get_args(hint)))


_HINTS = get_type_hints(Settings)
_NAMES = tuple(each.name for each in fields(Settings))
