"""A line of words about the place where a cursor stands."""

from __future__ import annotations

from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture


class PlaceLine(Canvas):
    """Shows a line of words, its last parts left out where there is no room."""

    DEFAULT_CSS = """
    PlaceLine {
        height: 1; width: 1fr;
        & > .place-line--words { color: $text-quiet; }
    }
    """

    _words = ""

    def show(self, words: str) -> None:
        """Show other words, parts with `` · `` between."""
        if words != self._words:
            self._words = words
            self.redraw()

    def plain(self) -> str:
        """Return the words."""
        return self._words

    def paint(self, picture: Picture) -> None:
        """Draw as many parts as there is room for."""
        parts = self._words.split(" · ")
        texts = [" · ".join(parts[:count]) for count in range(len(parts), 0, -1)]
        picture.put(0, 0, fitting(picture.width, *texts), self.style_of("place-line--words"))
