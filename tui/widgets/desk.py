"""The desk: what the parts of a screen lie on."""

from __future__ import annotations

from textual.widget import Widget

from tui.arrangement import Arranged


class Desk(Widget):
    """Holds the parts of the screen where the arrangement puts them."""

    def __init__(self, *parts: Widget, arranged: Arranged | None = None) -> None:
        super().__init__(*parts, id="desk")
        self.arranged = arranged or Arranged()

    @property
    def layout(self) -> Arranged:
        """The arrangement."""
        return self.arranged
