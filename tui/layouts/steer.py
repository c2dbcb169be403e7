"""Where each part of the steer screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from textual.geometry import Region

from tui.layouts.compose import LEAST

TALL = 36
"""Rows from which there is air between the parts."""


def steering(width: int, height: int) -> dict[str, Region]:
    """Return the region of each part, from the top.

    They are transport, job, traits, wave, nearest line, takes and keys.
    """
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    tall = height >= TALL
    gap = 1 if tall else 0
    job = 1 + gap
    top, end = job + 2 + gap, height - 1 - gap
    more = height - TALL if tall else height - LEAST.height
    traits = 11 + more // 2 if tall else 8 + more // 3
    wave = 9 + more // 5 if tall else 6 + more // 4
    parts = {"job": (job, 2), "traits": (top, traits), "wave": (top + traits + gap, wave)}
    nearest = top + traits + gap + wave
    parts["nearest"] = (nearest, 1)
    takes = nearest + 1 + gap
    parts["takes"] = (takes, end - takes)
    across = {name: Region(1, y, width - 2, rows) for name, (y, rows) in parts.items()}
    return across | {
        "transport": Region(0, 0, width, 1),
        "keys": Region(0, height - 1, width, 1),
    }
