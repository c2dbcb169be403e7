"""The steps that can be taken back: immutable contents with short names."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from engine.music.song import Song

LIMIT = 500
"""How many steps are kept."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a step of undo brings back: a song, and the file it belongs to.

    ``document`` is the same in all contents between two songs opened: two songs that no file
    belongs to yet are told apart by it.
    """

    song: Song
    path: str | None = None
    document: int = 0


@dataclass(frozen=True, slots=True)
class UndoStep:
    """A named change and the content on its other side.

    ``key`` names the gesture it belongs to; None stands alone.
    """

    name: str
    other: Content
    key: Hashable = None


class History:
    """Keeps the last steps, newest last; a step taken back waits until another change is made."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._past: list[UndoStep] = []
        self._future: list[UndoStep] = []
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def undo_names(self) -> tuple[str, ...]:
        """The names of the steps that can be taken back, newest first."""
        return self._names[0]

    @property
    def redo_names(self) -> tuple[str, ...]:
        """The names of the steps that can be taken again, next first."""
        return self._names[1]

    def before(self, key: Hashable, content: Content) -> Content:
        """Return the content from which the gesture ``key`` began, ``content`` if it begins now."""
        return self._past[-1].other if self._goes_on(key) else content

    def began(self) -> Song | None:
        """Return the song before the newest step, where that is a gesture and may go on."""
        goes_on = bool(self._past) and self._past[-1].key is not None
        return self._past[-1].other.song if goes_on else None

    def push(self, name: str, old: Content, new: Content, key: Hashable = None) -> None:
        """Note a change from ``old`` to ``new``; one gesture stays one step.

        A gesture that comes back to where it began leaves no step.
        """
        self._future.clear()
        if self._goes_on(key):
            old = self._past.pop().other
        if old != new:
            self._past.append(UndoStep(name, old, key))
            del self._past[: -self._limit]
        self._name()

    def undo(self, present: Content) -> UndoStep | None:
        """Take the newest step back: gives it with the content before it, or None."""
        return self._move(self._past, self._future, present)

    def redo(self, present: Content) -> UndoStep | None:
        """Take the next step again: gives it with the content after it, or None."""
        return self._move(self._future, self._past, present)

    def contents(self) -> list[Content]:
        """Return the content of every step."""
        return [step.other for step in (*self._past, *self._future)]

    def map(self, change: Callable[[Content], Content]) -> None:
        """Replace the content of every step."""
        for steps in (self._past, self._future):
            steps[:] = [UndoStep(step.name, change(step.other), step.key) for step in steps]

    def _goes_on(self, key: Hashable) -> bool:
        return key is not None and bool(self._past) and self._past[-1].key == key

    def _move(
        self, source: list[UndoStep], target: list[UndoStep], present: Content
    ) -> UndoStep | None:
        if not source:
            return None
        step = source.pop()
        # Without its key: a gesture does not go on through an undo.
        target.append(UndoStep(step.name, present))
        if self._past:
            last = self._past[-1]
            self._past[-1] = UndoStep(last.name, last.other)
        self._name()
        return step

    def _name(self) -> None:
        self._names = (
            tuple(step.name for step in reversed(self._past)),
            tuple(step.name for step in reversed(self._future)),
        )
