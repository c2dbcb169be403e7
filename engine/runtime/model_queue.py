"""What waits while the model loads, and in which order all that is asked meanwhile is handled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from engine.protocol.analysis import AskInfluence, DrawMap, Explain, RegenerateAway
from engine.protocol.base import Command
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    Interpolate,
    LoadMeasures,
    LockDimension,
    MoveLatent,
    MoveLatents,
    Nudge,
    NudgeModulation,
    NudgeRoute,
    Randomise,
    Redo,
    RemoveModulation,
    RemoveSlot,
    ResetLatent,
    SetBank,
    SetGroove,
    SetKey,
    SetLatent,
    SetLatents,
    SetModulation,
    SetRoutes,
    SetTempo,
    SetTitle,
    SetTrack,
    Undo,
    Vary,
)
from engine.protocol.files import ImportMidi, LoadTune, OpenSong, RecoverSong
from engine.protocol.switches import Toggle
from engine.protocol.transport import CaptureLast
from engine.services.editing import edits

ASKING = DrawMap | Explain | AskInfluence
"""Questions to the model, which change nothing."""

_STEPS = edits.Editing | OpenSong | RecoverSong | ImportMidi | LoadTune | CaptureLast
_OF_THE_TRACK = (
    SetTitle | SetTempo | SetTrack | SetBank | SetGroove | SetKey
    | SetModulation | RemoveModulation | SetRoutes | Nudge | NudgeModulation | NudgeRoute
)  # fmt: skip

_END = sys.maxsize
_TRACK = range(-1, 0)
_LOCKS = range(-2, -1)
_ALL = range(-2, _END)


@dataclass(slots=True)
class _Step:
    """A step of the player's as an undo takes it back; ``made`` counts what it left in history."""

    waits: bool
    key: Hashable = None
    made: int = 0


class ModelQueue:
    """Keeps what must wait until the model has loaded; of no use after that.

    - What needs the model waits.
    - What changes or reads a part of the song waits for what waits to change that part. The
      parts are each measure by its number, the track with tempo, title and routes, and the
      locks. What renumbers measures (insert, remove, between) or fills an unknown number of
      them has all measures from its own on; opening, saving and writing have the whole song.
    - Undo and redo follow the player's order: where the step that they mean waits they wait,
      and else they are met. One whose step never came about is let fall.
    - All the rest (selecting, playing, recording, ports, ...) waits for nothing, and questions
      (maps, reasons) hold up nothing.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Command, _Step | None]] = []
        self._places: set[range] = set()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def count(self) -> int:
        """How many commands wait, without questions."""
        return sum(not isinstance(command, ASKING) for command, _ in self._waiting)

    def takes(self, command: Command) -> bool:
        """Take a command that must wait, and tell whether it did."""
        if isinstance(command, Undo | Redo):
            return self._travels(command)
        if not command.needs_model and not self._depends(command):
            return False
        self._waiting.append((command, self._step(command)))
        if not isinstance(command, ASKING):
            self._places.update(_places(command))
        return True

    def noted(self, before: int, after: int) -> None:
        """Note that something was met and the steps that can be undone were and are so many."""
        if after > before:
            self._done.append(_Step(waits=False))
            self._undone.clear()
        elif after < before and self._done and not self._done[-1].waits:
            self._done.pop()

    def empty(self, handle: Callable[[Command], object], steps: Callable[[], int]) -> None:
        """Hand what waited to ``handle``, in order; ``steps`` counts what can be undone."""
        waiting, self._waiting = self._waiting, []
        self._forget()
        for command, step in waiting:
            if isinstance(command, Undo | Redo):
                if step is not None and step.made > 0:
                    handle(command)
                continue
            before = steps()
            handle(command)
            if step is not None:
                step.made += steps() - before

    def give_up(self) -> None:
        """Let go of what needs the model, as there will be none."""
        kept = (each for each in self._waiting if not each[0].needs_model)
        self._waiting = [*kept]

    def _depends(self, command: Command) -> bool:
        return any(
            own.start < other.stop and other.start < own.stop
            for own in _places(command)
            for other in self._places
        )

    def _step(self, command: Command) -> _Step | None:
        if not isinstance(command, _STEPS):
            return None
        key = edits.stroke(command) if isinstance(command, edits.Editing) else None
        last = self._done[-1] if self._done else None
        if key is not None and last is not None and last.key == key:
            return last
        self._done.append(_Step(waits=True, key=key))
        self._undone.clear()
        return self._done[-1]

    def _travels(self, command: Undo | Redo) -> bool:
        back = isinstance(command, Undo)
        source, target = (self._done, self._undone) if back else (self._undone, self._done)
        if not source:
            return False
        step = source.pop()
        step.key = None
        target.append(step)
        if step.waits:
            self._waiting.append((command, step))
        return step.waits

    def _forget(self) -> None:
        self._places.clear()
        self._done.clear()
        self._undone.clear()


def _places(command: Command) -> tuple[range, ...]:
    match command:
        case _ if command.overtakes:
            return ()
        case LockDimension() | Toggle("lock"):
            return (_LOCKS,)
        case Toggle():
            return ()
        case _ if isinstance(command, _OF_THE_TRACK):
            return (_TRACK,)
        case (
            SetLatent(slot) | SetLatents(slot) | MoveLatent(slot) | MoveLatents(slot)
            | ResetLatent(slot) | Randomise(slot) | Vary(slot) | RegenerateAway(slot)
            | ClearSlot(slot)
        ):  # fmt: skip
            return (_at(slot),)
        case CopySlot(source, target):
            return _at(source), _at(target)
        case LoadMeasures(slot, measures):
            return (range(slot, slot + len(measures)),)
        case Interpolate(source, target):
            return _at(target), range(source, _END)
        case InsertSlot(slot) | RemoveSlot(slot) | ImportMidi(slot) | LoadTune(slot):
            return (range(slot, _END),)
        case CaptureLast(slot):
            return (range(slot or 0, _END),)
    return (_ALL,)


def _at(slot: int) -> range:
    return range(slot, slot + 1)
