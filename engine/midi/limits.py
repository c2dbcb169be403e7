"""The limits of messages to the player, and what a valid MIDI message is."""

from __future__ import annotations

import math

from engine.errors import OutOfRange

MAX_DATA = 16_384
"""The longest raw MIDI message in bytes; JACK loses longer ones without a word."""

MOST_AHEAD = 60.0
"""The most seconds that notes can be wanted before their time."""

TICKS_PER_QUARTER = 24
TICKS_PER_SIXTEENTH = 6
"""A song position counts sixteenths, each six clock ticks long."""

LAST_POSITION = 16_383

LAST_OUTLET = 7
"""Outlets are numbered from 0, which is the song's own."""

LAST_VOICE = 255
"""Voices are numbered from 0: what is scheduled in one is dropped or changed by itself."""

CLICKS = LAST_VOICE
"""The voice of the metronome."""

_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0}
_SYSTEM_BYTES |= {0xFE: 0, 0xFF: 0}


def check_time(what: str, value: float) -> None:
    """Raise `OutOfRange` where a time is not finite."""
    if not math.isfinite(value):
        raise OutOfRange(f"The time of a {what} is {value}.")


def check_outlet(number: int) -> None:
    """Raise `OutOfRange` where there is no such outlet."""
    check_range("outlet", number, 0, LAST_OUTLET)


def check_voice(number: int) -> None:
    """Raise `OutOfRange` where there is no such voice."""
    check_range("voice", number, 0, LAST_VOICE)


def check_interval(value: float) -> None:
    """Raise `OutOfRange` for ticks that would stall or flood the port."""
    # From 1 to 6000 quarters in a minute.
    if not 60 / (6000 * TICKS_PER_QUARTER) <= value <= 60 / TICKS_PER_QUARTER:
        raise OutOfRange(f"A clock interval of {value} s is outside 1 to 6000 beats a minute.")


def check_range(what: str, value: int, low: int, high: int) -> None:
    """Raise `OutOfRange` for a number outside a range."""
    if not low <= value <= high:
        raise OutOfRange(f"A {what} of {value} is outside {low} to {high}.")


def check_midi(data: bytes) -> None:
    """Raise `OutOfRange` for bytes that are not one MIDI message."""
    if not data or data[0] < 0x80:
        raise OutOfRange("A MIDI message starts with a status byte.")
    status, body = data[0], data[1:]
    if len(data) > MAX_DATA:
        raise OutOfRange(f"A MIDI message of {len(data)} bytes is over the {MAX_DATA} allowed.")
    if status == 0xF0:
        if body[-1:] != b"\xf7":
            raise OutOfRange("A system exclusive message ends with F7.")
        body = body[:-1]
    else:
        sizes = _SYSTEM_BYTES if status >= 0xF0 else _DATA_BYTES
        size = sizes.get(status if status >= 0xF0 else status & 0xF0)
        if size != len(body):
            raise OutOfRange(f"The MIDI message {data[:8].hex(' ')} has a wrong length.")
    if any(byte >= 0x80 for byte in body):
        raise OutOfRange(f"The MIDI message {data[:8].hex(' ')} has a status byte inside.")
