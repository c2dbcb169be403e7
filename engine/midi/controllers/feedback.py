"""What a device is told so that its fader or ring stands, or its lamp shines, as its value does."""

from __future__ import annotations

from engine.midi.controllers.controls import Control

_NOTE, _CONTROL, _BEND = 0x90, 0xB0, 0xE0
_NRPN_COARSE, _NRPN_FINE, _COARSE, _FINE = 99, 98, 6, 38


def messages(control: Control, place: float) -> tuple[bytes, ...]:
    """Return the messages that bring a control to a place from 0 to 1.

    They are those that the control sends itself; pressure and programs bring nothing anywhere.
    """
    place = max(0.0, min(1.0, place))
    channel, number = control.channel, control.number
    seven, fourteen = round(127 * place), round(16_383 * place)
    pairs: tuple[tuple[int, int], ...] = ()
    match control.kind:
        case "cc":
            return (bytes((_CONTROL | channel, number, seven)),)
        case "note":
            return (bytes((_NOTE | channel, number, seven)),)
        case "bend":
            return (bytes((_BEND | channel, fourteen & 127, fourteen >> 7)),)
        case "cc14":
            pairs = ((number, fourteen >> 7), (number + 32, fourteen & 127))
        case "nrpn":
            pairs = (
                (_NRPN_COARSE, number >> 7), (_NRPN_FINE, number & 127),
                (_COARSE, fourteen >> 7), (_FINE, fourteen & 127),
            )  # fmt: skip
        case "pressure" | "program":
            pass
    return tuple(bytes((_CONTROL | channel, *pair)) for pair in pairs)
