"""Facts that the engine tells its own state: never sent from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.music.song import Song
from engine.protocol.base import Overtaking
from engine.protocol.snapshot import (
    ClockStatus,
    InputStatus,
    JumpUnit,
    PortStatus,
    RecordSettings,
    RecordStatus,
)


@dataclass(frozen=True, slots=True)
class Fact(Overtaking):
    """Something that happened outside the state, which the engine alone tells it.

    Edits and facts are all that is recorded, so that a recording replays without files, ports
    or clocks. No fact comes over a line.
    """


@dataclass(frozen=True, slots=True)
class MarkSaved(Fact):
    """Tells that the file ``path`` holds ``song`` from now on.

    It is the file of the song that was opened as number ``document`` (None: of the one shown).
    """

    path: str
    song: Song
    document: int | None = None


@dataclass(frozen=True, slots=True)
class MarkModel(Fact):
    """Tells that the model with ``digest`` is there, or (None) that none will be, and why."""

    digest: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MarkWaiting(Fact):
    """Tells how many commands wait for the model."""

    count: int


@dataclass(frozen=True, slots=True)
class MarkPort(Fact):
    """Tells what became of the MIDI port."""

    status: PortStatus


@dataclass(frozen=True, slots=True)
class MarkInputs(Fact):
    """Tells which MIDI ports are heard."""

    status: InputStatus


@dataclass(frozen=True, slots=True)
class MarkRoutes(Fact):
    """Tells what became of the ports of the routes, by the names that they have there."""

    statuses: tuple[tuple[str, PortStatus], ...]


@dataclass(frozen=True, slots=True)
class MarkClock(Fact):
    """Tells whose clock is kept, and whether that clock started the music or stopped it."""

    status: ClockStatus
    playing: bool | None = None


@dataclass(frozen=True, slots=True)
class MarkTransport(Fact):
    """Tells whether the loop runs, and what is recorded."""

    playing: bool
    recording: RecordStatus | None = None


@dataclass(frozen=True, slots=True)
class MarkLoop(Fact):
    """Tells which measures are looped, first and count; None: the song."""

    loop: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class MarkPreferences(Fact):
    """Tells what is not None of when edits are heard, how playing is recorded, when jumps come."""

    timing: Literal["now", "beat"] | None = None
    audition: bool | None = None
    record: RecordSettings | None = None
    jumps: JumpUnit | None = None
