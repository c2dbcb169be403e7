"""The state of the engine at one revision, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.midi.sync.clock_tracker import Lock
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.base import Event
from engine.protocol.comparison import StateComparison


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether the model can be asked; ``detail`` says what went wrong when it failed."""

    state: Literal["loading", "ready", "failed"] = "loading"
    spec: LatentSpec | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PortStatus:
    """The MIDI port in use: its name (None: none chosen) and whether it is there."""

    name: str | None = None
    state: Literal["none", "opening", "open", "lost", "failed"] = "none"
    detail: str = ""
    known: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """The ports that there are beside the one in use."""
        return tuple(name for name in self.known if name != self.name)


@dataclass(frozen=True, slots=True)
class InputStatus:
    """The MIDI ports that are heard.

    ``wanted`` are parts of names (None: all ports), ``heard`` the ports that are open now,
    ``failed`` those that cannot be, each with the reason, and ``known`` all that there are.
    With ``thru`` playing goes on to the instrument, from the channels in ``only`` (none: all).
    """

    wanted: tuple[str, ...] | None = None
    heard: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    thru: bool = True
    only: tuple[int, ...] = ()


MOST_LATENCY = 500.0
"""The most milliseconds by which a key can be reckoned to be heard late."""


MOST_COUNT_IN = 4
"""The most measures that are counted in."""


RecordMode = Literal["replace", "overdub"]


Click = Literal["recording", "count-in", "never"]


ClickSound = Literal["wood block", "high note"]


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """How what is played becomes measures.

    ``strength`` runs from 0 (as it was played) to 1 (on the grid). ``latency`` is how late a
    key is heard, in milliseconds. ``click`` says while what beats are struck, ``count_in`` how
    many measures go before, and ``sound`` by what: a wood block of the percussion channel, or
    a high note of the instrument of the track that is recorded into, where that is all there is.
    ``channel`` (0-15) and ``note`` (1-127) are those of the click, None: as its sound has them.
    """

    strength: float = 1.0
    latency: float = 0.0
    click: Click = "recording"
    count_in: int = 1
    sound: ClickSound = "wood block"
    channel: int | None = None
    note: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise OutOfRange(f"A quantise strength lies from 0 to 1; {self.strength} does not.")
        if not 0 <= self.latency <= MOST_LATENCY:
            raise OutOfRange(
                f"A latency lies from 0 to {MOST_LATENCY:.0f} ms; {self.latency} does not."
            )
        if not 0 <= self.count_in <= MOST_COUNT_IN:
            raise OutOfRange(
                f"0 to {MOST_COUNT_IN} measures are counted in, and not {self.count_in}."
            )
        if self.channel is not None and not 0 <= self.channel <= 15:
            raise OutOfRange(f"A click has a channel from 1 to 16, not {self.channel + 1}.")
        if self.note is not None and not 1 <= self.note <= 127:
            raise OutOfRange(f"A click has a note from 1 to 127, not {self.note}.")


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """What is recorded into: ``measures`` slots of a track from ``slot`` on, in every turn."""

    mode: RecordMode
    slot: int
    measures: int
    track: int = 0


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """Whose clock the music keeps.

    ``follow`` is a part of a MIDI input's name, empty for whichever sends a clock, or None for
    our own tempo. ``port`` is the input that is followed now, ``lock`` how well it is known.
    """

    follow: str | None = None
    port: str = ""
    lock: Lock = "silent"


JumpUnit = Literal["now", "beat", "measure", "section"]
"""When a jump happens: at once, or at the end of the beat, measure or section that sounds."""


@dataclass(frozen=True, slots=True)
class Snapshot(Event):
    """The whole state at one revision, in plain values.

    ``selected`` is the measure and ``track`` the track that the gauges show.
    ``entry`` is the entry of the order that is selected, ``loop`` the first and the number of
    the measures that are looped (None: the song), ``jumps`` says when a jump happens.
    ``undo`` and ``redo`` name the steps that can be taken back or again, newest first.
    ``routed`` tells of the ports of the song's routes, by the names that they have there;
    ``waiting`` is how many edits wait for the model; ``compared`` says of what two states are
    heard by turns, and which sounds.
    ``document`` numbers the songs that were opened, and ``unsaved`` are the titles of those
    that were left without being saved.
    """

    revision: int = 0
    song: Song = field(default_factory=Song)
    selected: int = 0
    track: int = 0
    entry: int = 0
    loop: tuple[int, int] | None = None
    jumps: JumpUnit = "section"
    locks: frozenset[int] = frozenset()
    playing: bool = False
    timing: Literal["now", "beat"] = "now"
    audition: bool = True
    undo: tuple[str, ...] = ()
    redo: tuple[str, ...] = ()
    path: str | None = None
    saved: bool = True
    document: int = 0
    unsaved: tuple[str, ...] = ()
    model: ModelStatus = ModelStatus()
    port: PortStatus = PortStatus()
    routed: tuple[tuple[str, PortStatus], ...] = ()
    inputs: InputStatus = InputStatus()
    clock: ClockStatus = ClockStatus()
    record: RecordSettings = RecordSettings()
    recording: RecordStatus | None = None
    waiting: int = 0
    compared: StateComparison | None = None

    @property
    def row(self) -> Track:
        """The track that is shown."""
        return self.song.tracks[self.track]

    @property
    def slot(self) -> Slot:
        """The slot that is shown."""
        return self.row.slots[self.selected]
