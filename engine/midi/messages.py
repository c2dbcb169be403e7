"""What is said to the player process and what it says back.

Times are absolute seconds of ``time.monotonic()``, which all processes of a machine share.
Every message checks its own ranges when it is made, so a message that exists is a valid one,
whether it was built here or read from a line (see ``wire``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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

_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0}
_SYSTEM_BYTES |= {0xFE: 0, 0xFF: 0}


@dataclass(frozen=True, slots=True)
class TimedNote:
    """One note: seconds of its start and end, channel 0-15, pitch 0-127, velocity 1-127."""

    on: float
    off: float
    channel: int
    pitch: int
    velocity: int

    def __post_init__(self) -> None:
        _time("note start", self.on)
        _time("note end", self.off)
        if self.off <= self.on:
            raise OutOfRange(f"A note ends at {self.off} before it starts at {self.on}.")
        _within("channel", self.channel, 0, 15)
        _within("pitch", self.pitch, 0, 127)
        _within("velocity", self.velocity, 1, 127)


# To the player.


@dataclass(frozen=True, slots=True)
class Notes:
    """Schedules notes ahead; they join those that are scheduled already."""

    notes: tuple[TimedNote, ...]
    outlet: int = 0

    def __post_init__(self) -> None:
        _outlet(self.outlet)


@dataclass(frozen=True, slots=True)
class Flush:
    """Drops the notes that would start at ``at`` or later.

    With ``cut``, notes that started before ``at`` end there at the latest; otherwise they
    keep their ends.
    """

    at: float
    cut: bool = False
    outlet: int = 0

    def __post_init__(self) -> None:
        _time("flush", self.at)
        _outlet(self.outlet)


@dataclass(frozen=True, slots=True)
class Prolong:
    """Moves the end of the newest note of a pitch, sounding or scheduled, later: to ``off``.

    Without such a note nothing happens: it is not struck again.
    """

    channel: int
    pitch: int
    off: float
    outlet: int = 0

    def __post_init__(self) -> None:
        _outlet(self.outlet)
        _within("channel", self.channel, 0, 15)
        _within("pitch", self.pitch, 0, 127)
        _time("note end", self.off)


@dataclass(frozen=True, slots=True)
class Send:
    """Sends one raw MIDI message (program change, control change, ...) at ``at``.

    A raw note-on counts as sounding until its raw note-off, so that silence reaches it too.
    """

    at: float
    data: bytes
    outlet: int = 0

    def __post_init__(self) -> None:
        _outlet(self.outlet)
        _time("message", self.at)
        _midi(self.data)


@dataclass(frozen=True, slots=True)
class ClockRun:
    """Starts 24 clock ticks per quarter at ``at``, the first tick at ``at`` itself.

    ``interval`` is the seconds between ticks. With ``resume``, Song Position and Continue go
    first and ``position`` counts sixteenths from the start of the song; otherwise Start.
    """

    at: float
    interval: float
    resume: bool = False
    position: int = 0

    def __post_init__(self) -> None:
        _time("clock start", self.at)
        _interval(self.interval)
        _within("song position", self.position, 0, LAST_POSITION)


@dataclass(frozen=True, slots=True)
class ClockTempo:
    """Changes the seconds between ticks from ``at`` on, keeping the phase of the beat."""

    at: float
    interval: float

    def __post_init__(self) -> None:
        _time("tempo change", self.at)
        _interval(self.interval)


@dataclass(frozen=True, slots=True)
class ClockStop:
    """Sends Stop at ``at`` and ends the ticks."""

    at: float

    def __post_init__(self) -> None:
        _time("clock stop", self.at)


@dataclass(frozen=True, slots=True)
class UsePort:
    """Plays to the named port from now on; None keeps time and plays to nothing.

    A part of a name is enough where only one port carries it. With ``hush``, every channel of
    the port is quieted first, because an earlier player may have left notes sounding there.
    With ``clock`` it is sent the clock. Each ``outlet`` plays to a port of its own.
    """

    name: str | None
    hush: bool = False
    outlet: int = 0
    clock: bool = True

    def __post_init__(self) -> None:
        _outlet(self.outlet)


@dataclass(frozen=True, slots=True)
class Listen:
    """Hears the ports whose names contain one of these, now and whenever they appear.

    With ``everything`` it hears every port but those that would echo ourselves, and a virtual
    one that others can play to.
    """

    names: tuple[str, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Thru:
    """Passes what is played on heard ports on to the port that we play to.

    Notes, pedals, wheels, bend and pressure pass, on ``channel`` (None: on their own), where
    they come on a channel in ``only`` (empty: on any); channels are 0-15.
    """

    on: bool
    channel: int | None = None
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for channel in (self.channel or 0, *self.only):
            _within("channel", channel, 0, 15)


@dataclass(frozen=True, slots=True)
class ExcludeFromThru:
    """Keeps what moves something here from going on to the instrument.

    ``controls`` are named by `control_name`; others are passed on from now on.
    """

    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SendFeedback:
    """Sends one message back to the device that is heard at ``port``, if it listens itself."""

    port: str
    data: bytes

    def __post_init__(self) -> None:
        _midi(self.data)


@dataclass(frozen=True, slots=True)
class SilenceAll:
    """Ends every sounding note at once, drops scheduled ones and quiets every used channel."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Begins to tell what is sent (see `Sent`), or ends that."""

    on: bool


