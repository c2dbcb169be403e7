"""One of a few: a port, yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label, OptionList

from tui.dialogs.base import Modal
from tui.formatting.plain import plain


class Choice(Modal[int | None]):
    """Asks for one of some lines; gives its place, or None after Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]
    DEFAULT_CSS = """
    Choice {
        align: center bottom; background: $background 0%;
        & > #choice { height: auto; max-height: 90%; }
        & Label { width: 1fr; color: $foreground; margin-bottom: 1; }
        & OptionList { height: auto; max-height: 14; border: none; background: $panel; padding: 0; }
        & #how { color: $text-quiet; text-style: $style-quiet; margin: 1 0 0 0; }
    }
    """

    def __init__(
        self, title: str, options: Sequence[str], current: int = 0, words: str = ""
    ) -> None:
        super().__init__()
        self._title = title
        self._options = tuple(options)
        self._current = current
        self._words = words

    def compose(self) -> ComposeResult:
        """Make the words, the lines, and how to choose."""
        with Vertical(id="choice", classes="sheet") as box:
            box.border_title = plain(self._title)
            if self._words:
                yield Label(plain(self._words))
            lines = OptionList(*map(plain, self._options), compact=True)
            lines.highlighted = self._current
            yield lines
            yield Label("↑ ↓ choose, Enter takes it, Esc leaves it.", id="how")

    def on_mount(self) -> None:
        """Hold the lines."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def action_down(self) -> None:
        """Go a line down."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go a line up."""
        self.query_one(OptionList).action_cursor_up()
