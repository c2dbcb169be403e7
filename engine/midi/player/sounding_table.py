"""Which notes sound on the player's ports, in memory that outlives the player.

The player writes it, and the guard reads it once the player has gone. A mark costs less than a
microsecond, wakes nobody, and cannot be lost on its way as a line in a pipe can.
"""

from __future__ import annotations

import mmap
import os
import tempfile

from engine.midi.limits import LAST_OUTLET
from engine.midi.player.schedule import hush, note_off

_CHANNELS, _PITCHES = 16, 128
_NAME = 1022
"""Bytes that a port's name may have; longer ones are not guarded."""

_USED = 2 + _NAME
_NOTES = _USED + _CHANNELS
_ROW = _NOTES + _CHANNELS * _PITCHES

SIZE = _ROW * (LAST_OUTLET + 1)
"""Bytes of a table."""


class SoundingRow:
    """The port of one outlet, the channels used on it, and the notes that sound there."""

    def __init__(self, table: mmap.mmap | bytearray, number: int) -> None:
        """Make it for the table, of SIZE bytes, and the outlet's number."""
        self._table = table
        self._at = number * _ROW
        self._used = self._at + _USED
        self._notes = self._at + _NOTES

    @property
    def name(self) -> str | None:
        """The port that is open; None for none."""
        size = int.from_bytes(self._table[self._at : self._at + 2], "little")
        name = self._table[self._at + 2 : self._at + 2 + size]
        return bytes(name).decode(errors="replace") or None

    def open(self, name: str) -> None:
        """Write the port that is played to from now on; nothing sounds there."""
        self.close()
        raw = name.encode()
        if len(raw) <= _NAME:
            self._table[self._at + 2 : self._at + 2 + len(raw)] = raw
            # Last, so that there is never half a name.
            self._table[self._at : self._at + 2] = len(raw).to_bytes(2, "little")

    def close(self) -> None:
        """Forget the port and what sounds there."""
        self._table[self._at : self._at + _ROW] = bytes(_ROW)

    def sending(self, data: bytes) -> None:
        """Mark what a message is about to start, before it is sent."""
        kind = data[0] & 0xF0
        if kind < 0xF0:
            channel = data[0] & 0x0F
            self._table[self._used + channel] = 1
            if kind == 0x90 and data[2]:
                self._table[self._notes + channel * _PITCHES + data[1]] = 1

    def sent(self, data: bytes) -> None:
        """Unmark what a message has ended, after it was sent."""
        kind = data[0] & 0xF0
        if kind == 0x80 or (kind == 0x90 and not data[2]):
            self._table[self._notes + (data[0] & 0x0F) * _PITCHES + data[1]] = 0

    def silence(self) -> list[bytes]:
        """Return an end for every note that sounds, then what quiets the used channels."""
        notes = bytes(self._table[self._notes : self._at + _ROW])
        used = bytes(self._table[self._used : self._notes])
        ends = [note_off(*divmod(place, _PITCHES)) for place, on in enumerate(notes) if on]
        return ends + hush(channel for channel, on in enumerate(used) if on)


def shared_table() -> tuple[int, mmap.mmap]:
    """Return a descriptor that another process can be handed, and the table behind it.

    Raises OSError where the system has no memory for it.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("sounding")
        os.ftruncate(descriptor, SIZE)
    else:
        with tempfile.TemporaryFile(buffering=0) as file:
            # Written rather than lengthened: a hole in a file of a full disk kills who fills it.
            file.write(bytes(SIZE))
            descriptor = os.dup(file.fileno())
    return descriptor, mmap.mmap(descriptor, SIZE)


def rows(table: mmap.mmap | bytearray) -> tuple[SoundingRow, ...]:
    """Return the rows of a table, one for each outlet."""
    return tuple(SoundingRow(table, number) for number in range(LAST_OUTLET + 1))
