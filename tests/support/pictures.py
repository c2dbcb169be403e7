"""A frame for one widget in the themes of Armonica, and how it reads as text."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui import theme
from tui.widgets.canvas import Canvas


class Frame(App[None]):
    """Shows one widget over the whole screen and keeps the messages that it posts."""

    def __init__(self, widget: Widget, theme_name: str = "dark") -> None:
        super().__init__()
        self.widget = widget
        for each in theme.themes():
            self.register_theme(each)
        self.theme = theme_name
        self.messages: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the widgets' styles speak of."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """Make the widget."""
        yield self.widget

    def on_attribute_map_moved(self, message: Message) -> None:
        """Keep a map's message."""
        self.messages.append(message)


def lines(canvas: Canvas) -> list[str]:
    """Return a picture's characters, row by row, without what is blank at the end."""
    rows = canvas.picture().rows
    return ["".join(character for character, _ in row).rstrip() for row in rows]


def strips(screen: Screen[Any]) -> list[Strip]:
    """Return the rows of cells that a whole screen shows; Textual has no public way to them."""
    return screen._compositor.render_strips()
