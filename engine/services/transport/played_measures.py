"""Which measures what was played makes: how many, of which grids, and without silence around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.music.grid import Grid
from engine.music.measure import HOLD, REST, Measure
from engine.music.quantise import PlayedMeasure

SAME = 1e-6
"""Quarter notes within which two places are one: positions are floats."""


def beats_left(quarters: float, grid: Grid) -> int:
    """Return how many beats of measures of a grid are left to be counted, with the one at hand."""
    bar = float(grid.length)
    bars, rest = divmod(quarters - SAME, bar)
    # Of each pulse how long it is before the next bar line.
    within = sum(bar - pulse < rest for pulse in grid.pulses)
    return 1 + int(bars) * len(grid.pulses) + within


def reaching(end: float, grids: Iterator[Grid]) -> list[Grid]:
    """Return the first of the grids, whose measures reach beyond ``end`` quarter notes."""
    found, begins = [], 0.0
    while begins <= end:
        found.append(next(grids))
        begins += float(found[-1].length)
    return found


def begun(found: list[PlayedMeasure]) -> list[PlayedMeasure]:
    """Leave out what goes on from a measure that is kept no more."""
    first, *others = found
    if first.measure.tokens[0] == HOLD:
        measure = Measure.from_tokens((REST, *first.measure.tokens[1:]), first.measure.grid)
        first = replace(first, measure=measure)
    return trimmed([first, *others]) if first.measure.silent else [first, *others]


def trimmed(found: list[PlayedMeasure]) -> list[PlayedMeasure]:
    """Leave out measures of silence before and after what was played."""
    played = [at for at, each in enumerate(found) if not each.untouched]
    return found[played[0] : played[-1] + 1] if played else found[:1]
