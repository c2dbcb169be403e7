"""What the player process reports: ports, what arrives and what was sent, and how late."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.midi.limits import (
    MAX_DATA,
    MOST_AHEAD,
    check_midi,
    check_time,
)


@dataclass(frozen=True, slots=True)
class Ready:
    """The player keeps time from now on; ``realtime`` where it was given real-time priority."""

    pid: int
    realtime: bool


@dataclass(frozen=True, slots=True)
class PortsSeen:
    """The names of the ports that are there now: those we can play to, and those we can hear."""

    outputs: tuple[str, ...]
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortOpened:
    """The port plays, for the first time or again; None is no port."""

    name: str | None
    outlet: int = 0


@dataclass(frozen=True, slots=True)
class PortLost:
    """The port has gone; it is taken up again when it returns."""

    name: str
    outlet: int = 0


@dataclass(frozen=True, slots=True)
class PortFailed:
    """The port could not be opened; it is taken up when it appears."""

    name: str
    reason: str
    outlet: int = 0


@dataclass(frozen=True, slots=True)
class Listening:
    """The ports that are heard now, and those that cannot be (each a name and the reason)."""

    names: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MidiReceived:
    """One MIDI message that arrived at ``at`` on a port that is heard."""

    at: float
    port: str
    data: bytes

    def __post_init__(self) -> None:
        check_time("heard message", self.at)
        check_midi(self.data)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late messages were sent in the last seconds, in milliseconds, and how many.

    ``dropped`` counts the notes that came too late to be played at all.
    """

    p50: float
    p99: float
    worst: float
    count: int
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left for a port at ``at``, ``late`` seconds after its time.

    ``missed`` counts those before it that there was no time to report.
    """

    at: float
    late: float
    port: str
    data: bytes
    missed: int = 0

    def __post_init__(self) -> None:
        check_time("message", self.at)
        check_time("lateness", self.late)
        # The bytes have been checked when they were to be sent, and are not looked at again.
        if not 0 < len(self.data) <= MAX_DATA:
            raise OutOfRange(f"A message of {len(self.data)} bytes is outside 1 to {MAX_DATA}.")
        if self.missed < 0:
            raise OutOfRange(f"{self.missed} messages cannot have been missed.")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that the player refused, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class PlayerLost:
    """The player process ended by itself; ``restarted`` where another has taken its place."""

    reason: str
    restarted: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far away the music sounds; said by what stands between the engine and its players.

    Notes are wanted ``ahead`` seconds before their time, and a change is heard ``delay``
    seconds later than beside the engine. ``far`` is a player on a machine of its own, which
    chooses its port itself.
    """

    ahead: float
    delay: float = 0.0
    far: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.ahead <= MOST_AHEAD and 0 <= self.delay <= self.ahead):
            raise OutOfRange(f"Notes {self.ahead} s ahead cannot be {self.delay} s late.")


FromPlayer = (
    Ready | PortsSeen | PortOpened | PortLost | PortFailed | Listening | MidiReceived | Lateness
    | Sent | Rejected | PlayerLost | Reach
)  # fmt: skip
