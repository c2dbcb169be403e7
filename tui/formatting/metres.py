"""Metres in words."""

from __future__ import annotations

from engine.latent.spec import serves
from engine.music.grid import FOUR_QUARTERS, Grid

_BEATS = {4: "quarters", 8: "eighths"}


def short_metre(grid: Grid) -> str:
    """Return a metre in four cells: ``6/8``, or ``4/4f`` for a fine grid."""
    return grid.metre + "f" * (grid.name != grid.metre)


def usual(grid: Grid) -> bool:
    """Return whether a metre goes without saying."""
    return grid == FOUR_QUARTERS


def metre_line(grid: Grid) -> str:
    """Describe a metre in a line: ``7/8: 7 eighths, 2+2+3``."""
    beats = "dotted quarters" if grid.compound else _BEATS[grid.denominator]
    parts = [f"{grid.beats} {beats}"]
    if len(grid.groups) > 1 and not grid.compound and len(set(grid.groups)) > 1:
        parts.append("+".join(map(str, grid.groups)))
    if grid.name != grid.metre:
        parts.append("down to thirty-seconds")
    if not serves(grid):
        parts.append("gauges rest")
    return f"{grid.name}: {', '.join(parts)}"
