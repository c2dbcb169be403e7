"""A sounding note of a line that is repeated for ever."""

from __future__ import annotations

from dataclasses import dataclass, replace

SAME = 1e-6
"""Quarter notes within which two places are one: positions are floats."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sounding note of a line: ``start`` and ``end`` in quarter notes, ``pitch`` as MIDI number.

    Positions count on through every repeat of the loop. It is struck ``louder`` than its
    ``velocity`` (None: the track's) and heard ``later`` than it is written, in quarter notes.
    """

    start: float
    end: float
    pitch: int
    louder: int = 0
    later: float = 0.0
    velocity: int | None = None

    @property
    def written(self) -> float:
        """Where it is written, in quarter notes."""
        return self.start - self.later

    def begins_in(self, start: float, end: float) -> bool:
        """Return whether it is written from ``start`` on and before ``end``."""
        return start - SAME <= self.written < end - SAME

    def moved_by(self, base: float) -> Stretch:
        """Return the same note so much later, in quarter notes."""
        return replace(self, start=base + self.start, end=base + self.end)
