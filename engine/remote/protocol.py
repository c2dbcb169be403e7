"""The messages on a line between an engine and whoever is attached to it.

A line is one JSON object with one key, its channel: ``ask`` (commands) and ``heard`` (reports of
a player) go to the engine, ``tell`` (events), ``differs`` (snapshots, see `deltas`) and
``play`` (messages to a player) come from it, and ``line`` (the messages below) goes both ways.
Times are seconds of the engine's monotonic clock, but for ``sent`` in `Echo` and `Echoed`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, get_args

from engine import __version__
from engine.audio.devices import Device
from engine.common.codec import Codec
from engine.common.json_values import BadLine, Forms, string
from engine.errors import ArmonicaError, OutOfRange
from engine.midi import messages as m
from engine.midi.player_mirror import PlayerPlan
from engine.music.grid import Grid, grid_of
from engine.protocol.base import Command, Event
from engine.protocol.facts import Fact
from engine.protocol.files import Kept
from engine.protocol.vocabulary import COMMANDS, EVENTS

LONGEST_TO_ENGINE = 2_097_152
"""The longest line to an engine in bytes: 512 measures with their names."""

LONGEST_FROM_ENGINE = 67_108_864
"""The longest line from an engine in bytes; a track of 512 measures takes under four millions."""

SLOWEST, FASTEST = 8_000, 192_000
"""The range of rates of a wave that is played, in samples a second."""

SoundState = Literal["idle", "playing", "waiting", "paused", "ended", "failed"]
Channel = Literal["ask", "heard", "tell", "differs", "play", "line"]


@dataclass(frozen=True, slots=True)
class Saying:
    """Anything that the two ends say about the line itself."""


# To the engine.


@dataclass(frozen=True, slots=True)
class ToEngine(Saying):
    """What whoever is attached says of the line."""


@dataclass(frozen=True, slots=True)
class Hello(ToEngine):
    """Opens a line: who speaks, in which vocabulary, and the token where one is wanted.

    ``place`` is the one of an earlier line that broke, to be taken again.
    """

    vocabulary: str
    version: str = __version__
    token: str = ""
    place: str = ""
    watches: bool = True
    plays: bool = False


@dataclass(frozen=True, slots=True)
class Echo(ToEngine):
    """Asks for the time; ``sent`` is the asking side's own, in seconds."""

    sent: float


@dataclass(frozen=True, slots=True)
class Measured(ToEngine):
    """The line was measured: a message needs about ``delay`` seconds, and notes may be sent.

    With ``anew`` whatever was sent before does not count any more.
    """

    delay: float
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Got(ToEngine):
    """Says how many bytes of telling have arrived since the line was opened."""

    bytes: int


