"""Edits, undo and all other changes of the state that mean nothing but themselves."""

from __future__ import annotations

from engine.protocol.base import Command, Edit
from engine.protocol.comparison import FlipState, KeepState, MarkState
from engine.protocol.edit import LockDimension, MoveSelection, Redo, ReplaceSong, SelectSlot, Undo
from engine.protocol.facts import (
    MarkClock,
    MarkInputs,
    MarkLoop,
    MarkModel,
    MarkPort,
    MarkPreferences,
    MarkRoutes,
    MarkSaved,
    MarkTransport,
    MarkWaiting,
)
from engine.protocol.form import MoveEntrySelection, SelectEntry
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import MoveTrackSelection, SelectTrack
from engine.protocol.vocabulary import COMMANDS
from engine.services.base import Service, ServiceContext
from engine.services.editing.command_log import CommandLog

_FACTS = (
    MarkClock, MarkInputs, MarkLoop, MarkModel, MarkPort, MarkPreferences, MarkRoutes, MarkSaved,
    MarkTransport, MarkWaiting,
)  # fmt: skip


class EditingService(Service):
    """Handles what changes the song, and facts: `State` does it.

    Whatever changed the state, of whichever service, is added to ``recording``.
    """

    commands = (
        *(kind for kind in COMMANDS if issubclass(kind, Edit)),
        SelectSlot,
        MoveSelection,
        SelectTrack,
        MoveTrackSelection,
        SelectEntry,
        MoveEntrySelection,
        LockDimension,
        Undo,
        Redo,
        ReplaceSong,
        MarkState,
        FlipState,
        KeepState,
        *_FACTS,
    )

    def __init__(self, context: ServiceContext, recording: CommandLog | None = None) -> None:
        super().__init__(context)
        self._recording = recording

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Keep the command, so that a replay comes to the same state."""
        if self._recording is not None and after.revision != before.revision:
            self._recording.commands.append(command)
