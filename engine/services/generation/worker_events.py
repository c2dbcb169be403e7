"""What the studio's workers tell the engine thread; nobody else hears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ArmonicaError
from engine.protocol.base import Event
from engine.protocol.generation import Take, Trait
from engine.steering.spec import AudioSpec

if TYPE_CHECKING:
    from engine.audio.output import Playing


@dataclass(frozen=True, slots=True)
class StudioReport(Event):
    """Anything that a worker tells; it travels the way of events."""


@dataclass(frozen=True, slots=True)
class ModelLoading(StudioReport):
    """What goes on while a model loads."""

    job: int
    detail: str


@dataclass(frozen=True, slots=True)
class ModelOpened(StudioReport):
    """A model is there, with the traits that it has probes of."""

    job: int
    name: str
    spec: AudioSpec
    memory: int
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class ModelRefused(StudioReport):
    """A model cannot be had."""

    job: int
    error: ArmonicaError


@dataclass(frozen=True, slots=True)
class JobOver(StudioReport):
    """A job of the studio has ended, whatever became of it."""

    job: int


@dataclass(frozen=True, slots=True)
class TakesListed(StudioReport):
    """The takes that were kept before."""

    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class TakeMade(StudioReport):
    """A take was kept; ``twin_of`` is the take that it is the unsteered twin of."""

    job: int
    take: Take
    memory: int
    twin_of: str | None = None


@dataclass(frozen=True, slots=True)
class TakeRemoved(StudioReport):
    """The files of a take are gone."""

    take: str


@dataclass(frozen=True, slots=True)
class SoundFound(StudioReport):
    """The sound device that takes are played on; empty where there is none, and why."""

    sound: str
    silence: str = ""


@dataclass(frozen=True, slots=True)
class PlayBegan(StudioReport):
    """A take was given to the sound device."""

    take: str


@dataclass(frozen=True, slots=True)
class SoundMoved(StudioReport):
    """What the sound device does."""

    playing: Playing
