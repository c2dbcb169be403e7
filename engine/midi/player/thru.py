"""What is played on a keyboard goes on to the instrument: which of it, and on which channel."""

from __future__ import annotations

from engine.midi.messages import Thru, control_name

PASSED_CONTROLS = frozenset({1, 2, 11, 64, 65, 66, 67})
"""Wheel, breath, expression and the pedals belong to the playing; other controllers are knobs."""

_NOTE_OFF, _NOTE_ON, _PRESSURE, _CONTROL, _TOUCH, _BEND = 0x80, 0x90, 0xA0, 0xB0, 0xD0, 0xE0


class MidiThru:
    """Rewrites received messages for the instrument, and knows which keys are down."""

    def __init__(self) -> None:
        self._set = Thru(False)
        # What a key started ends on the channel that it was started on.
        self._held: dict[tuple[str, int, int], int] = {}
        self._spared: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether anything can pass, or must still end."""
        return self._set.on or bool(self._held)

    def set(self, thru: Thru) -> list[bytes]:
        """Take a new setting, and return what ends the notes that began under the old one."""
        ends = self.release() if thru != self._set else []
        self._set = thru
        return ends

    def spare(self, controls: tuple[str, ...]) -> None:
        """Pass these on no longer; a key that is down ends all the same."""
        self._spared = frozenset(controls)

    def pass_on(self, port: str, data: bytes) -> list[bytes]:
        """Return what is to be sent for a message that was received."""
        if not data or data[0] >= 0xF0:
            return []
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == _NOTE_OFF or (kind == _NOTE_ON and data[2] == 0):
            to = self._held.pop((port, channel, data[1]), None)
            return [] if to is None else [bytes((_NOTE_OFF | to, data[1], data[2]))]
        if not self._set.on or (self._set.only and channel not in self._set.only):
            return []
        if self._spared and control_name(port, data) in self._spared:
            return []
        to = channel if self._set.channel is None else self._set.channel
        if kind == _NOTE_ON:
            key = (port, channel, data[1])
            again = [bytes((_NOTE_OFF | self._held[key], data[1], 0))] if key in self._held else []
            self._held[key] = to
            return [*again, bytes((_NOTE_ON | to, data[1], data[2]))]
        if kind in (_PRESSURE, _TOUCH, _BEND) or (kind == _CONTROL and data[1] in PASSED_CONTROLS):
            return [bytes((kind | to, *data[1:]))]
        return []

    def release(self, *, but: tuple[str, ...] = ()) -> list[bytes]:
        """Return the ends of all keys that are down on ports other than these."""
        gone = [key for key in self._held if key[0] not in but]
        return [bytes((_NOTE_OFF | self._held.pop(key), key[2], 0)) for key in gone]
