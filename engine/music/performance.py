"""How a note was played, beside where the grid puts it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.errors import OutOfRange

MOST_OFF = 0.5
"""How far a note may be off its place, in quarter notes."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One note's velocity (1-127), and how far it lies off its place, in quarter notes.

    A positive ``deviation`` is late. Raises `OutOfRange` past half a quarter note.
    """

    velocity: int
    deviation: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.velocity <= 127:
            raise OutOfRange(f"A velocity lies from 1 to 127; {self.velocity} does not.")
        if not (math.isfinite(self.deviation) and abs(self.deviation) <= MOST_OFF):
            raise OutOfRange(
                f"A note lies at most {MOST_OFF} quarter notes off its place, not {self.deviation}."
            )


Touches = tuple[Touch | None, ...]
"""One for each note that starts in a measure, in order; None is as the track has it."""
