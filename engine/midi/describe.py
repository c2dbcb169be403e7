"""One MIDI message in words, as the MIDI 1.0 standard names what is in it.

The names of controllers are those of the standard's table of control changes; those of
manufacturers are a few of the MIDI Association's list, the others are given by number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.music.pitch_names import pitch_name

Kind = Literal["note", "controller", "clock", "pulse", "system"]
"""``pulse`` is what only says that time goes on: clock, time code, active sensing."""

FIRST_BYTES = 8
"""How many bytes of a system exclusive message's contents are said."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message says: its kind, its channel (1 to 16; None: all), and the words.

    Without ``whole`` it breaks the standard, and the words say how.
    """

    kind: Kind
    channel: int | None
    text: str
    whole: bool = True


def decode(data: bytes) -> Decoded:
    """Return one message in words, whatever the bytes are."""
    if not data:
        return Decoded("system", None, "no bytes", whole=False)
    status = data[0]
    if status < 0x80:
        return Decoded("system", None, f"data without a status: {_hex(data)}", whole=False)
    if status == 0xF0:
        return _exclusive(data)
    channel = (status & 0x0F) + 1 if status < 0xF0 else None
    kind, name, length = _NAMES[status] if channel is None else _NAMES[status & 0xF0]
    body = data[1:]
    if fault := _fault(body, length):
        return Decoded(kind, channel, f"{name}, {fault}", whole=False)
    text = _voice(status & 0xF0, body) if channel is not None else _common(status, body)
    return Decoded(kind, channel, text or name)


def _voice(status: int, body: bytes) -> str:
    first, last = body[0], body[-1]
    match status:
        case 0x80:
            return f"note off {pitch_name(first)} vel {last}"
        case 0x90 if last:
            return f"note on  {pitch_name(first)} vel {last}"
        case 0x90:
            # The standard lets a note end so, too.
            return f"note off {pitch_name(first)} (on, vel 0)"
        case 0xA0:
            return f"pressure {pitch_name(first)} {last}"
        case 0xB0:
            return f"CC {first} {controller(first)} {_setting(first, last)}"
        case 0xC0:
            return f"program {first + 1}"
        case 0xD0:
            return f"pressure {first}"
        case _:
            bend = first + 128 * last - 8192
            return f"pitch bend {bend:+d}" if bend else "pitch bend 0"


def _common(status: int, body: bytes) -> str:
    match status:
        case 0xF1:
            return f"time code, {_PIECES[body[0] >> 4]} {body[0] & 0x0F}"
        case 0xF2:
            return f"song position {body[0] + 128 * body[1]} sixteenths"
        case 0xF3:
            return f"song {body[0] + 1}"
    return ""


def _fault(body: bytes, length: int) -> str:
    if not body.isascii():
        return "with a status byte inside"
    if len(body) < length:
        return f"cut short by {_bytes(length - len(body))}"
    if len(body) > length:
        return f"too long by {_bytes(len(body) - length)}"
    return ""


def _exclusive(data: bytes) -> Decoded:
    ended = len(data) > 1 and data[-1] == 0xF7
    body = data[1:-1] if ended else data[1:]
    what, contents = _maker(body)
    faults = []
    if not ended:
        faults.append("without an end")
    if not body.isascii():
        faults.append("with a status byte inside")
    first = _hex(contents[:FIRST_BYTES]) + (" …" if len(contents) > FIRST_BYTES else "")
    said = ", ".join(["sysex " + what, _bytes(len(data)), *faults])
    return Decoded("system", None, f"{said}: {first}" if first else said, whole=not faults)


def _maker(body: bytes) -> tuple[str, bytes]:
    if not body:
        return "of nobody", body
    if body[0] in (0x7E, 0x7F):
        # Universal: a device number, then what it is about.
        known = _UNIVERSAL.get((body[0], *body[2:4])) or _UNIVERSAL.get((body[0], *body[2:3]))
        return known or _MAKERS[body[:1]], body[1:]
    length = 3 if body[0] == 0 else 1
    number, contents = body[:length], body[length:]
    return _MAKERS.get(number, f"of maker {_hex(number)}"), contents


def controller(number: int) -> str:
    """Name a controller, 0 to 127; those without a name in the standard are ``undefined``."""
    if 32 <= number < 64:
        name = _CONTROLLERS.get(number - 32)
        return f"{name} LSB" if name else "undefined"
    return _CONTROLLERS.get(number, "undefined")


def _setting(number: int, value: int) -> str:
    if number in _SWITCHES:
        return f"{value} {'on' if value >= 64 else 'off'}"
    return str(value)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _bytes(count: int) -> str:
    return f"{count} byte{'s' * (count != 1)}"


_NAMES: dict[int, tuple[Kind, str, int]] = {
    # Kind, name, and how many bytes of data follow the status.
    0x80: ("note", "note off", 2),
    0x90: ("note", "note on", 2),
    0xA0: ("note", "pressure", 2),
    0xB0: ("controller", "CC", 2),
    0xC0: ("controller", "program", 1),
    0xD0: ("controller", "pressure", 1),
    0xE0: ("controller", "pitch bend", 2),
    0xF1: ("pulse", "time code", 1),
    0xF2: ("clock", "song position", 2),
    0xF3: ("system", "song", 1),
    0xF4: ("system", "undefined F4", 0),
    0xF5: ("system", "undefined F5", 0),
    0xF6: ("system", "tune request", 0),
    0xF7: ("system", "end of sysex", 0),
    0xF8: ("pulse", "clock", 0),
    0xF9: ("system", "undefined F9", 0),
    0xFA: ("clock", "start", 0),
    0xFB: ("clock", "continue", 0),
    0xFC: ("clock", "stop", 0),
    0xFD: ("system", "undefined FD", 0),
    0xFE: ("pulse", "active sensing", 0),
    0xFF: ("system", "reset", 0),
}

_PIECES = ("frames low", "frames high", "seconds low", "seconds high", "minutes low",
           "minutes high", "hours low", "hours high and rate")  # fmt: skip

_CONTROLLERS = {
    0: "bank select", 1: "modulation", 2: "breath", 4: "foot", 5: "portamento time",
    6: "data entry", 7: "volume", 8: "balance", 10: "pan", 11: "expression",
    12: "effect 1", 13: "effect 2",
    **{16 + n: f"general purpose {n + 1}" for n in range(4)},
    64: "sustain", 65: "portamento", 66: "sostenuto", 67: "soft pedal", 68: "legato",
    69: "hold 2", 70: "sound variation", 71: "timbre", 72: "release time", 73: "attack time",
    74: "brightness", 75: "decay time", 76: "vibrato rate", 77: "vibrato depth",
    78: "vibrato delay", 79: "sound controller 10",
    **{80 + n: f"general purpose {n + 5}" for n in range(4)},
    84: "portamento control", 88: "high resolution velocity", 91: "reverb", 92: "tremolo",
    93: "chorus", 94: "detune", 95: "phaser", 96: "data increment", 97: "data decrement",
    98: "NRPN LSB", 99: "NRPN MSB", 100: "RPN LSB", 101: "RPN MSB", 120: "all sound off",
    121: "reset controllers", 122: "local control", 123: "all notes off", 124: "omni off",
    125: "omni on", 126: "mono on", 127: "poly on",
}  # fmt: skip

_SWITCHES = frozenset({64, 65, 66, 67, 68, 69, 122})

_MAKERS = {
    b"\x01": "Sequential", b"\x04": "Moog", b"\x06": "Lexicon", b"\x07": "Kurzweil",
    b"\x0f": "Ensoniq", b"\x10": "Oberheim", b"\x18": "E-mu", b"\x33": "Clavia",
    b"\x3e": "Waldorf", b"\x40": "Kawai", b"\x41": "Roland", b"\x42": "Korg", b"\x43": "Yamaha",
    b"\x44": "Casio", b"\x47": "Akai", b"\x7d": "non-commercial",
    b"\x7e": "universal", b"\x7f": "universal real-time",
    b"\x00\x01\x05": "M-Audio", b"\x00\x20\x29": "Novation", b"\x00\x20\x32": "Behringer",
    b"\x00\x20\x33": "Access", b"\x00\x20\x3c": "Elektron", b"\x00\x20\x6b": "Arturia",
    b"\x00\x21\x09": "Native Instruments", b"\x00\x21\x1d": "Ableton",
}  # fmt: skip

_UNIVERSAL: dict[tuple[int, ...], str] = {
    (0x7E, 0x06, 0x01): "identity request",
    (0x7E, 0x06, 0x02): "identity reply",
    (0x7E, 0x09, 0x01): "General MIDI on",
    (0x7E, 0x09, 0x02): "General MIDI off",
    (0x7E, 0x09, 0x03): "General MIDI 2 on",
    (0x7F, 0x01): "time code",
    (0x7F, 0x04, 0x01): "master volume",
    (0x7F, 0x04, 0x02): "master balance",
    (0x7F, 0x06): "machine control",
    (0x7F, 0x07): "machine control reply",
}
