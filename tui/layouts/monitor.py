"""Where each part of the monitor screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from textual.geometry import Region

from tui.layouts.compose import LEAST

TALL = 34
"""Rows from which there is air between the parts."""


def monitoring(width: int, height: int) -> dict[str, Region]:
    """Return the region of each part: transport, summary, messages and keys from the top."""
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    gap = 1 if height >= TALL else 0
    top = 1 + gap
    lines = top + 2 + gap
    return {
        "transport": Region(0, 0, width, 1),
        "summary": Region(1, top, width - 2, 2),
        "lines": Region(1, lines, width - 2, height - 1 - gap - lines),
        "keys": Region(0, height - 1, width, 1),
    }
