"""The engine's clock seen from another machine: how far off it is, and a way to follow it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

DRIFT = 50e-6
"""How much faster or slower two quartz clocks may run, as a share."""

WINDOW = 300.0
"""Seconds for which a measurement of the offset counts."""

SLEW = 1e-3
"""The most by which time is stretched to follow the engine's clock: a millisecond a second."""

SETTLE = 5.0
"""Seconds in which a deviation is made good, where `SLEW` allows it."""

JUMP = 0.05
"""A deviation in seconds that is not followed but jumped over: one machine has slept."""

_RECENT = 64
_KNOTS = 64


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    trip: float
    offset: float

    def doubt(self, now: float) -> float:
        """How far the offset may be wrong by now: each way may have taken the whole trip."""
        return self.trip / 2 + DRIFT * (now - self.at)


class Offset:
    """The engine's time less ours, from round trips of which each way is unknown.

    A packet that was held up makes a long trip and a doubtful measurement; the least doubtful
    of the last minutes counts, as in Cristian's algorithm and NTP's clock filter.
    """

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()
        self._trips: deque[float] = deque(maxlen=_RECENT)

    def add(self, sent: float, there: float, back: float) -> None:
        """Take one round trip: sent and back by our clock, met ``there`` by the engine's."""
        if back < sent:
            return
        trip = back - sent
        self._trips.append(trip)
        new = _Sample(back, trip, there - (sent + back) / 2)
        # What is more doubtful than a later one never counts again.
        while self._samples and self._samples[-1].doubt(back) >= new.doubt(back):
            self._samples.pop()
        self._samples.append(new)
        while back - self._samples[0].at > WINDOW:
            self._samples.popleft()

    def forget(self) -> None:
        """Begin anew: a clock has jumped."""
        self._samples.clear()
        self._trips.clear()

    def value(self, now: float) -> float:
        """Return the offset in seconds; only after the first round trip."""
        return min(self._samples, key=lambda sample: sample.doubt(now)).offset

    @property
    def count(self) -> int:
        """How many of the last round trips were measured."""
        return len(self._trips)

    @property
    def delay(self) -> float:
        """How long nine of ten messages need at most one way, in seconds, with some to spare."""
        trips = sorted(self._trips)
        return 0.75 * trips[min(len(trips) - 1, len(trips) * 9 // 10)] + 0.005


class ClockMap:
    """From the engine's time to ours: always rising, never jumping, and the same for ever.

    A moment that was once converted stays where it is; a better offset bends only what lies
    beyond. So a note, its end, and a change that names its time agree.
    """

    def __init__(self, offset: float) -> None:
        # Beyond each knot (engine's time, ours) time runs at its slope.
        self._knots: deque[tuple[float, float, float]] = deque([(0.0, -offset, 1.0)])
        self._furthest = float("-inf")

    def local(self, time: float) -> float:
        """Return our time of the engine's."""
        self._furthest = max(self._furthest, time)
        return self._at(time)

    def engine(self, time: float) -> float:
        """Return the engine's time of ours."""
        knot = next((each for each in reversed(self._knots) if each[1] <= time), self._knots[0])
        there, here, slope = knot
        return there + (time - here) / slope

    def slope(self, time: float) -> float:
        """Return how many of our seconds one of the engine's takes at a moment of its."""
        return self._knot(time)[2]

    def aim(self, offset: float, now: float) -> bool:
        """Bend towards an offset from beyond all that was converted; ``now`` is the engine's.

        False where it is too far off for that.
        """
        start = max(self._furthest, now, self._knots[-1][0])
        error = (start - offset) - self._at(start)
        if abs(error) > JUMP:
            return False
        slope = 1 + min(max(error / SETTLE, -SLEW), SLEW)
        if slope != self._knots[-1][2]:
            self._knots.append((start, self._at(start), slope))
            while len(self._knots) > _KNOTS:
                self._knots.popleft()
        return True

    def _at(self, time: float) -> float:
        there, here, slope = self._knot(time)
        return here + (time - there) * slope

    def _knot(self, time: float) -> tuple[float, float, float]:
        return next((each for each in reversed(self._knots) if each[0] <= time), self._knots[0])
