"""Messages of the player on a line: one JSON object each, read strictly.

The shape of every line follows from the message's own fields, so that there is one vocabulary.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

from engine.common.line_pipe import MAX_LINE
from engine.errors import OutOfRange, UserError
from engine.midi.messages import Message, TimedNote


class BadMessage(UserError):
    """A line that is not a message of the player's vocabulary."""

    title = "Player message"


def encode(message: Message) -> bytes:
    """Gives the message as one line of JSON with its end.

    Raises BadMessage where the line would be longer than MAX_LINE.
    """
    body: dict[str, Any] = {"type": type(message).__name__}
    for field in fields(message):
        body[field.name] = _plain(getattr(message, field.name))
    line = json.dumps(body, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise BadMessage(f"A message of {len(line)} bytes is over the {MAX_LINE} of a line.")
    return line


def decode(line: bytes) -> Message:
    """Reads one line, with or without its end.

    Raises BadMessage for a line that is malformed, unknown, too long or out of range.
    """
    if len(line) > MAX_LINE:
        raise BadMessage(f"A line of {len(line)} bytes is over the {MAX_LINE} allowed.")
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"A line is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise BadMessage("A line is not a JSON object.")
    name = body.pop("type", None)
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise BadMessage(f"There is no message called {str(name)[:40]!r}.")
    kind, readers, required = shape
    if missing := required - body.keys():
        raise BadMessage(f"{name} lacks {', '.join(sorted(missing))}.")
    if unknown := body.keys() - readers.keys():
        raise BadMessage(f"{name} has no field called {min(unknown)[:40]!r}.")
    try:
        return kind(**{field: readers[field](value) for field, value in body.items()})
    except OutOfRange as error:
        raise BadMessage(error.message) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise BadMessage(f"{name} cannot be read: {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, TimedNote):
        return [value.on, value.off, value.channel, value.pitch, value.velocity]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is wanted")
    return float(value)


def _exactly(kind: type) -> Callable[[object], Any]:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} is wanted")
        return value

    return read


def _name_or_none(value: object) -> str | None:
    return None if value is None else str(_exactly(str)(value))


def _bytes(value: object) -> bytes:
    return bytes.fromhex(_exactly(str)(value))


def _names(value: object) -> tuple[str, ...]:
    return tuple(_exactly(str)(name) for name in _exactly(list)(value))


def _whole_or_none(value: object) -> int | None:
    return None if value is None else int(_exactly(int)(value))


def _wholes(value: object) -> tuple[int, ...]:
    return tuple(_exactly(int)(number) for number in _exactly(list)(value))


def _note(value: object) -> TimedNote:
    on, off, *rest = _exactly(list)(value)
    return TimedNote(_number(on), _number(off), *(_exactly(int)(item) for item in rest))


def _notes(value: object) -> tuple[TimedNote, ...]:
    return tuple(_note(item) for item in _exactly(list)(value))


_READERS: dict[object, Callable[[object], Any]] = {
    float: _number,
    int: _exactly(int),
    bool: _exactly(bool),
    str: _exactly(str),
    bytes: _bytes,
    str | None: _name_or_none,
    int | None: _whole_or_none,
    tuple[int, ...]: _wholes,
    tuple[str, ...]: _names,
    tuple[TimedNote, ...]: _notes,
}


def _shape(
    kind: type,
) -> tuple[Callable[..., Message], dict[str, Callable[[object], Any]], set[str]]:
    hints = typing.get_type_hints(kind)
    parts = fields(kind)
    required = {part.name for part in parts if part.default is MISSING}
    return kind, {part.name: _READERS[hints[part.name]] for part in parts}, required


_SHAPES = {kind.__name__: _shape(kind) for kind in typing.get_args(Message)}
