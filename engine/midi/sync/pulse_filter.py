"""When the pulses of a clock truly were and will be, told from when they arrived.

A g-h filter of growing memory: over its first pulses it is the least-squares line through
them (so a steady clock is known within a beat), and its memory then grows to `LONGEST`, by
which jitter is averaged away. Where the last errors lean to one side, as they do when the
tempo moves, its memory is cut until it keeps up (the tracking signal of Trigg, 1964). Gains
of the growing memory: Brookner, Tracking and Kalman Filtering Made Easy (1998), chapter 1.
"""

from __future__ import annotations

import math
from collections import deque

PULSES = 24
"""Pulses of a quarter note."""

LONGEST = 96
"""Pulses that the estimate leans on at most: four quarters."""

SHORTEST = 6
"""Pulses that it leans on at least, once it has had as many."""

LOCKED = PULSES
"""Pulses in a row after which the estimate is trusted: one quarter."""

ODD = 4
"""Pulses in a row that nothing foretold, after which they are a new tempo or phase."""

_LEANING = 0.75
_CUT = 0.5
_LEAN_OVER, _SPREAD_OVER = 8, 24
_FINEST = 0.0002
"""The least spread in seconds that is believed in: what a busy machine adds anyway."""

_GATE = 6.0
"""Spreads, or with `_LEAST_GATE` intervals, that a pulse may be off and still be believed."""

_LEAST_GATE = 0.15
_YOUNG = 2 * SHORTEST
"""Pulses after which the interval is sure enough to tell a lost pulse from a late one."""

_PAUSE = PULSES // 2
"""Intervals after which a silence is a pause, and its length in pulses a guess."""

_USUAL = 0.02
_BRIEFEST, _LONGEST_INTERVAL = 0.001, 2.0


