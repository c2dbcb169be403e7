"""Where each part of the compose screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

LEAST = Size(80, 24)
"""The smallest terminal in which the screen is whole."""

WIDE = 116
TALL, TALL_WIDE = 37, 39
"""Rows from which everything has a place at once."""

NAMED = 8
"""Rows of the four named gauges: two each."""

MATRIX = 7
"""Rows of the sensitivity matrix: a heading, the named gauges and the chosen one, a note."""


def arrangement(width: int, height: int, side: str = "map") -> dict[str, Region]:
    """Return the region of each part that has room; ``side`` is shown where only one has."""
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    parts = {
        "transport": Region(0, 0, width, 1),
        "keys": Region(0, height - 1, width, 1),
    }
    wide = width >= WIDE
    if height >= (TALL_WIDE if wide else TALL):
        parts["strip"] = Region(1, 2, width - 2, 5)
        parts["nearest"] = Region(1, 7, width - 2, 1)
        # Air under the nearest line, where that takes no row from another part.
        top, end = 8 + (height > (TALL_WIDE if wide else TALL)), height - 2
        return parts | (_tall_wide if wide else _tall)(width, top, end)
    parts["strip"] = Region(1, 1, width - 2, 4)
    roll = 6 + max(0, (height - 24) // 2)
    parts["roll"] = Region(1, height - 1 - roll, width - 2, roll)
    top, end = 5, height - 2 - roll
    parts["nearest"] = Region(1, end, width - 2, 1)
    return parts | (_low_wide if wide else _low)(width, top, end, side)


def _low(width: int, top: int, end: int, side: str) -> dict[str, Region]:
    left = max(43, width * 45 // 100)
    return {
        "gauges": Region(1, top, left, NAMED),
        "why": Region(1, top + NAMED, left, end - top - NAMED),
        side: Region(left + 4, top, width - left - 5, end - top),
    }


def _low_wide(width: int, top: int, end: int, side: str) -> dict[str, Region]:
    left = max(43, width * 34 // 100)
    right = max(34, width * 30 // 100)
    x = width - right - 1
    middle = {"map": Region(left + 4, top, x - left - 7, end - top)}
    over = "bank" if side == "bank" else "matrix"
    return middle | {
        "gauges": Region(1, top, left, NAMED),
        "why": Region(1, top + NAMED, left, end - top - NAMED),
        over: Region(x, top, right, end - top),
    }


def _tall(width: int, top: int, end: int) -> dict[str, Region]:
    left = max(43, width * 45 // 100)
    roll = 8 + max(0, (end - top - 28) // 2)
    bottom = end - roll
    x, right = left + 4, width - left - 5
    chart = (bottom - top) // 2
    why = bottom - 2 - MATRIX - top - NAMED - 1
    return {
        "gauges": Region(1, top, left, NAMED),
        "why": Region(1, top + NAMED + 1, left, why),
        "matrix": Region(1, bottom - 1 - MATRIX, left, MATRIX),
        "map": Region(x, top, right, chart),
        "bank": Region(x, top + chart + 1, right, bottom - 1 - top - chart - 1),
        "roll": Region(1, bottom, width - 2, roll),
    }


def _tall_wide(width: int, top: int, end: int) -> dict[str, Region]:
    left = max(58, width * 46 // 100)
    x, right = left + 4, width - left - 5
    columns = max(1, right // 27)
    # One row of heading, then all other gauges where they fit.
    bank = 1 + -(-28 // columns)
    why = 5
    matrix = top + NAMED + 1 + why + 1
    roll = matrix + MATRIX + 1
    return {
        "gauges": Region(1, top, left, NAMED),
        "why": Region(1, top + NAMED + 1, left, why),
        "matrix": Region(1, matrix, left, MATRIX),
        "roll": Region(1, roll, left, end - roll),
        "map": Region(x, top, right, end - top - bank - 1),
        "bank": Region(x, end - bank, right, bank),
    }


class Arranged(Layout):
    """Lays children out by their ids; those without a region are not drawn.

    ``regions`` returns the region of each part that has room, in so many columns and rows.
    """

    name = "arranged"

    def __init__(self, regions: Callable[[int, int], dict[str, Region]]) -> None:
        self.regions = regions

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Return the placements of the children that have a region."""
        del greedy
        parent.pre_layout(self)
        regions = self.regions(size.width, size.height)
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, Spacing(), child)
            for child in children
            if child.id in regions
        ]
