"""A few lines to fill in: one value, a path, the sound of a track."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from engine.errors import ArmonicaError, OutOfRange
from engine.protocol.base import Command, Event
from engine.protocol.notices import CommandFailed
from tui.dialogs.base import Sheet, answers, refused
from tui.formatting.plain import plain


@dataclass(frozen=True)
class Field:
    """One line: its label, what stands in it, how it is read (raising an `ArmonicaError`)."""

    label: str
    value: str
    read: Callable[[str], Any]
    hint: str = ""


class Form(Sheet[tuple[Any, ...] | None]):
    """Asks for some values at once; Enter gives them, Escape nothing.

    ``doubt`` may look at the values and give a warning; Enter again then goes ahead. With
    ``asking``, which sends a command made from the values and gives it, the form stays until
    that is met, and says beside the first line why where it is not. Where the engine says how
    it could be met all the same, Enter again gives that command to ``asking``, to be sent.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "app.focus_next", "Next line", show=False),
        Binding("up", "app.focus_previous", "Line before", show=False),
    ]
    DEFAULT_CSS = """
    Form {
        align: center bottom; background: $background 0%;
        & > #form { height: auto; }
        & .line { height: 1; }
        & .line Label { width: 18; color: $text-quiet; text-style: $style-quiet; }
        & .line Input { width: 1fr; height: 1; background: $panel; border: none; padding: 0; }
        & .line Input.-wrong { color: $text-differs; text-style: underline; }
        & #hint { width: 1fr; height: auto; color: $text-quiet; text-style: $style-quiet; }
        & #hint.-wrong { color: $text-differs; text-style: bold; }
    }
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        doubt: Callable[[tuple[Any, ...]], str] | None = None,
        asking: Callable[[tuple[Any, ...], Command | None], Command] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._doubt = doubt
        self._doubted: tuple[Any, ...] | None = None
        self._asking = asking
        self._requested: Command | None = None
        self._again: Command | None = None
        self._given: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        """Make a line for each field, and one for hints and errors."""
        with Vertical(id="form", classes="sheet") as form:
            form.border_title = plain(self._title)
            for number, field in enumerate(self._fields):
                with Horizontal(classes="line"):
                    yield Label(plain(field.label))
                    line = Input(field.value, id=f"field-{number}", compact=True)
                    line.cursor_blink = False
                    yield line
            yield Label(plain(self._hint(0)), id="hint")

    def on_mount(self) -> None:
        """Hold the first line."""
        self.query_one("#field-0", Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._doubted = self._requested = self._again = None
        self._show_message(self._hint_of(event.input), wrong=False)

    def on_descendant_focus(self) -> None:
        """Show the hint of the line that is held."""
        if isinstance(self.focused, Input):
            self._show_message(self._hint_of(self.focused), wrong=False)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self._requested is not None:
            return
        values = []
        for number, field in enumerate(self._fields):
            line = self.query_one(f"#field-{number}", Input)
            try:
                values.append(field.read(line.value.strip()))
            except ArmonicaError as error:
                line.add_class("-wrong")
                line.focus()
                self.call_after_refresh(self._show_message, error.line(), wrong=True)
                return
        given = tuple(values)
        warning = self._doubt(given) if self._doubt is not None else ""
        if warning and self._doubted != given:
            self._doubted = given
            self._show_message(f"{warning} Enter again goes ahead.", wrong=True)
        elif self._asking is not None:
            self._show_message("A moment …", wrong=False)
            self._given, self._requested = given, self._asking(given, self._again)
        else:
            self.dismiss(given)

    def on_engine_event(self, event: Event) -> bool:
        """Close when what was asked is met, and say why where it is not."""
        if answers(event, self._requested):
            self.dismiss(self._given)
        elif wrong := refused(event, self._requested):
            self._requested = None
            self._again = event.again if isinstance(event, CommandFailed) else None
            if self._again is not None:
                wrong = f"{wrong} Enter again replaces it."
            line = self.query_one("#field-0", Input)
            line.add_class("-wrong")
            line.focus()
            self.call_after_refresh(self._show_message, wrong, wrong=True)
            return True
        return False

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def _hint(self, number: int) -> str:
        hint = self._fields[number].hint
        return (
            f"{hint}   Enter takes it, Esc leaves it." if hint else "Enter takes it, Esc leaves it."
        )

    def _hint_of(self, line: Input) -> str:
        return self._hint(int((line.id or "field-0").removeprefix("field-")))

    def _show_message(self, words: str, *, wrong: bool) -> None:
        hint = self.query_one("#hint", Label)
        hint.update(plain(words))
        hint.set_class(wrong, "-wrong")


def number(low: float, high: float, what: str) -> Callable[[str], float]:
    """Return a reader of numbers from ``low`` to ``high``; it raises `OutOfRange`."""

    def read(text: str) -> float:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise OutOfRange(f"{what} is a number from {low:g} to {high:g}, not {text!r}.")
        return value

    return read


def whole(low: int, high: int, what: str) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``low`` to ``high``; it raises `OutOfRange`."""

    def read(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else low - 1
        if not low <= value <= high:
            raise OutOfRange(f"{what} is a whole number from {low} to {high}, not {text!r}.")
        return value

    return read


def words(what: str) -> Callable[[str], str]:
    """Return a reader of text that is not empty; it raises `OutOfRange`."""

    def read(text: str) -> str:
        if not text:
            raise OutOfRange(f"{what} cannot be empty.")
        return text

    return read
