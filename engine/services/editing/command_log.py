"""A recording: the song at the start and every command that changed something since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.latent.spec import LatentModel
from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.snapshot import Snapshot
from engine.services.editing.state import State


@dataclass(slots=True)
class CommandLog:
    """What is needed to come to the same snapshot again, without files, ports or clocks."""

    song: Song
    path: str | None = None
    locks: frozenset[int] = frozenset()
    commands: list[Command] = field(default_factory=list)


def replay(recording: CommandLog, model: LatentModel) -> Snapshot:
    """Return the snapshot that the recorded commands lead to on the model they were met on."""
    state = State(recording.song, recording.path, recording.locks)
    state.offer(model)
    return play(state, recording.commands)


def play(state: State, commands: Iterable[Command]) -> Snapshot:
    """Apply commands one after the other and return the last snapshot."""
    for command in commands:
        state.apply(command)
    return state.snapshot()
