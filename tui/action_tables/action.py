"""One thing that the user can do, and the screen on which it can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["everywhere", "compose", "notes", "song", "steer", "influence", "monitor"]
"""The screen on which something can be done; keys must differ within a screen only."""

SCREENS: tuple[Place, ...] = ("compose", "notes", "song", "steer", "influence", "monitor")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    ``label`` is short enough for the footer, ``sentence`` says the whole. ``rank`` orders the
    footer (0: not there). Actions that follow each other with one sentence share a row.
    """

    id: str
    label: str
    sentence: str
    group: str
    rank: int = 0
    place: Place = "compose"

    def on(self, screen: Place) -> bool:
        """Return whether it can be done on a screen."""
        return self.place in (screen, "everywhere")


def group(
    title: str,
    *rows: tuple[str, str, str] | tuple[str, str, str, int],
    place: Place = "compose",
) -> list[Action]:
    """Return the actions of a group of help, each from its id, label, sentence and rank (or 0)."""
    return [
        Action(row[0], row[1], row[2], title, row[3] if len(row) > 3 else 0, place) for row in rows
    ]
