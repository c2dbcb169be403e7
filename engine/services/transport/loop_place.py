"""Where a loop is: what of it is heard at a time, and what comes next. Nothing here changes it."""

from __future__ import annotations

import math

from engine.music.beat_map import Beats
from engine.protocol.transport import PlayheadMoved
from engine.services.transport.loop_clock import Run
from engine.services.transport.loop_notes import LoopNotes


class LoopPlace:
    """Tells where the music of a loop is; ``now`` is in seconds of the monotonic clock."""

    def __init__(self, loop: LoopNotes) -> None:
        self._loop = loop

    @property
    def playing(self) -> bool:
        """Whether the loop runs."""
        return self._loop.run is not None

    @property
    def beats(self) -> Beats | None:
        """The beat of the loop as it runs, or as it ran last; None before it ever did."""
        return self._loop.count.beats

    def place(self, position: float) -> tuple[int, float]:
        """Return the slot that a position of the beat falls in, and the quarter notes into it."""
        step, within = self._loop.course.place(self._loop.count.loop_position(position))
        return self._loop.course.steps[step].slot, within

    def at(self, now: float) -> float | None:
        """Return the position that is heard now, as it was counted at the start; None at rest."""
        return None if self._loop.run is None else self._loop.run.at(now) - self._loop.count.shift

    def start_of(self, slot: int) -> float:
        """Return the position at which a slot begins (the first where the loop has no such)."""
        return self._loop.course.start_of(slot)

    def over(self, now: float) -> bool:
        """Return whether the loop has sounded once, where that was asked for."""
        run = self._loop.run
        return run is not None and run.last < math.inf and now >= run.when(run.last)

    def due(self, position: float) -> float | None:
        """Return when a position, as it was counted at the start, is heard; None where it rests."""
        run = self._loop.run
        return None if run is None else run.when(position + self._loop.count.shift)

    def playhead(self, now: float) -> PlayheadMoved:
        """Return where the music is."""
        if self._loop.run is None:
            return PlayheadMoved(None, 0.0)
        _, index, beat = self._here(self._loop.run, now)
        step = self._loop.course.steps[index]
        jump = self._loop.jump
        goal = self._loop.course.steps[jump.step] if jump is not None else None
        return PlayheadMoved(
            step.slot, beat, step.entry, step.repeat,
            None if goal is None else goal.slot, None if goal is None else goal.entry,
        )  # fmt: skip

    def course(self, now: float) -> tuple[int, tuple[float, int]] | None:
        """Return the slot that is heard, and when which one follows it; None where none is."""
        run, course = self._loop.run, self._loop.course
        if run is None:
            return None
        count, jump = self._loop.count, self._loop.jump
        counted, index, within = self._here(run, now)
        end = counted - within + course.end_of(index) - course.starts[index]
        following = course.steps[(index + 1) % len(course.steps)].slot
        leaves = jump.leaves - count.shift if jump is not None else math.inf
        if (leap := min(count.next_leap(counted), leaves)) <= end + 1e-6:
            # What is sent already leaps here, or is to.
            end, place = leap, course.place(count.loop_position(leap))[0]
            following = course.steps[jump.step if jump and leap == leaves else place].slot
        return course.steps[index].slot, (run.when(end + count.shift), following)

    def _here(self, run: Run, now: float) -> tuple[float, int, float]:
        """Return the beat that is heard, its step, and the quarter notes into that."""
        counted = max(run.at(now), run.first) - self._loop.count.shift
        place = self._loop.course.place(self._loop.count.loop_position(counted))
        return counted, *place
