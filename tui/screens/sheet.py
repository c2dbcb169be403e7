"""Sheets: what lies over the foot of the screen while something is asked."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

from engine.commands import Command
from engine.events import Event, Noticed, Refused

Result = TypeVar("Result")


class Sheet(ModalScreen[Result]):
    """A modal screen that hears the engine while it is open."""

    def on_mount(self) -> None:
        """Takes away toasts, which would lie over the words of the sheet."""
        self.app.clear_notifications()

    def hear(self, event: Event) -> bool:
        """Takes what the engine tells, and says whether that needs no other telling."""
        del event
        return False


def refused(event: Event, command: Command | None) -> str:
    """Gives why a command that is waited for was refused; nothing for any other event."""
    if command is None or not isinstance(event, Refused) or event.answers != command:
        return ""
    return f"{event.message} {event.remedy}".strip()


def met(event: Event, command: Command | None) -> bool:
    """Tells whether an event says that a command that is waited for was met."""
    return command is not None and isinstance(event, Noticed) and event.answers == command
