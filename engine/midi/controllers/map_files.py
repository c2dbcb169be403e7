"""Controller maps as TOML files: those that ship, and the user's own, read strictly.

A file names a device and lists its bindings::

    device = "nanoKONTROL2"

    [[binding]]
    control = "cc 16"
    channel = 1
    target = "gauge note_density"
    curve = "s-shape"
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from engine.common import atomic
from engine.errors import ArmonicaError, BadFile, UnknownName
from engine.locations import CONTROLLERS, config_folder
from engine.midi.controllers.bindings import MOST, Binding, DeviceMap
from engine.midi.controllers.controls import LAST, Control
from engine.midi.controllers.targets import Target
from engine.text import printable

LARGEST = 1_000_000
"""The largest file in bytes."""

_LONGEST = 500
_TOP = ("device", "note", "feedback", "binding")
_ENTRY = (
    "control", "channel", "target", "low", "high", "curve", "takeover", "encoding", "threshold",
    "step",
)  # fmt: skip
_NUMBERS = ("low", "high", "threshold", "step")


class BadController(BadFile):
    """A controller map that is missing or damaged, or speaks of what is not there."""

    title = "Controller map"


@dataclass(frozen=True, slots=True)
class MapFile:
    """A map, the file that it was read from, and whether it is one of those that ship."""

    path: Path
    map: DeviceMap
    shipped: bool = False


def own_folder() -> Path:
    """Return the folder of the user's own maps."""
    return config_folder() / "controllers"


def read(path: Path) -> DeviceMap:
    """Read a map; raises `BadController` that names the file and the entry at fault."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError("it is larger than 1 MB")
        table = tomllib.loads(data.decode())
    except OSError as error:
        raise BadController(
            f"{path} cannot be read: {error.strerror}.", "Name a file that is there."
        ) from None
    except (ValueError, RecursionError) as error:
        raise BadController(f"{path} is no TOML: {error}.", "Mend it or remove it.") from None
    return _map(path, table)


def text(device: DeviceMap) -> str:
    """Return a map as the text of its file; what it reads to is equal to it."""
    lines = [f"device = {_quoted(device.device)}"]
    if device.note:
        lines.append(f"note = {_quoted(device.note)}")
    if device.feedback:
        lines.append("feedback = true")
    for each in device.bindings:
        number = "" if LAST[each.control.kind] == 0 else f" {each.control.number}"
        lines += [
            "",
            "[[binding]]",
            f'control = "{each.control.kind}{number}"',
            f"channel = {each.control.channel + 1}",
            f"target = {_quoted(str(each.target))}",
        ]
        usual = Binding(each.control, each.target)
        for name in _ENTRY[3:]:
            value = getattr(each, name)
            if value != getattr(usual, name):
                shown = _quoted(value) if isinstance(value, str) else repr(float(value))
                lines.append(f"{name} = {shown}")
    return "\n".join(lines) + "\n"


def write(path: Path, device: DeviceMap) -> None:
    """Write a map, making the folder where it lacks; raises `CannotWrite`.

    Raises `BadController` where a file is there that is no map: it may be one to be mended.
    """
    if not path.parent.is_dir():
        atomic.make_folder(path.parent)
    if path.exists():
        read(path)
    atomic.write(path, text(device).encode())


def own_file(device: str) -> Path:
    """Return the place of the user's map of a device: no name leads out of the folder."""
    slug = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")[:60] or "device"
    mark = hashlib.sha256(device.encode(errors="replace")).hexdigest()[:6]
    return own_folder() / f"{slug}-{mark}.toml"


def files() -> list[Path]:
    """Return the files of all maps, the user's own first."""
    return [
        path for folder in (own_folder(), CONTROLLERS) for path in sorted(folder.glob("*.toml"))
    ]


