"""Which measures the phrase model reads around a measure, and as which it takes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.music.grid import GRIDS, Grid
from engine.music.measure import HOLD, Measure
from engine.phrase.events import METRES
from engine.phrase.sequences import LAST_INDEX

BEFORE, AFTER = 16, 8
"""How many measures before and after one are read at most."""

EIGHT = 8


def readable(measure: Measure) -> Measure | None:
    """Return a measure as the model reads it, on the coarse grid of its metre.

    None where it has a metre that is not in the books, an onset between the places of that grid,
    or no note.
    """
    grid = read_grid(measure.grid)
    if grid is None or measure.silent:
        return None
    return measure if measure.grid == grid else _coarse(measure, grid)


def read_grid(grid: Grid) -> Grid | None:
    """Return the grid on which the model reads measures of a grid; None where it reads none."""
    return GRIDS[grid.metre] if grid.metre in METRES else None


def first_index(last: int) -> int:
    """Return what to take off the numbers of measures so that those up to ``last`` can be told.

    It is a multiple of eight: the place in a phrase stays.
    """
    spare = last - (LAST_INDEX - AFTER)
    return 0 if spare <= 0 else -(-spare // EIGHT) * EIGHT


def stretches(measures: Sequence[Measure | None]) -> list[range]:
    """Return the runs of measures of one metre; what is not read is in none but parts none."""
    found: list[range] = []
    begin = 0
    metre: str | None = None
    for number, measure in enumerate(measures):
        if measure is None:
            continue
        if metre is not None and measure.grid.metre != metre:
            found.append(range(begin, number))
            begin = number
        metre = measure.grid.metre
    return [*found, range(begin, len(measures))] if metre is not None else found


def _coarse(measure: Measure, grid: Grid) -> Measure | None:
    places: dict[Fraction, int] = {onset: tick for tick, onset in enumerate(grid.onsets)}
    tokens = [HOLD] * grid.ticks
    for onset, token in zip(measure.grid.onsets, measure.tokens, strict=True):
        if token == HOLD:
            continue
        if onset not in places:
            return None
        tokens[places[onset]] = token
    return Measure.from_tokens(tokens, grid)
