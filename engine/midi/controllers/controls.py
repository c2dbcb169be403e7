"""Controls of MIDI devices: which knob, pad or key a message moves, and to where.

Numbers of controllers follow MIDI 1.0: the controllers 0 to 31 are coarse halves whose fine
halves are 32 to 63; 99 and 98 choose a parameter of the maker's own (NRPN), which 6 and 38 set
and 96 and 97 step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.midi.controllers.relative_encoders import Encoding, steps

Kind = Literal["cc", "cc14", "nrpn", "note", "bend", "pressure", "program"]

LAST: dict[Kind, int] = {
    "cc": 127, "cc14": 31, "nrpn": 16_382, "note": 127, "bend": 0, "pressure": 0, "program": 127
}  # fmt: skip
"""The highest number of each kind; a channel has one bend and one pressure.

NRPN 16383 is none: it ends the choice of another.
"""

_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM, _PRESSURE, _BEND = 0x80, 0x90, 0xB0, 0xC0, 0xD0, 0xE0
_COARSE, _FINE, _UP, _DOWN = 6, 38, 96, 97
_NRPN_FINE, _NRPN_COARSE, _RPN_FINE, _RPN_COARSE = 98, 99, 100, 101
_DATA = (_COARSE, _FINE, _UP, _DOWN)
_CHOOSING = (_NRPN_FINE, _NRPN_COARSE, _RPN_FINE, _RPN_COARSE)
_NOTHING_CHOSEN = 16_383


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """One knob, pad or key as its messages name it.

    ``channel`` is 0 to 15; ``number`` is the controller, the coarse controller of a pair, the
    NRPN, the pitch or the program, and 0 for bend and pressure.
    """

    kind: Kind
    channel: int
    number: int = 0

    def __str__(self) -> str:
        number = "" if LAST[self.kind] == 0 else f" {self.number}"
        return f"{self.kind}{number}, channel {self.channel + 1}"


def source(control: Control) -> bytes:
    """Return how the messages of a key, a bend or a pressure begin; nothing for other controls."""
    status = {"note": _NOTE_ON, "bend": _BEND, "pressure": _PRESSURE, "cc": _CONTROL}
    kind = status.get(control.kind)
    return b"" if kind is None else bytes((kind | control.channel, control.number))


@dataclass(frozen=True, slots=True)
class Movement:
    """A control that moved at ``at`` seconds: to a place from 0 to 1, or by ``steps`` (not None).

    ``pressed`` says that it is a blow on a pad, key or pedal, not a turn.
    """

    at: float
    control: Control
    value: float
    steps: int | None = None
    pressed: bool = False


class ControlReader:
    """Makes movements of the messages of one port.

    A fine half refines what its coarse half said just before: the coarse one is heard at
    once, as if the fine one stood at the same share, so that a device that sends it alone
    reaches both ends, and the last message always says where the control stands. Pairs are
    told apart from two knobs by what is ``known`` to be bound; an NRPN by its choosing.
    """

    def __init__(self, known: Mapping[Control, Encoding] | None = None) -> None:
        self._coarse: dict[tuple[int, int], int] = {}
        self._choosing: dict[int, dict[int, int]] = {}
        self._chosen: dict[int, int] = {}
        self.know(known or {})

    def know(self, known: Mapping[Control, Encoding]) -> None:
        """Take which controls are bound from now on, and how each counts."""
        self._known = dict(known)
        self._parameters = {each.channel for each in self._known if each.kind == "nrpn"}

    def read(self, at: float, data: bytes) -> Movement | None:
        """Return the movement that a message makes, or None for any other bytes."""
        if len(data) < 2 or any(byte > 127 for byte in data[1:]):
            return None
        status, channel, first = data[0] & 0xF0, data[0] & 0x0F, data[1]
        if status in (_PROGRAM, _PRESSURE):
            if len(data) != 2:
                return None
            if status == _PROGRAM:
                return Movement(at, Control("program", channel, first), 1.0, pressed=True)
            return Movement(at, Control("pressure", channel), first / 127)
        if len(data) != 3:
            return None
        second = data[2]
        match status:
            case 0x90 if second:
                return Movement(at, Control("note", channel, first), second / 127, pressed=True)
            case 0x80 | 0x90:
                return Movement(at, Control("note", channel, first), 0.0, pressed=True)
            case 0xE0:
                return Movement(at, Control("bend", channel), (second << 7 | first) / 16_383)
            case 0xB0:
                return self._controller(at, channel, first, second)
        return None

    def _controller(self, at: float, channel: int, number: int, value: int) -> Movement | None:
        plain = Control("cc", channel, number)
        bound = plain in self._known and channel not in self._parameters
        if not bound and number in _CHOOSING:
            return self._choose(at, plain, value)
        if not bound and number in _DATA and channel in self._chosen:
            return self._set(at, Control("nrpn", channel, self._chosen[channel]), number, value)
        self._choosing.pop(channel, None)
        if number < 64 and plain not in self._known:
            pair = Control("cc14", channel, number % 32)
            if pair in self._known:
                return self._half(at, pair, value, fine=number >= 32)
        encoding = self._known.get(plain, "absolute")
        if encoding != "absolute":
            by = steps(encoding, value)
            return Movement(at, plain, 0.0, by) if by else None
        return Movement(at, plain, value / 127)

    def _choose(self, at: float, plain: Control, value: int) -> Movement | None:
        channel, number = plain.channel, plain.number
        halves = self._choosing.setdefault(channel, {})
        halves[number] = value
        if number in (_RPN_FINE, _RPN_COARSE):
            # A registered parameter (the bend's range, tuning) is no control of the player's.
            self._chosen.pop(channel, None)
            halves.clear()
        elif _NRPN_FINE in halves and _NRPN_COARSE in halves:
            parameter = halves[_NRPN_COARSE] << 7 | halves[_NRPN_FINE]
            if parameter == _NOTHING_CHOSEN:
                self._chosen.pop(channel, None)
            else:
                self._chosen[channel] = parameter
            self._coarse.pop((channel, -1), None)
            return None
        # Half a choice may as well be a plain knob that carries the number.
        return Movement(at, plain, value / 127) if channel not in self._chosen else None

    def _set(self, at: float, control: Control, number: int, value: int) -> Movement:
        if number in (_UP, _DOWN):
            return Movement(at, control, 0.0, 1 if number == _UP else -1)
        return self._half(at, control, value, fine=number == _FINE)

    def _half(self, at: float, control: Control, value: int, *, fine: bool) -> Movement:
        place = (control.channel, -1 if control.kind == "nrpn" else control.number)
        if fine:
            whole = self._coarse.get(place, 0) << 7 | value
            return Movement(at, control, whole / 16_383)
        self._coarse[place] = value
        return Movement(at, control, value / 127)
