"""What the player process is sent: notes ahead of their time, clock, ports, and what it hears."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.midi.limits import (
    LAST_POSITION,
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


ToPlayer = (
    Notes | Flush | Prolong | Send | ClockRun | ClockTempo | ClockStop | UsePort | Listen | Thru
    | ExcludeFromThru | SendFeedback | SilenceAll | Monitor | Quit
)  # fmt: skip