@dataclass(frozen=True, slots=True)
class SoundSeen(ToEngine):
    """Says which sound devices there are beside the screen; without any, ``reason`` says why."""

    devices: tuple[Device, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SoundDid(ToEngine):
    """Says what the sound device does, as in `engine.audio.output.Playing`."""

    state: SoundState
    position: float = 0.0
    length: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Goodbye(ToEngine):
    """Leaves for good: the place need not be kept."""


@dataclass(frozen=True, slots=True)
class Status(ToEngine):
    """Asks how the service is."""


@dataclass(frozen=True, slots=True)
class EndService(ToEngine):
    """Asks the service to keep the song, to fall silent, and to end."""


# From the engine.


@dataclass(frozen=True, slots=True)
class FromEngine(Saying):
    """What the engine says of the line."""


@dataclass(frozen=True, slots=True)
class Welcome(FromEngine):
    """The line is open. ``engine`` names this run of the engine, ``place`` that of the guest.

    ``recovered`` are the songs kept by themselves on the engine's machine, ``songs`` its folder of
    songs, and ``song_files`` the songs that there are.
    """

    engine: str
    place: str
    version: str = __version__
    recovered: tuple[Kept, ...] = ()
    songs: str = ""
    song_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Echoed(FromEngine):
    """Answers `Echo` with the engine's time."""

    sent: float
    time: float


@dataclass(frozen=True, slots=True)
class Score(FromEngine):
    """What a player should hold; it is put right where it holds anything else."""

    plan: PlayerPlan


@dataclass(frozen=True, slots=True)
class SoundOrder(FromEngine):
    """Asks the sound device for something, as `AudioOutput` of the generation service does.

    ``wave`` are samples of 16 bits, little-endian, of 1 or 2 ``channels`` in turn; to ``play``
    from ``seconds`` on (0: from where it stands) a wave must be there so far.
    """

    do: Literal["load", "append", "play", "stop"]
    rate: int = 0
    wave: bytes = b""
    channels: int = 1
    last: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.channels not in (1, 2) or len(self.wave) % (2 * self.channels):
            raise OutOfRange(f"{len(self.wave)} bytes are no wave of {self.channels} channels.")
        if self.do == "load" and not SLOWEST <= self.rate <= FASTEST:
            raise OutOfRange(f"A rate lies from {SLOWEST} to {FASTEST}, not {self.rate}.")
        if not self.seconds >= 0:
            raise OutOfRange(f"A place in a wave is 0 seconds or later, not {self.seconds}.")

    @property
    def at_ease(self) -> bool:
        """Whether it comes in its turn, behind the events for the screens."""
        return self.do == "append" or self.seconds > 0


@dataclass(frozen=True, slots=True)
class EngineState(FromEngine):
    """Answers `Status`: whose process it is, since when (seconds), and what goes on."""

    pid: int
    since: float
    title: str
    saved: bool
    playing: bool
    port: str
    attached: int
    tcp: int | None = None


@dataclass(frozen=True, slots=True)
class Denied(FromEngine):
    """The line, or one line on it, is refused: an error's title, message and remedy."""

    title: str
    message: str
    remedy: str = ""


def _family(kinds: Any) -> tuple[type, ...]:
    return tuple(get_args(kinds))


_FORMS: Forms = {Grid: (lambda grid: grid.name, lambda body: grid_of(string(body)))}
"""A grid is said by its name: there are no others than those of the table."""

ASKED = Codec(COMMANDS, finite=True, forms=_FORMS)
TOLD = Codec(EVENTS, forms=_FORMS)
PLAYED = Codec(_family(m.ToPlayer), finite=True)
HEARD = Codec(_family(m.FromPlayer))
TO_ENGINE = Codec([ToEngine], finite=True)
FROM_ENGINE = Codec([FromEngine], finite=True)


VOCABULARY = sha256(
    "".join(each.digest for each in (ASKED, TOLD, PLAYED, HEARD, TO_ENGINE, FROM_ENGINE)).encode()
).hexdigest()[:16]
"""What two ends must have in common: both are of one version of the program."""

_TOWARDS = {"ask": ASKED, "heard": HEARD, "line": TO_ENGINE}
_AWAY = {"tell": TOLD, "play": PLAYED, "line": FROM_ENGINE}


def line(channel: Channel, body: dict[str, Any]) -> bytes:
    """Return a line with its end."""
    data = json.dumps({channel: body}, separators=(",", ":"), allow_nan=False)
    return data.encode() + b"\n"


def encode_command(command: Command) -> bytes:
    """Return the line of a command; raises `BadLine` where it is too long to be taken."""
    data = line("ask", ASKED.plain(command))
    if len(data) > LONGEST_TO_ENGINE:
        raise BadLine("This is more than a line to the engine can carry.", "Bring in less.")
    return data


def encode_report(message: m.FromPlayer) -> bytes:
    """Return the line of a report of a player."""
    return line("heard", HEARD.plain(message))


def played(message: m.ToPlayer) -> bytes:
    """Return the line of a message to a player."""
    return line("play", PLAYED.plain(message))


def to_engine(saying: ToEngine) -> bytes:
    """Return the line of a message to the engine about the line."""
    return line("line", TO_ENGINE.plain(saying))


def from_engine(saying: FromEngine) -> bytes:
    """Return the line of a message of the engine about the line."""
    return line("line", FROM_ENGINE.plain(saying))


def denied(error: ArmonicaError) -> bytes:
    """Return the line that tells an error."""
    return from_engine(Denied(error.title, error.message, error.remedy))


def parsed(data: bytes, longest: int) -> tuple[str, Any]:
    """Return the channel and the body of a line; raises `BadLine`."""
    if len(data) > longest:
        raise BadLine(f"A line is longer than {longest} bytes.")
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        raise BadLine("A line is not JSON.") from None
    if not isinstance(whole, dict) or len(whole) != 1:
        raise BadLine("A line is one JSON object with one key.")
    ((channel, body),) = whole.items()
    return channel, body


def for_engine(data: bytes) -> Command | m.FromPlayer | ToEngine:
    """Read a line that comes to an engine; raises `BadLine`."""
    channel, body = parsed(data, LONGEST_TO_ENGINE)
    if channel not in _TOWARDS:
        raise BadLine(f"Nothing comes to an engine as {channel[:40]!r}.")
    read: Command | m.FromPlayer | ToEngine = _TOWARDS[channel].read(body)
    if isinstance(read, Fact):
        raise BadLine(f"{type(read).__name__} is for the engine's own use.")
    return read


def by_engine(channel: str, body: Any) -> Event | m.ToPlayer | FromEngine:
    """Read what an engine sent on a channel; raises `BadLine`."""
    if channel not in _AWAY:
        raise BadLine(f"An engine says nothing as {channel[:40]!r}.")
    read: Event | m.ToPlayer | FromEngine = _AWAY[channel].read(body)
    return read
