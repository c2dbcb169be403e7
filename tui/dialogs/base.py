"""Sheets: what lies over the foot of the screen while something is asked."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList

from engine.protocol.base import Command, Event
from engine.protocol.notices import CommandFailed, Notice
from tui.formatting.plain import plain

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """A modal screen that closes once, and nothing but itself.

    Textual takes away whatever lies on top, and ends the program where nothing does: after a
    second answer that was typed ahead, or once another screen was gone to.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it with a result, where it lies on top."""
        if not self.is_active:
            return AwaitComplete()
        return super().dismiss(result)


class Sheet(Modal[Result]):
    """A modal screen that hears the engine while it is open."""

    def on_mount(self) -> None:
        """Remove toasts, which would lie over the words of the sheet."""
        self.app.clear_notifications()

    def on_engine_event(self, event: Event) -> bool:
        """Handle an event of the engine; return whether nobody else is to show it."""
        del event
        return False


class PathSheet(Sheet[None]):
    """A sheet with a path to type, a list to choose from, and a line that says how."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "list('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PathSheet {
        align: center bottom; background: $background 0%;
        & > .sheet { height: auto; max-height: 90%; }
        & .line { height: 1; }
        & .line Label { width: 11; color: $text-quiet; text-style: $style-quiet; }
        & Input { width: 1fr; height: 1; background: $panel; border: none; padding: 0; }
        & Input.-wrong { color: $text-differs; text-style: underline; }
        & OptionList {
            height: auto; max-height: 12; border: none; background: $panel; padding: 0; margin: 1 0;
        }
        & #how { width: 1fr; height: auto; color: $text-quiet; text-style: $style-quiet; }
        & #how.-wrong { color: $text-differs; text-style: bold; }
    }
    """

    def path_line(self, label: str) -> ComposeResult:
        """Make the line in which a path is typed."""
        with Horizontal(classes="line"):
            yield Label(label)
            line = Input("", id="path", compact=True)
            line.cursor_blink = False
            yield line

    def on_mount(self) -> None:
        """Hold the path."""
        self.query_one("#path").focus()

    def show_message(self, words: str, *, wrong: bool = False) -> None:
        """Show words under the sheet: how to go on, or what went wrong."""
        how = self.query_one("#how", Label)
        how.update(plain(words))
        how.set_class(wrong, "-wrong")

    def action_list(self, move: str) -> None:
        """Move in the list, where it is shown, from wherever the cursor is."""
        lines = self.query_one(OptionList)
        if lines.display:
            getattr(lines, f"action_{move}")()

    def action_leave(self) -> None:
        """Leave without taking anything."""
        self.dismiss(None)


def refused(event: Event, command: Command | None) -> str:
    """Return why a command that is waited for was refused; nothing for any other event."""
    if isinstance(event, CommandFailed) and is_answer(event.request, command):
        return f"{event.message} {event.remedy}".strip()
    return ""


def answers(event: Event, command: Command | None) -> bool:
    """Return whether an event says that a command that is waited for was met."""
    return isinstance(event, Notice) and is_answer(event.request, command)


def is_answer(request: str, command: Command | None) -> bool:
    """Return whether a request id is that of a command that is waited for."""
    return command is not None and request == command.request != ""
