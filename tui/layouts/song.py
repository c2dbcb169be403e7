"""Where each part of the song screen lies, as a function of the terminal's size alone."""

from __future__ import annotations

from textual.geometry import Region

from tui.layouts.compose import LEAST
from tui.layouts.notes import TALL


def song_regions(width: int, height: int) -> dict[str, Region]:
    """Return the region of each part.

    From the top they are transport, order, tracks, what is selected, and keys: the tracks have
    all the room that the others leave.
    """
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    gap = 1 if height >= TALL else 0
    first = 1 + gap
    end = height - 2 - gap
    return {
        "transport": Region(0, 0, width, 1),
        "order": Region(1, first, width - 2, 1),
        "tracks": Region(1, first + 1, width - 2, end - first - 1),
        "place": Region(1, end, width - 2, 1),
        "keys": Region(0, height - 1, width, 1),
    }
