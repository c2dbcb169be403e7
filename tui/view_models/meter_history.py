"""What the meters of one job have shown, gathered step by step from its tellings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.protocol.generation import Meter, TakeProgressed


@dataclass(frozen=True, slots=True)
class Column:
    """Some steps of one trait: their mean confidence, and the sign of a push in any of them."""

    level: float
    pushed: int


class Growth:
    """Keeps every step of the latest job, so that its whole history can be drawn.

    An event carries the last steps only; those that fell between two events are in it.
    """

    def __init__(self) -> None:
        self.last: TakeProgressed | None = None
        self._read: dict[str, list[Meter | None]] = {}
        self._known = 0

    def add(self, progress: TakeProgressed) -> None:
        """Add an event; one of another job begins anew."""
        if self.last is None or progress.job != self.last.job or progress.step < self.last.step:
            self._read.clear()
            self._known = 0
        self.last = progress
        first = max(0, progress.step - len(progress.history))
        for at, meters in enumerate(progress.history, start=first):
            if at >= self._known:
                self._write(at, meters)
        self._known = max(self._known, first + len(progress.history))

    def _write(self, at: int, meters: tuple[Meter, ...]) -> None:
        for meter in meters:
            row = self._read.setdefault(meter.name, [])
            row.extend([None] * (at + 1 - len(row)))
            row[at] = meter

    def meter(self, name: str) -> Meter | None:
        """Return a trait's latest reading."""
        meters = self.last.meters if self.last is not None else ()
        return next((meter for meter in meters if meter.name == name), None)

    def pushes(self, name: str) -> tuple[int, int]:
        """Return in how many steps a trait was pushed, and how many were read."""
        row = [meter for meter in self._read.get(name, ()) if meter is not None]
        return sum(meter.pushed for meter in row), len(row)

    def columns(self, name: str, width: int) -> tuple[Column | None, ...]:
        """Return a trait's history in ``width`` columns over the whole of the take.

        A column belongs to the same steps as long as the take grows; None: not there yet.
        """
        row = self._read.get(name)
        steps = max(1, self.last.steps if self.last is not None else 1, self._known)
        if not row or width < 1:
            return (None,) * max(0, width)
        return tuple(
            _column(row[at * steps // width : max(1 + at * steps // width,
                                                  (at + 1) * steps // width)])
            for at in range(width)
        )  # fmt: skip


def _column(part: list[Meter | None]) -> Column | None:
    meters = [meter for meter in part if meter is not None and math.isfinite(meter.confidence)]
    if not meters:
        return None
    pushed = next((1 if meter.gate >= 0 else -1 for meter in meters if meter.pushed), 0)
    level = sum(max(0.0, min(1.0, meter.confidence)) for meter in meters) / len(meters)
    return Column(level, pushed)
