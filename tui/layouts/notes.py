"""Where each part of the notes screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from textual.geometry import Region

from tui.layouts.compose import LEAST, WIDE

TALL = 30
"""Rows from which there is air between the parts."""


def note_regions(width: int, height: int) -> dict[str, Region]:
    """Return the region of each part.

    From the top they are transport, strip, roll, gauges, what stands at the cursor, and keys: the
    roll has all the room that the others leave.
    """
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    gap = 1 if height >= TALL else 0
    strip = 1 + gap
    roll = strip + 4 + gap
    readings = 1 if width >= WIDE else 2
    end = height - 1 - 1 - readings - gap
    return {
        "transport": Region(0, 0, width, 1),
        "strip": Region(1, strip, width - 2, 4),
        "roll": Region(1, roll, width - 2, end - roll),
        "readings": Region(1, end, width - 2, readings),
        "place": Region(1, end + readings, width - 2, 1),
        "keys": Region(0, height - 1, width, 1),
    }
