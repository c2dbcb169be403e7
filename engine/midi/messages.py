"""The messages to the player process, and its reports, as one vocabulary.

Times are absolute seconds of ``time.monotonic()``, which all processes of a machine share.
Every message checks its own ranges when it is made, so a message that exists is a valid one,
whether it was built here or read from a line (see ``wire``).
"""

from __future__ import annotations

# A message is added in its own module alone; users of the vocabulary have it from here.
from engine.midi.from_player import *  # noqa: F403
from engine.midi.from_player import FromPlayer
from engine.midi.to_player import *  # noqa: F403
from engine.midi.to_player import ToPlayer

Message = ToPlayer | FromPlayer


def control_name(port: str, data: bytes) -> str:
    """Name what a message of a channel comes from: port, kind, channel, and its number if any.

    A key is the same when it is left: ``9924 alsa:pads`` for note 36 on channel 10.
    """
    kind = data[0] | 0x10 if data[0] & 0xF0 == 0x80 else data[0]
    number = f"{data[1]:02x}" if kind & 0xF0 in (0x90, 0xA0, 0xB0) else ""
    return f"{kind:02x}{number} {port}"


def outlet_of(message: Message) -> int:
    """Return the outlet that a message is for or about; 0 where it names none."""
    return getattr(message, "outlet", 0)
