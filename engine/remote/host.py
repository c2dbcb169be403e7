"""The engine that is served, and what belongs to it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine import locations
from engine.formats.song_file import SUFFIX
from engine.protocol.base import Command, Event
from engine.protocol.files import Kept
from engine.protocol.snapshot import Snapshot
from engine.remote import protocol as v
from engine.remote.audio_router import AudioRouter
from engine.remote.file_access import Fence
from engine.services.session import autosave

MOST_SONGS = 500
"""How many songs of the user's folder are named to whoever attaches."""


class Attachable(Protocol):
    """What can be attached to: an engine."""

    @property
    def snapshot(self) -> Snapshot:
        """The latest state."""

    def send(self, command: Command) -> None:
        """Put a command into the engine's inbox."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Publish events to ``callback``, the latest snapshot first, until the answer is called."""


@dataclass(frozen=True, slots=True)
class EngineHost:
    """What belongs to a served engine: songs that were not saved, its speakers, how it is ended.

    ``fence`` says which files whoever is attached may name; ``name`` is that of this run.
    """

    recovered: tuple[Kept, ...] = ()
    ended: Callable[[], None] = lambda: None
    sound: AudioRouter | None = None
    fence: Fence = field(default_factory=Fence)
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    started: float = field(default_factory=time.time)

    def welcome(self, place: str) -> v.Welcome:
        """Return what opens the line of a guest at a place."""
        return v.Welcome(
            self.name,
            place,
            recovered=tuple(each for each in self.recovered if autosave.free(each.path)),
            songs=str(locations.songs_folder()),
            song_files=tuple(map(str, locations.songs(SUFFIX)[:MOST_SONGS])),
        )

    def state(self, shown: Snapshot, attached: int, port: int | None) -> v.EngineState:
        """Return how the engine is, with so many screens ``attached``, and served at a ``port``."""
        return v.EngineState(
            os.getpid(),
            self.started,
            shown.song.title,
            shown.saved,
            shown.playing,
            shown.port.name or "",
            attached,
            port,
        )
