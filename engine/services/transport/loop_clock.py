"""A running loop: which position is heard when, and what of it is with the player."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.music.note_line import Stretch


@dataclass(frozen=True, slots=True)
class Run:
    """A running loop: position ``position`` is heard at ``time``, ``pace`` seconds a quarter.

    Notes written before ``first`` do not sound; those heard before ``sent`` are with the player.
    """

    time: float
    position: float
    pace: float
    first: float
    sent: float

    def at(self, time: float) -> float:
        """Return the position that is heard at a time."""
        return self.position + (time - self.time) / self.pace

    def when(self, position: float) -> float:
        """Return the time at which a position is heard."""
        return self.time + (position - self.position) * self.pace

    def of(self, stretches: list[Stretch]) -> list[Stretch]:
        """Return those notes that sound."""
        return [each for each in stretches if each.begins_in(self.first, math.inf)]
