"""What a loop plays: its measures one after the other, and the tempi at which they go by."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from engine.errors import NotReady
from engine.music.form import Step
from engine.music.grid import Grid
from engine.music.song import Song
from engine.music.tempo_map import TempoMap
from engine.protocol.form import LoopScope
from engine.protocol.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Course:
    """The measures of one turn of a loop; positions are quarter notes from its first start."""

    steps: tuple[Step, ...]
    starts: tuple[float, ...]
    grids: tuple[Grid, ...]
    tempi: TempoMap

    @classmethod
    def of(
        cls,
        song: Song,
        slots: range | None = None,
        reach: int = 0,
        before: Course | None = None,
    ) -> Course:
        """Return the course of a song, or of some of its slots alone.

        Without a form it has ``reach`` slots at least. Where it is the one ``before``, that is it.
        """
        if slots is not None:
            first = min(slots.start, song.length - 1)
            steps = song.steps_through(first, max(1, min(len(slots), song.length - first)))
        elif not song.form and reach > song.sounding:
            steps = song.steps_through(0, reach)
        else:
            steps = song.steps
        own, last = song.grids, song.length - 1
        grids = tuple([own[min(step.slot, last)] for step in steps])
        if before is not None and (before.steps, before.grids) == (steps, grids):
            return before
        starts = tuple(accumulate((grid.quarters for grid in grids), initial=0.0))[:-1]
        tempi = song.tempo_map(steps)
        return cls(steps, starts, grids, tempi)

    @property
    def length(self) -> float:
        """How many quarter notes a turn lasts."""
        return self.tempi.length

    def place(self, position: float) -> tuple[int, float]:
        """Return the step that a position falls in, and the quarter notes into it."""
        within = position % self.length
        index = bisect_right(self.starts, within) - 1
        return index, within - self.starts[index]

    def end_of(self, index: int) -> float:
        """Return where a step ends in its turn."""
        return self.starts[index + 1] if index + 1 < len(self.starts) else self.length

    def index_of(self, slot: int, near: int = 0) -> int | None:
        """Return the step of a slot, the one nearest to ``near``; None where it is not played."""
        found = [at for at, step in enumerate(self.steps) if step.slot == slot]
        return min(found, key=lambda at: abs(at - near)) if found else None

    def start_of(self, slot: int) -> float:
        """Return where a slot is first played; the start where it is not."""
        return self.starts[self.index_of(slot) or 0]

    def entry_in(self, entry: int) -> int:
        """Return the first step of an entry; raises `NotReady` where the loop has it not."""
        for at, step in enumerate(self.steps):
            if step.entry == entry:
                return at
        raise NotReady("The loop does not play the order.", "Loop the song again.")

    def start_in(self, slot: int, near: int = 0) -> int:
        """Return the step of a slot, the one nearest to ``near``.

        Raises `NotReady` where it is not played.
        """
        index = self.index_of(slot, near)
        if index is None:
            raise NotReady(
                f"Measure {slot + 1} is not played: it is in no entry of the order, or outside "
                "the loop.",
                "Put its section into the order, or loop it.",
            )
        return index

    def after(self, position: float, unit: str) -> float:
        """Return the end of the ``beat``, ``measure`` or ``section`` at a position.

        A position at which one begins is its own.
        """
        if unit == "beat":
            index, within = self.place(position)
            beats = map(float, self.grids[index].pulses)
            end = self.end_of(index) - self.starts[index]
            return position - within + next((b for b in beats if b >= within - 1e-9), end)
        index, within = self.place(position)
        turn = position - self.starts[index] - within
        if within < 1e-9:
            # A measure has just ended here; a section, where its last one has.
            index, turn = (index - 1, turn) if index else (len(self.steps) - 1, turn - self.length)
        if unit == "section":
            here = self.steps[index]
            while index + 1 < len(self.steps) and _same_pass(here, self.steps[index + 1]):
                here = self.steps[index + 1]
                index += 1
        return turn + self.end_of(index)

    def followed(self, position: float, other: Course) -> float | None:
        """Return where the music at a position goes on in another course.

        None where what sounds is not played there.
        """
        index, within = self.place(position)
        if other.starts == self.starts and other.length == self.length:
            same = other.steps[index].slot == self.steps[index].slot
            if same or not _formed(self, other):
                return position
        found = other.index_of(self.steps[index].slot, index)
        if found is not None:
            # At the end of one that has become shorter the next begins.
            return min(other.starts[found] + within, other.end_of(found)) % other.length
        if _formed(self, other):
            return None
        return (position % self.length) % other.length


def loop_of(scope: LoopScope, shown: Snapshot) -> tuple[int, int] | None:
    """Return the first and the number of the measures of a scope, None for the song."""
    if scope == "measure":
        return shown.selected, 1
    form = shown.song.form
    section = form.section_at(shown.selected)
    if scope == "song" or section is None:
        return None
    slots = form.slots_of(section)
    return slots.start, len(slots)


def _formed(*courses: Course) -> bool:
    # Not the plain loop from the first measure on.
    return any(
        step.entry is not None or step.slot != at
        for course in courses
        for at, step in enumerate(course.steps)
    )


def _same_pass(one: Step, other: Step) -> bool:
    return (one.entry, one.repeat) == (other.entry, other.repeat) and other.slot == one.slot + 1
