"""What passes over MIDI ports, as an engine tells it, and a port that keeps what it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import PortError
from engine.protocol.devices import MidiLine, MidiTraffic

NOON = 1_764_072_000.0
"""A noon in UTC, in seconds since 1970."""

SYNTH, KEYS = "jack:fluidsynth-midi:midi_00", "jack:Launchkey MK3 49:out"


def line(at: float, data: str, late: float | None = None, port: str | None = None) -> MidiLine:
    """Return a message ``at`` seconds after noon: sent where it has a lateness, else heard."""
    name = port or (KEYS if late is None else SYNTH)
    return MidiLine(NOON + at, "in" if late is None else "out", name, bytes.fromhex(data), late)


SESSION = (
    line(0.000, "B0 00 00", 0.02),
    line(0.001, "C0 0B", 0.03),
    line(0.100, "FA", 0.01),
    line(0.100, "F8", 0.02),
    line(0.100, "90 3C 60", 0.02),
    line(0.126, "F8", 0.01),
    line(0.214, "B0 4A 51"),
    line(0.233, "B0 4A 52"),
    line(0.600, "80 3C 40", 0.01),
    line(0.600, "90 40 60", 0.04),
    line(0.743, "91 45 58"),
    line(0.744, "90 45 58", 0.38),
    line(0.902, "E1 00 52"),
    line(0.950, "D1 22"),
    line(1.031, "91 45 00"),
    line(1.032, "80 45 00", 0.21),
    line(1.100, "80 40 40", 6.31),
    line(1.100, "90 43 60", 7.02),
    line(1.400, "F0 00 20 29 02 0F 40 01 7F 00 11 22 33 F7"),
    line(1.502, "F2 10 00", 0.02),
    line(1.502, "FB", 0.02),
    line(1.610, "B0 40 7F"),
    line(1.700, "B0 7B 00", 0.01, "jack:a-much-longer-name-of-a-synth:in_1"),
    line(1.800, "90 3C"),
)

PASSED = MidiTraffic(SESSION)


@dataclass
class FakePort:
    name: str
    api: str
    sent: list[bytes] = field(default_factory=list)
    closed: bool = False
    broken: bool = False

    def send(self, data: bytes) -> None:
        if self.broken:
            raise PortError("It is gone.")
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True
