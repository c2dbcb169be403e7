"""What is shown where the screen has no room."""

from __future__ import annotations

from tui.formatting.text import fitting
from tui.layouts.compose import LEAST
from tui.widgets.canvas import Canvas, Picture


class TooSmall(Canvas):
    """Says in one line how large the terminal is and how large it must be."""

    DEFAULT_CSS = "TooSmall { & > .too-small--words { color: $playing; text-style: bold; } }"

    def plain(self) -> str:
        """Format the size that is needed and the size that is there."""
        have = self.app.size
        return (
            f"Armonica needs {LEAST.width}x{LEAST.height}; this terminal is "
            f"{have.width}x{have.height}. Make it larger."
        )

    def paint(self, picture: Picture) -> None:
        """Draw the line in the middle."""
        have = self.app.size
        short = f"{LEAST.width}x{LEAST.height} needed, {have.width}x{have.height} here"
        words = fitting(picture.width, self.plain(), short)
        x = max(0, (picture.width - len(words)) // 2)
        picture.put(x, picture.height // 2, words, self.style_of("too-small--words"))
