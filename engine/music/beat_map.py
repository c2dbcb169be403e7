"""Where the music is at any time, also where it was before the tempo changed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MOST = 1024
"""How many changes of tempo are remembered: a clock that is followed makes ten in a second."""


@dataclass(frozen=True, slots=True)
class Mark:
    """From ``time`` (seconds) on, at ``position`` (quarter notes), ``pace`` seconds a quarter."""

    time: float
    position: float
    pace: float


class Beats:
    """The beat of one run of the transport, from its first mark on and before it.

    Positions count on, whatever becomes of the loop.
    """

    def __init__(self, first: Mark) -> None:
        self._marks = deque([first], maxlen=MOST)
        self.began = first.time
        """When the run began, in seconds."""
        self.ended: float | None = None
        """When the transport stopped, in seconds; None while it runs."""

    @property
    def pace(self) -> float:
        """Seconds a quarter note, as they are now."""
        return self._marks[-1].pace

    def add(self, mark: Mark) -> None:
        """Note a change of tempo; what was to change later is forgotten."""
        while len(self._marks) > 1 and self._marks[-1].time > mark.time:
            self._marks.pop()
        self._marks.append(mark)

    def at(self, time: float) -> float:
        """Return the position at a time; before the first mark it is reckoned back."""
        mark = next((m for m in reversed(self._marks) if m.time <= time), self._marks[0])
        return mark.position + (time - mark.time) / mark.pace

    def when(self, position: float) -> float:
        """Return the time of a position."""
        mark = next((m for m in reversed(self._marks) if m.position <= position), self._marks[0])
        return mark.time + (position - mark.position) * mark.pace
