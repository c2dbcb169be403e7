"""Measures whose metre changes on the way: which beat holds a time, and how many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, repeat

from engine.music.grid import QUARTER, Grid


class MetreRuns:
    """Measures without end, of grids that change on the way.

    Each of ``runs`` is where a grid begins to hold, in quarter notes, and that grid; the first
    holds from 0 on, each of the others from a bar line on.
    """

    def __init__(self, runs: Sequence[tuple[Fraction, Grid]]) -> None:
        self._starts = [start for start, _ in runs]
        self._grids = [grid for _, grid in runs]
        self._measures, self._ticks = [0], [0]
        for (start, grid), (end, _) in pairwise(runs):
            count = int((end - start) / grid.length)
            self._measures.append(self._measures[-1] + count)
            self._ticks.append(self._ticks[-1] + count * grid.ticks)
        self._known: dict[tuple[int, int], Fraction] = {}

    @property
    def first(self) -> Grid:
        """The grid that holds at the start."""
        return self._grids[0]

    def beat(self, time: Fraction) -> tuple[int, Fraction, Grid]:
        """Return the first tick of the beat that holds a time, counted from 0, and the grid there.

        Between them: how far into the beat the time is, in fractions of it.
        """
        run = bisect_right(self._starts, time) - 1
        grid = self._grids[run]
        # In whole numbers: to divide and compare fractions takes many times as long.
        beat, parts = grid.beat.as_integer_ratio()
        within = time - self._starts[run] if run else time
        number, rest = divmod(within.numerator * parts, within.denominator * beat)
        place = rest, within.denominator * beat
        if place not in self._known:
            self._known[place] = Fraction(*place)
        return self._ticks[run] + number * len(grid.positions), self._known[place], grid

    def quarter(self, time: Fraction) -> float | None:
        """Return a time as a place in quarter notes, counted from a beat; None in other metres."""
        first, within, grid = self.beat(time)
        return first + float(within) if grid.beat == QUARTER else None

    def place(self, tick: int) -> Fraction:
        """Return where a tick begins, in quarter notes."""
        run = bisect_right(self._ticks, tick) - 1
        grid = self._grids[run]
        measure, within = divmod(tick - self._ticks[run], grid.ticks)
        return self._starts[run] + measure * grid.length + grid.edges[within]

    def reaching(self, ticks: int) -> int:
        """Return how many measures so many ticks take."""
        run = max(0, bisect_left(self._ticks, ticks) - 1)
        return self._measures[run] - (self._ticks[run] - ticks) // self._grids[run].ticks

    def whole(self, length: Fraction) -> int:
        """Return how many measures end within a length, in quarter notes."""
        run = bisect_right(self._starts, length) - 1
        return self._measures[run] + int((length - self._starts[run]) // self._grids[run].length)

    def grids(self, count: int) -> Iterator[Grid]:
        """Yield the grids of the first measures."""
        ends = [*self._measures[1:], count]
        for grid, first, end in zip(self._grids, self._measures, ends, strict=True):
            yield from repeat(grid, max(0, min(end, count) - first))
