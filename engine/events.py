"""Everything the engine tells: snapshots of its state, and what happens beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from engine.errors import ArmonicaError
from engine.latent.sensitivity import Effect, Sensitivity
from engine.latent.spec import LatentSpec
from engine.latent.surface import Surface
from engine.music.measure import Measure
from engine.music.song import Song

if TYPE_CHECKING:
    from engine.commands import Command


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that can be told."""


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


@dataclass(frozen=True, slots=True)
class Snapshot(Event):
    """The whole state at one revision, in plain values.

    ``undo`` and ``redo`` name the steps that can be taken back or again, newest first.
    """

    revision: int = 0
    song: Song = field(default_factory=Song)
    selected: int = 0
    locks: frozenset[int] = frozenset()
    playing: bool = False
    timing: Literal["now", "beat"] = "now"
    audition: bool = True
    undo: tuple[str, ...] = ()
    redo: tuple[str, ...] = ()
    path: str | None = None
    saved: bool = True
    model: ModelStatus = ModelStatus()
    port: PortStatus = PortStatus()


@dataclass(frozen=True, slots=True)
class PlayheadMoved(Event):
    """Where the music is: slot, quarter notes into it; ``slot`` is None when stopped."""

    slot: int | None
    beat: float


@dataclass(frozen=True, slots=True)
class LatenessMeasured(Event):
    """How late messages left in the last seconds, in milliseconds."""

    p50: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True)
class MapFilled(Event):
    """A map, whole or as far as it is filled; ``revision`` is the snapshot it was drawn from."""

    slot: int
    revision: int
    surface: Surface
    done: bool


@dataclass(frozen=True, slots=True)
class Explained(Event):
    """What the gauges of a slot do from here, measured at snapshot ``revision``."""

    slot: int
    revision: int
    effects: tuple[Effect, ...]
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class TuneFound:
    """A tune of the corpus: its row in the table, title, book, number, metre, key, length."""

    tune: int
    title: str
    book: str
    number: int
    metre: str
    key: str
    measures: int


@dataclass(frozen=True, slots=True)
class CorpusBrowsed(Event):
    """The tunes found for a query, and how many more there are."""

    query: str
    tunes: tuple[TuneFound, ...]
    more: int


@dataclass(frozen=True, slots=True)
class TunePreviewed(Event):
    """Measures of a tune, from its ``first`` (from 1)."""

    tune: int
    first: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class TrackFound:
    """A track of a MIDI file: its number from 1, its name, its notes, whether all are drums."""

    number: int
    name: str
    notes: int
    drums: bool


@dataclass(frozen=True, slots=True)
class MidiLookedInto(Event):
    """The tracks of a MIDI file, also those without notes."""

    path: str
    tracks: tuple[TrackFound, ...]


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """A job's name and how far it is, 0 to 1 (1: done)."""

    job: int
    name: str
    done: float


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """A command that could not be met: an error's title, message and remedy.

    ``answers`` is that command; None where no command was at fault.
    """

    title: str
    message: str
    remedy: str
    answers: Command | None = None

    @classmethod
    def of(cls, error: ArmonicaError, answers: Command | None = None) -> Self:
        """Tells an error."""
        return cls(error.title, error.message, error.remedy, answers)


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something worth a line: a port gone or back, a file written, what an import changed.

    ``answers`` is the command about a file that was met by it, if one was.
    """

    text: str
    kind: Literal["information", "warning"] = "information"
    answers: Command | None = None