def load() -> tuple[list[MapFile], list[BadController]]:
    """Read all maps, the user's own first, and return what is wrong with those that are not."""
    maps: list[MapFile] = []
    wrong: list[BadController] = []
    for path in files():
        try:
            maps.append(MapFile(path, read(path), path.parent == CONTROLLERS))
        except BadController as error:
            wrong.append(error)
    return maps, wrong


def _map(path: Path, table: Mapping[str, Any]) -> DeviceMap:
    _known(path, "setting", table, _TOP)
    device = _text(path, "device", table.get("device"))
    note = _text(path, "note", table.get("note", ""))
    feedback = table.get("feedback", False)
    if not isinstance(feedback, bool):
        _wrong(path, "feedback is true or false.")
    entries = table.get("binding", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        _wrong(path, "the bindings are not entries.", "Write each under [[binding]].")
    if len(entries) > MOST:
        _wrong(path, f"{len(entries)} bindings are more than the {MOST} that a map can have.")
    bindings = tuple(_binding(path, at, each) for at, each in enumerate(entries, 1))
    return DeviceMap(device, bindings, note, feedback)


def _binding(path: Path, at: int, entry: Mapping[str, Any]) -> Binding:
    where = f"binding {at}"
    _known(path, f"part of {where}", entry, _ENTRY)
    control = _control(path, where, entry.get("control"), entry.get("channel", 1))
    where = f"{where} ({control.kind} {control.number})"
    target = entry.get("target")
    if not isinstance(target, str):
        _wrong(path, f"{where} has no target.", 'Write target = "gauge note_density".')
    given: dict[str, Any] = {name: entry[name] for name in _ENTRY[3:] if name in entry}
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _NUMBERS and not number:
            _wrong(path, f"{name} of {where} is {value!r:.40}.", "It is a number.")
        if name not in _NUMBERS and not isinstance(value, str) and (name != "curve" or not number):
            _wrong(path, f"{name} of {where} is {value!r:.40}.", 'It is a text in "quotes".')
        if number and abs(value) > 1e9:
            _wrong(path, f"{name} of {where} is out of all bounds.")
    try:
        given = {n: float(v) if isinstance(v, int) else v for n, v in given.items()}
        return Binding(control, Target.read(target), **given)
    except ArmonicaError as error:
        _wrong(path, f"{where}: {error.message}", error.remedy)


def _control(path: Path, where: str, control: object, channel: object) -> Control:
    says = 'Write control = "cc 16", or cc14, nrpn, note, program with a number, bend, pressure.'
    if not isinstance(control, str) or not control.strip():
        _wrong(path, f"{where} has no control.", says)
    kind, _, number = control.strip().partition(" ")
    number = number.strip()
    if kind not in LAST or (LAST[kind] > 0) != bool(number):
        _wrong(path, f"{where}: {control!r:.40} is no control.", says)
    if number and not (number.isascii() and number.isdigit() and int(number[:6]) <= LAST[kind]):
        _wrong(path, f"{where}: a {kind} has a number from 0 to {LAST[kind]}.")
    if not isinstance(channel, int) or isinstance(channel, bool) or not 1 <= channel <= 16:
        _wrong(path, f"{where}: the channel is {channel!r:.40}.", "It is a number from 1 to 16.")
    return Control(kind, channel - 1, int(number or 0))


def _known(path: Path, what: str, table: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in table:
        if name not in names:
            error = UnknownName(what, name, names)
            _wrong(path, error.message, error.remedy)


def _text(path: Path, name: str, value: object) -> str:
    if not isinstance(value, str):
        _wrong(path, f"{name} is missing." if value is None else f"{name} is no text.")
    if len(value) > _LONGEST or printable(value) != value:
        _wrong(path, f"{name} is longer than a line, or not printable.")
    return value


def _wrong(path: Path, message: str, remedy: str = "Mend the file, or remove it.") -> NoReturn:
    raise BadController(f"{path}: {message}", remedy)


def _quoted(words: str) -> str:
    # Of printable characters a basic string of TOML escapes those that JSON does.
    return json.dumps(printable(words), ensure_ascii=False)
