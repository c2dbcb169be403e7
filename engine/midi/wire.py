"""Messages of the player on a line: one JSON object each, read strictly.

All fields are written; bytes as hexadecimal digits, and a note as a list of its fields.
"""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, get_args

from engine.common.codec import Codec
from engine.common.json_values import BadLine, finite, listed, string, whole
from engine.common.line_pipe import MAX_LINE
from engine.errors import UserError
from engine.midi.messages import Message, TimedNote


class BadMessage(UserError):
    """A line that is not a message of the player's vocabulary."""

    title = "Player message"


def encode(message: Message) -> bytes:
    """Return the message as one line of JSON with its end.

    Raises BadMessage where the line would be longer than MAX_LINE.
    """
    body = _CODEC.plain(message)
    line = json.dumps(body, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise BadMessage(f"A message of {len(line)} bytes is over the {MAX_LINE} of a line.")
    return line


def decode(line: bytes) -> Message:
    """Read one line, with or without its end.

    Raises BadMessage for a line that is malformed, unknown, too long or out of range.
    """
    if len(line) > MAX_LINE:
        raise BadMessage(f"A line of {len(line)} bytes is over the {MAX_LINE} allowed.")
    try:
        message: Message = _CODEC.read(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"A line is not JSON: {error}.") from None
    except BadLine as error:
        raise BadMessage(error.message) from None
    return message


def _note(row: Any) -> TimedNote:
    on, off, *rest = listed(row)
    return TimedNote(finite(on), finite(off), *map(whole, rest))


_CODEC = Codec(
    get_args(Message),
    finite=True,
    whole=True,
    tag="type",
    forms={
        bytes: (bytes.hex, lambda body: bytes.fromhex(string(body))),
        # The name of a port may hold what no text can.
        str: (str, string),
        TimedNote: (attrgetter("on", "off", "channel", "pitch", "velocity"), _note),
    },
)