class Pulses:
    """Follows the pulses of one clock by number and time.

    ``number`` counts pulses, lost ones too; ``time`` is when that one truly was (seconds),
    ``interval`` the seconds from it to the next; ``spread`` the mean error of a pulse, and
    ``lean`` the mean of the last errors with their signs (late is positive), in seconds.
    """

    def __init__(self, interval: float) -> None:
        """Take the interval that is assumed until two pulses are there."""
        self.number = 0
        self.time = -math.inf
        self.interval = interval
        self.spread = self.lean = 0.0
        self.lost = 0
        self._memory = 0
        self._run = 0
        # The last arrivals, each with the number of the pulse before it.
        self._recent: deque[tuple[float, int]] = deque(maxlen=ODD + 1)
        # Pulses that were counted, but not believed yet.
        self._odd: list[float] = []
        # Pulses that were counted as lost and may be late only.
        self._owed = 0
        self._failing = 0

    @property
    def last(self) -> float:
        """When the last pulse arrived."""
        return self._recent[-1][0] if self._recent else -math.inf

    @property
    def heard(self) -> int:
        """The number of the last pulse that arrived, believed or not."""
        return self.number + len(self._odd)

    @property
    def settled(self) -> bool:
        """Whether enough pulses came in a row, and true enough, to be trusted."""
        return self._run >= LOCKED and self.spread < self.interval / 3

    def when(self, number: float) -> float:
        """Return when the pulse of that number was or will be."""
        return self.time + (number - self.number) * self.interval

    def begin(self) -> None:
        """Forget the phase and keep the interval until the next pulses tell another."""
        self._memory = self._run = self._owed = self._failing = 0
        self.number += len(self._odd)
        self._odd.clear()

    def receive(self, at: float) -> None:
        """Take a pulse that arrived at ``at`` seconds; one before the last came with it."""
        at = max(at, self.last)
        self._recent.append((at, self.number + len(self._odd)))
        if self._memory < 2:
            self._first(at)
            return
        step = 1 + len(self._odd)
        error = at - self.when(self.number + step)
        whole = round((at - self.time) / self.interval)
        belated = self._owed > 0 and error < -self.interval / 2
        self._failing += 1
        if not belated and self._plausible(error):
            self._odd.clear()
            self._owed = self._failing = 0
            self._correct(step, step, error)
        elif self._changed():
            return
        elif belated:
            # One that was counted as lost has come after all, close to its follower.
            self._owed -= 1
            self.lost -= 1
        elif whole > step and self._lost(at, whole, whole - step):
            self._miss(at, whole, whole - step)
        else:
            self._doubt(at, error)

    def _plausible(self, error: float) -> bool:
        if self._memory <= SHORTEST:
            # The interval of so few may be far off.
            return error <= _PAUSE * max(self.interval, _USUAL)
        return abs(error) <= self._gate()

    def _lost(self, at: float, whole: int, lost: int) -> bool:
        if lost > _PAUSE:
            return True
        fits = abs(at - self.when(self.number + whole)) <= self._gate()
        return fits and self._memory > _YOUNG

    def _gate(self) -> float:
        least = 1.0 if self._memory <= _YOUNG else _LEAST_GATE
        return max(_GATE * self.spread, least * self.interval)

    def _first(self, at: float) -> None:
        gap = at - self.time
        self.number += 1
        self.time = at
        if self._memory == 1 and gap > 0:
            self._memory = self._run = 2
            self.interval = _clamped(gap)
            self.spread, self.lean = self.interval / 8, 0.0
        else:
            self._memory = self._run = 1

    def _correct(self, step: int, heard: int, error: float) -> None:
        """Move the line by the error of a pulse ``step`` on, the last of ``heard`` pulses."""
        n = self._memory = min(self._memory + heard, LONGEST)
        self._run += heard
        self.spread += (abs(error) - self.spread) / _SPREAD_OVER
        self.spread = max(self.spread, _FINEST)
        self.lean += (error - self.lean) / _LEAN_OVER
        if abs(self.lean) > _LEANING * self.spread:
            n = self._memory = min(n, max(SHORTEST, int(n * _CUT)))
        g = 2 * (2 * n - 1) / (n * (n + 1))
        h = 6 / (n * (n + 1))
        self.number += step
        self.time += step * self.interval + g * error
        self.interval = _clamped(self.interval + h * error / step)

    def _miss(self, at: float, whole: int, lost: int) -> None:
        """Count the pulses that a gap lacks."""
        error = at - self.when(self.number + whole)
        self._owed = lost
        self.lost += lost
        self._odd.clear()
        if lost > _PAUSE:
            # The phase is what there is; whether it holds must be seen anew.
            self._run = 0
            self._memory = min(self._memory, _YOUNG)
        else:
            self._run = max(0, self._run - lost)
        self._correct(whole, whole - lost, error)

    def _doubt(self, at: float, error: float) -> None:
        """Count a pulse that is not where any is expected, and do not learn from it."""
        self._odd.append(at)
        if len(self._odd) > ODD:
            # What is often wrong is a wide clock, not a wrong one.
            self.spread += (min(abs(error), self.interval) - self.spread) / _SPREAD_OVER
            self._odd.pop(0)
            self._run = 0
            self.number += 1
            self.time += self.interval

    def _changed(self) -> bool:
        """Whether the last pulses make a line of their own, and if so, goes on with that."""
        if len(self._recent) <= ODD or self._failing < ODD - 1:
            return False
        times = [time for time, _ in self._recent]
        interval = (times[-1] - times[0]) / ODD
        start = sum(times) / len(times) - ODD / 2 * interval
        off = max(abs(time - start - n * interval) for n, time in enumerate(times))
        if interval <= 0 or off > max(2 * self.spread, _LEAST_GATE * interval):
            return False
        # Counted from the first of them, whatever was taken for lost since.
        number, end = self._recent[0][1] + 1 + ODD, start + ODD * interval
        self.lost -= max(0, self.number + len(self._odd) + 1 - number)
        self.spread = max(min(self.spread, interval / 8), _FINEST)
        self.number, self.time, self.interval = number, end, _clamped(interval)
        self.lean = 0.0
        self._memory = self._run = ODD + 1
        self._owed = self._failing = 0
        self._odd.clear()
        return True


def _clamped(interval: float) -> float:
    return min(max(interval, _BRIEFEST), _LONGEST_INTERVAL)
