"""A running loop: which position is heard when, and what of it is with the player."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.music.note_line import Stretch
from engine.music.tempo_map import TempoMap


@dataclass(frozen=True, slots=True)
class Run:
    """A running loop: position ``position`` is heard at ``time``, ``pace`` seconds a quarter.

    With ``tempi`` the pace is that up to there, and the map's from there on.
    Notes written before ``first`` do not sound, nor do those from ``last`` on, where it is to end;
    those heard before ``sent`` are with the player. Before ``time`` the music goes as in the
    ``earlier`` run, where there is one, whose positions are less by ``leapt``: a change is planned
    before it is heard.
    """

    time: float
    position: float
    pace: float
    first: float
    sent: float
    tempi: TempoMap | None = None
    last: float = math.inf
    earlier: Run | None = None
    leapt: float = 0.0

    def at(self, time: float) -> float:
        """Return the position that is heard at a time."""
        if time < self.time and self.earlier is not None:
            return self.earlier.at(time) + self.leapt
        if self.tempi is None or time <= self.time:
            return self.position + (time - self.time) / self.pace
        return self.tempi.position(self.tempi.seconds(self.position) + time - self.time)

    def when(self, position: float) -> float:
        """Return the time at which a position is heard."""
        if position < self.position and self.earlier is not None:
            return self.earlier.when(position - self.leapt)
        if self.tempi is None or position <= self.position:
            return self.time + (position - self.position) * self.pace
        return self.time + self.tempi.seconds(position) - self.tempi.seconds(self.position)

    def known(self, now: float, most: int = 3) -> Run:
        """Return the run without the earlier ones that are over, and at most so many of them."""
        if self.earlier is None:
            return self
        if self.time <= now or not most:
            return replace(self, earlier=None)
        return replace(self, earlier=self.earlier.known(now, most - 1))

    def of(self, stretches: list[Stretch]) -> list[Stretch]:
        """Return those notes that sound."""
        return [each for each in stretches if each.begins_in(self.first, self.last)]
