"""Instruments by name: a list that what is typed narrows."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label, OptionList

from engine.formats.instrument_names import Instrument
from engine.music.track import bank_words
from tui.dialogs.base import Modal
from tui.formatting.plain import plain

Named = tuple[str, Instrument]


class InstrumentPicker(Modal[Instrument | None]):
    """Asks for one of the instruments; gives its program and bank, or None after Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "go(1)", "Down", show=False, priority=True),
        Binding("up", "go(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "go(10)", "Down", show=False, priority=True),
        Binding("pageup", "go(-10)", "Up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    InstrumentPicker {
        align: center bottom; background: $background 0%;
        & > #instruments { height: auto; max-height: 90%; }
        & Input { border: none; height: 1; background: $panel; padding: 0; margin-bottom: 1; }
        & OptionList { height: 12; border: none; background: $panel; padding: 0; }
        & #how { color: $text-quiet; text-style: $style-quiet; margin: 1 0 0 0; }
    }
    """

    def __init__(self, named: tuple[Named, ...], current: Instrument) -> None:
        super().__init__()
        self._named = self._shown = named
        self._current = current

    def compose(self) -> ComposeResult:
        """Make the line that is typed into, and the list."""
        with Vertical(id="instruments", classes="sheet") as box:
            box.border_title = "Instrument"
            yield Input(placeholder="a part of its name, or its number")
            yield OptionList(compact=True)
            yield Label("Type to narrow, ↑ ↓ choose, Enter takes it, Esc leaves it.", id="how")

    def on_mount(self) -> None:
        """List all, with the one that is played under the bar."""
        self._list()
        instruments = [instrument for _, instrument in self._named]
        if self._current in instruments:
            self.query_one(OptionList).highlighted = instruments.index(self._current)
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        self._shown = tuple(
            each for each in self._named if all(word in _line(each).casefold() for word in words)
        )
        self._list()

    def _list(self) -> None:
        lines = self.query_one(OptionList)
        lines.clear_options()
        lines.add_options([plain(_line(each)) for each in self._shown])
        lines.highlighted = 0 if self._shown else None

    @on(Input.Submitted)
    def _typed(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._shown[at][1])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index][1])

    def action_go(self, by: int) -> None:
        """Go some lines down or up."""
        lines = self.query_one(OptionList)
        if self._shown:
            at = (lines.highlighted or 0) + by
            lines.highlighted = max(0, min(len(self._shown) - 1, at))

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


def _line(named: Named) -> str:
    name, (program, msb, lsb) = named
    banked = "" if (msb, lsb) == (None, None) else f"  bank {bank_words(msb, lsb)}"
    return f"{program + 1:>3}  {name}{banked}"
