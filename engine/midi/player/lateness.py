"""How late messages were sent: a subtraction per message, a summary now and then."""

from __future__ import annotations

from collections import deque

from engine.midi.messages import Lateness

_SAMPLES = 512
_REPORTS = 4


class LatenessMeter:
    """Keeps the delays of the last messages and the worst of the last reports."""

    def __init__(self) -> None:
        # A fixed number of samples, so that a summary after a burst takes no longer than any.
        self._recent: deque[float] = deque(maxlen=_SAMPLES)
        self._worst: deque[float] = deque([0.0], maxlen=_REPORTS)
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count one message that was sent so long after its time."""
        self._recent.append(seconds)
        self._count += 1
        if seconds > self._worst[-1]:
            self._worst[-1] = seconds

    def report(self, dropped: int) -> Lateness | None:
        """Return the figures since the last report, the worst over the last few; None for none."""
        if not self._count:
            return None
        ordered = sorted(self._recent)
        last = len(ordered) - 1
        report = Lateness(
            p50=_milliseconds(ordered[last // 2]),
            p99=_milliseconds(ordered[round(last * 0.99)]),
            worst=_milliseconds(max(self._worst)),
            count=self._count,
            dropped=dropped,
        )
        self._count = 0
        self._worst.append(0.0)
        return report


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 4)
