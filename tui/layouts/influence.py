"""Where each part of the influence screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from textual.geometry import Region

from tui.layouts.compose import LEAST

TALL = 34
"""Rows from which there is air between the parts."""

VERDICT = 3


def behind(width: int, height: int, *, near: bool = False) -> dict[str, Region]:
    """Return the region of each part; ``near`` gives the comparison the room of the list.

    From the top they are transport, verdict, matches, comparison and keys.
    """
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    gap = 1 if height >= TALL else 0
    verdict = 1 + gap
    matches = verdict + VERDICT + gap
    end = height - 1 - gap
    least = 8 + 3 * gap
    # A heading, the matches, and what is said of the chosen one.
    rows = 1 + 1 + ABOUT if near else 1 + TOP + ABOUT
    rows = min(rows, end - matches - gap - least)
    compare = matches + rows + gap
    across = {"verdict": (verdict, VERDICT), "matches": (matches, rows),
              "compare": (compare, end - compare)}  # fmt: skip
    parts = {name: Region(1, y, width - 2, count) for name, (y, count) in across.items()}
    return parts | {
        "transport": Region(0, 0, width, 1),
        "keys": Region(0, height - 1, width, 1),
    }


ABOUT = 2
"""Rows at the foot in which all is said about the chosen match."""


TOP = 10
"""How many pieces are named at most."""
