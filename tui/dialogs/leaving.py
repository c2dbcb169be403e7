"""What is asked before the end where a song is not saved and not kept."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList

from engine.locations import songs_folder
from engine.protocol.base import Command, Event, with_request
from engine.protocol.files import KeepUnsaved, LetUnsavedGo
from engine.protocol.snapshot import Snapshot
from tui.bridge import EngineLink
from tui.dialogs.base import Sheet, answers, refused

PATIENCE = 3.0
"""Seconds after which it is asked though the engine has not answered."""

Answer = Literal["save", "copy", "end"]

_OFF = "The settings say that none is kept by itself."
_SLOW = "The disk does not answer."


class Leaving(Sheet[Answer | None]):
    """Has the engine keep what is not saved; asks how to go on where that cannot be.

    Gives ``end``, ``save`` where the shown song is to be saved first, and None to stay. Without
    ``keeps`` the engine keeps nothing by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("j", "move('down')", "Down", show=False),
        Binding("k", "move('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    Leaving {
        align: center bottom; background: $background 0%;
        & > #leaving { height: auto; max-height: 90%; }
        & Label { width: 1fr; color: $foreground; margin-bottom: 1; }
        & OptionList { height: auto; border: none; background: $panel; padding: 0; }
        & #how { color: $text-quiet; text-style: $style-quiet; margin: 1 0 0 0; }
    }
    """

    def __init__(self, link: EngineLink, shown: Snapshot, keeps: bool) -> None:
        super().__init__()
        self._link = link
        self._shown = shown
        self._keeps = keeps
        self._requested: Command | None = None
        self._lines: dict[Answer, str] = {
            "save": "save it",
            "copy": f"end, with a copy in {songs_folder()}",
            "end": "end without it",
        }
        if shown.saved:
            # What is not saved was left for this song; undo brings it back.
            del self._lines["save"]
        titles = [*([] if shown.saved else [shown.song.title]), *shown.unsaved]
        self._what = f"{' and '.join(titles)} {'are' if len(titles) > 1 else 'is'} not saved"

    def compose(self) -> ComposeResult:
        """Make the words and the lines, which are shown when they are needed."""
        lines = self._lines.values()
        with Vertical(id="leaving", classes="sheet") as box:
            box.border_title = "Before the end"
            yield Label("A moment …", id="words", markup=False)
            yield OptionList(*map(Content, lines), compact=True)
            yield Label("↑ ↓ choose, Enter takes it, Esc goes on here.", id="how")

    def on_mount(self) -> None:
        """Ask the engine, which answers soon unless the disk is slow."""
        lines = self.query_one(OptionList)
        lines.display = False
        lines.highlighted = 0
        if self._keeps:
            self._ask(KeepUnsaved())
        else:
            self._choose(_OFF)

    def on_engine_event(self, event: Event) -> bool:
        """End when everything is kept, and ask where it is not."""
        if answers(event, self._requested):
            self.dismiss("end")
            return True
        if wrong := refused(event, self._requested):
            self._choose(wrong)
            return True
        return False

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        answer = list(self._lines)[event.option_index]
        if answer == "copy":
            self._ask(KeepUnsaved(copies=True))
            return
        if answer == "end":
            self._link.send(LetUnsavedGo())
        self.dismiss(answer)

    def action_leave(self) -> None:
        """Stays."""
        self.dismiss(None)

    def action_move(self, way: str) -> None:
        """Go a line up or down."""
        getattr(self.query_one(OptionList), f"action_cursor_{way}")()

    def _ask(self, command: Command) -> None:
        self._requested = request = with_request(command)
        self._link.send(request)
        self.set_timer(PATIENCE, lambda: self._late(request))

    def _late(self, command: Command) -> None:
        if self._requested is command and self.is_current:
            self._show_reason(_SLOW)

    def _choose(self, why: str) -> None:
        self._requested = None
        self._show_reason(why)

    def _show_reason(self, why: str) -> None:
        self.query_one("#words", Label).update(f"{self._what}, and not kept. {why}")
        lines = self.query_one(OptionList)
        lines.display = True
        lines.focus()
