"""Dial rows: a label, a value, and what it means, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from tui.formatting.text import fitting
from tui.view_models.parameters import Dial
from tui.widgets.canvas import Canvas, Picture

LABEL, VALUE = 17, 21
"""Cells of a label with its pointer, and of a value."""


class DialRows(Canvas, can_focus=True):
    """Draws dials, one of them chosen."""

    DEFAULT_CSS = """
    DialRows {
        background: $panel;
        & > .dials--label { color: $text-quiet; text-style: $style-quiet; }
        & > .dials--chosen { color: $foreground; text-style: bold; }
        & > .dials--pointer { color: $focus; text-style: bold; }
        & > .dials--value { color: $foreground; }
        & > .dials--words { color: $text-quiet; text-style: $style-quiet; }
    }
    """

    _dials: tuple[Dial, ...] = ()
    _chosen = 0

    def show(self, dials: Sequence[Dial], chosen: int) -> None:
        """Show dials, one of them chosen by its place."""
        if len(dials) != len(self._dials):
            self.styles.height = len(dials)
        self._dials, self._chosen = tuple(dials), chosen
        self.redraw()

    def plain(self) -> str:
        """Format the chosen dial in one line."""
        if not self._dials:
            return "Nothing to turn."
        dial = self._dials[self._chosen]
        return f"{dial.label} {dial.shown}: {dial.words}."

    def paint(self, picture: Picture) -> None:
        """Draw a line for each dial."""
        for y, dial in enumerate(self._dials):
            chosen = y == self._chosen
            if chosen:
                picture.put(0, y, "▸", self.style_of("dials--pointer"))
            style = self.style_of("dials--chosen" if chosen else "dials--label")
            picture.put(2, y, dial.label, style)
            value = fitting(VALUE - 4, dial.shown)
            if chosen:
                pointer = self.style_of("dials--pointer")
                picture.put(LABEL, y, "◂", pointer)
                picture.put(LABEL + 3 + len(value), y, "▸", pointer)
            style = self.style_of("dials--chosen" if chosen else "dials--value")
            picture.put(LABEL + 2, y, value, style)
            room = picture.width - LABEL - VALUE
            picture.put(LABEL + VALUE, y, fitting(room, dial.words), self.style_of("dials--words"))
