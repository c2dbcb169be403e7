"""Edits, undo and all other changes of the state that mean nothing but themselves."""

from __future__ import annotations

from itertools import count

from engine.jobs import Jobs
from engine.protocol.base import Command, Edit, Event
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
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import MoveTrackSelection, SelectTrack
from engine.protocol.vocabulary import COMMANDS
from engine.services.base import Service, ServiceContext
from engine.services.editing.command_log import CommandLog
from engine.services.editing.edits import step_name, takes_long
from engine.services.editing.long_edits import WorkedOut, work_of
from engine.services.editing.state import State

_FACTS = (
    MarkClock, MarkInputs, MarkLoop, MarkModel, MarkPort, MarkPreferences, MarkRoutes, MarkSaved,
    MarkTransport, MarkWaiting,
)  # fmt: skip


class EditingService(Service):
    """Handles what changes the song, and facts: `State` does it.

    An edit that takes long is worked out by a job, and dropped where the song changed meanwhile.
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

    reports = (WorkedOut,)

    def __init__(
        self,
        context: ServiceContext,
        state: State,
        jobs: Jobs,
        recording: CommandLog | None = None,
    ) -> None:
        super().__init__(context)
        self._state, self._jobs = state, jobs
        self._recording = recording
        self._numbers = count(1)

    def handle(self, command: Command, now: float) -> None:
        """Change the state; what takes long is worked out beside the engine thread first."""
        if not isinstance(command, Edit) or not takes_long(command, self.context.snapshot().song):
            self.context.apply(command, now)
            return
        edit, song, context = self._state.asked_of(command)
        # Each is a kind of its own: a later edit takes the place of none.
        kind = f"edit {next(self._numbers)}"
        work = work_of(edit, song, context)
        self._jobs.start("edits", kind, "working out the edit", work, command.request)

    def on_report(self, report: Event, now: float) -> None:
        """Settle an edit that was worked out, unless the song has changed meanwhile."""
        assert isinstance(report, WorkedOut)
        if self._state.foresee(report):
            self.context.apply(report.command, now)
            return
        name = step_name(report.command, report.before, report.song, None)
        words = f"The song has changed meanwhile, and was left as it is: {name}."
        self.context.publish(Notice(words, "warning"))

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Keep the command, so that a replay comes to the same state."""
        if self._recording is not None and after.revision != before.revision:
            self._recording.commands.append(command)
