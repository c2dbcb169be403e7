"""Measures side by side, each by its contour: a tune before it is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from engine.music.measure import Measure
from tui.widgets.canvas import Canvas, Picture
from tui.widgets.song_strip import contour

CELLS = 15
"""Cells of a measure, the gap before the next included."""


class Phrase(Canvas):
    """Shows measures of a tune with their numbers; those that are to be loaded stand out."""

    BINDING_GROUP_TITLE = "Tune"
    DEFAULT_CSS = """
    Phrase {
        height: 4; width: 1fr; background: $panel;
        & > .phrase--number { color: $text-quiet; text-style: $style-quiet; }
        & > .phrase--chosen { color: $foreground; text-style: bold; }
        & > .phrase--contour { color: $notes-quiet; }
        & > .phrase--bright { color: $notes; text-style: bold; }
    }
    """

    measures: tuple[Measure, ...] = ()
    first = 1
    chosen = 0

    def show(self, measures: Sequence[Measure], first: int, chosen: int) -> None:
        """Show measures from the tune's ``first`` on, of which ``chosen`` are to be loaded."""
        now = (tuple(measures), first, chosen)
        if now != (self.measures, self.first, self.chosen):
            self.measures, self.first, self.chosen = now
            self.redraw()

    @property
    def room(self) -> int:
        """How many measures there is room for."""
        return max(1, (self.size.width + 1) // CELLS)

    def plain(self) -> str:
        """Describe which measures are shown in one line."""
        if not self.measures:
            return "No measures."
        last = self.first + len(self.measures) - 1
        return f"Measures {self.first} to {last}, {self.chosen} of them to be taken."

    def paint(self, picture: Picture) -> None:
        """Draw the measures from left to right."""
        for place, measure in enumerate(self.measures[: self.room]):
            x, chosen = place * CELLS, place < self.chosen
            number = self.style_of("phrase--chosen" if chosen else "phrase--number")
            picture.put(x, 0, f"{self.first + place}", number)
            style = self.style_of("phrase--bright" if chosen else "phrase--contour")
            for row, line in enumerate(contour(measure, CELLS - 2, picture.height - 1)):
                picture.put(x, 1 + row, line, style)
