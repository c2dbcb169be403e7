"""The messages to the player process, and its reports.

Times are absolute seconds of ``time.monotonic()``, which all processes of a machine share.
Every message checks its own ranges when it is made, so a message that exists is a valid one,
whether it was built here or read from a line (see ``wire``).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.midi.limits import (
    LAST_POSITION,
    MAX_DATA,
    MOST_AHEAD,
    check_interval,
    check_midi,
    check_outlet,
    check_range,
    check_time,
    check_voice,
)


@dataclass(frozen=True, slots=True)
class TimedNote:
    """One note: seconds of its start and end, channel 0-15, pitch 0-127, velocity 1-127."""

    on: float
    off: float
    channel: int
    pitch: int
    velocity: int

    def __post_init__(self) -> None:
        check_time("note start", self.on)
        check_time("note end", self.off)
        if self.off <= self.on:
            raise OutOfRange(f"A note ends at {self.off} before it starts at {self.on}.")
        check_range("channel", self.channel, 0, 15)
        check_range("pitch", self.pitch, 0, 127)
        check_range("velocity", self.velocity, 1, 127)


# To the player.


@dataclass(frozen=True, slots=True)
class Notes:
    """Schedules notes of a voice ahead; they join those that are scheduled already."""

    notes: tuple[TimedNote, ...]
    outlet: int = 0
    voice: int = 0

    def __post_init__(self) -> None:
        check_outlet(self.outlet)
        check_voice(self.voice)


@dataclass(frozen=True, slots=True)
class Flush:
    """Drops the notes of a voice (None: of all) that would start at ``at`` or later.

    With ``cut``, notes that started before ``at`` end there at the latest; otherwise they
    keep their ends.
    """

    at: float
    cut: bool = False
    outlet: int = 0
    voice: int | None = None

    def __post_init__(self) -> None:
        check_time("flush", self.at)
        check_outlet(self.outlet)
        if self.voice is not None:
            check_voice(self.voice)


@dataclass(frozen=True, slots=True)
class Prolong:
    """Moves the end of a voice's newest note of a pitch, sounding or scheduled, later: to ``off``.

    Without such a note nothing happens: it is not struck again.
    """

    channel: int
    pitch: int
    off: float
    outlet: int = 0
    voice: int = 0

    def __post_init__(self) -> None:
        check_outlet(self.outlet)
        check_voice(self.voice)
        check_range("channel", self.channel, 0, 15)
        check_range("pitch", self.pitch, 0, 127)
        check_time("note end", self.off)


@dataclass(frozen=True, slots=True)
class Send:
    """Sends one raw MIDI message (program change, control change, ...) at ``at``.

    A raw note-on counts as sounding until its raw note-off, so that silence reaches it too.
    """

    at: float
    data: bytes
    outlet: int = 0

    def __post_init__(self) -> None:
        check_outlet(self.outlet)
        check_time("message", self.at)
        check_midi(self.data)


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
        check_time("clock start", self.at)
        check_interval(self.interval)
        check_range("song position", self.position, 0, LAST_POSITION)


@dataclass(frozen=True, slots=True)
class ClockTempo:
    """Changes the seconds between ticks from ``at`` on, keeping the phase of the beat."""

    at: float
    interval: float

    def __post_init__(self) -> None:
        check_time("tempo change", self.at)
        check_interval(self.interval)


@dataclass(frozen=True, slots=True)
class ClockStop:
    """Sends Stop at ``at`` and ends the ticks."""

    at: float

    def __post_init__(self) -> None:
        check_time("clock stop", self.at)


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
        check_outlet(self.outlet)


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
            check_range("channel", channel, 0, 15)


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
        check_midi(self.data)


@dataclass(frozen=True, slots=True)
class SilenceAll:
    """Ends every sounding note at once, drops scheduled ones and quiets every used channel."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Begins to report what is sent (see `Sent`), or ends that."""

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


def outlet_of(message: Message) -> int:
    """Return the outlet that a message is for or about; 0 where it names none."""
    return getattr(message, "outlet", 0)