@dataclass(frozen=True, slots=True)
class Quit:
    """Silences everything and ends the player."""


# From the player.


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
        _time("heard message", self.at)
        _midi(self.data)


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

    ``missed`` counts those before it that there was no time to tell.
    """

    at: float
    late: float
    port: str
    data: bytes
    missed: int = 0

    def __post_init__(self) -> None:
        _time("message", self.at)
        _time("lateness", self.late)
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
    """How far away the music sounds; told by what stands between the engine and its players.

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


ToPlayer = (
    Notes | Flush | Prolong | Send | ClockRun | ClockTempo | ClockStop | UsePort | Listen | Thru
    | ExcludeFromThru | SendFeedback | SilenceAll | Monitor | Quit
)  # fmt: skip
FromPlayer = (
    Ready | PortsSeen | PortOpened | PortLost | PortFailed | Listening | MidiReceived | Lateness
    | Sent | Rejected | PlayerLost | Reach
)  # fmt: skip
Message = ToPlayer | FromPlayer


def control_name(port: str, data: bytes) -> str:
    """Name what a message of a channel comes from: port, kind, channel, and its number if any.

    A key is the same when it is left: ``9924 alsa:pads`` for note 36 on channel 10.
    """
    kind = data[0] | 0x10 if data[0] & 0xF0 == 0x80 else data[0]
    number = f"{data[1]:02x}" if kind & 0xF0 in (0x90, 0xA0, 0xB0) else ""
    return f"{kind:02x}{number} {port}"


def _time(what: str, value: float) -> None:
    if not math.isfinite(value):
        raise OutOfRange(f"The time of a {what} is {value}.")


def outlet_of(message: Message) -> int:
    """Return the outlet that a message is for or about; 0 where it names none."""
    return getattr(message, "outlet", 0)


def _outlet(number: int) -> None:
    _within("outlet", number, 0, LAST_OUTLET)


def _interval(value: float) -> None:
    # From 1 to 6000 quarters in a minute; outside it ticks would stall or flood the port.
    if not 60 / (6000 * TICKS_PER_QUARTER) <= value <= 60 / TICKS_PER_QUARTER:
        raise OutOfRange(f"A clock interval of {value} s is outside 1 to 6000 beats a minute.")


def _within(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise OutOfRange(f"A {what} of {value} is outside {low} to {high}.")


def _midi(data: bytes) -> None:
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
