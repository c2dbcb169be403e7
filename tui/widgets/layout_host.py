"""The desk: what the parts of a screen lie on."""

from __future__ import annotations

from textual.widget import Widget

from tui.layouts.compose import Arranged


class Desk(Widget):
    """Holds the parts of the screen where the arrangement puts them."""

    def __init__(self, *parts: Widget, arranged: Arranged) -> None:
        super().__init__(*parts, id="desk")
        self.arranged = arranged

    @property
    def layout(self) -> Arranged:
        """The arrangement."""
        return self.arranged

    def lay_out(self) -> None:
        """Lay the parts out as the arrangement says now."""
        # Textual keeps what it arranged until the number of parts changes or a part asks anew.
        self.children[0].refresh(repaint=False, layout=True)
