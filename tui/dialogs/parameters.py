"""A sheet of dials that are turned while the music goes on, each turn heard at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label

from engine.protocol.base import Command, Event
from engine.protocol.edit import Redo, Undo
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Play, Stop
from tui.bridge import EngineLink
from tui.dialogs.base import Sheet
from tui.dialogs.form import Field, Form
from tui.formatting.plain import plain
from tui.view_models.gestures import Gestures
from tui.view_models.parameters import Dials, read
from tui.widgets.parameter_rows import DialRows

_HOW = "← → turn (shift: far)  ↑ ↓ choose  Enter type  Space play  u undo  Esc leave"


class DialSheet(Sheet[None]):
    """Shows dials from snapshots and sends what turning them asks for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Leave", show=False),
        Binding("up,k", "choose(-1)", "Above", show=False),
        Binding("down,j", "choose(1)", "Below", show=False),
        Binding("left,h", "turn(-1, False)", "Less", show=False),
        Binding("right,l", "turn(1, False)", "More", show=False),
        Binding("shift+left,H", "turn(-1, True)", "Much less", show=False),
        Binding("shift+right,L", "turn(1, True)", "Much more", show=False),
        Binding("enter,equals_sign", "type", "Type", show=False),
        Binding("space", "play", "Play", show=False),
        Binding("u,ctrl+z", "undo", "Undo", show=False),
        Binding("U,ctrl+y", "redo", "Redo", show=False),
    ]
    DEFAULT_CSS = """
    DialSheet {
        align: center bottom; background: $background 0%;
        & > #dials { height: auto; max-height: 100%; }
        & #foot { width: 1fr; height: auto; color: $foreground; margin-top: 1; }
        & #foot.-wrong { color: $text-differs; text-style: bold; }
        & #how { width: 1fr; height: auto; color: $text-quiet; text-style: $style-quiet; }
    }
    """

    def __init__(
        self,
        link: EngineLink,
        gestures: Gestures,
        title: str,
        dials: Dials,
        foot: Callable[[Snapshot], str],
    ) -> None:
        super().__init__()
        self._link = link
        self._gestures = gestures
        self._title = title
        self._dials = dials
        self._foot = foot
        self._shown = link.snapshot
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Make the dials, a line about what they come to, and how to go on."""
        with Vertical(id="dials", classes="sheet") as box:
            box.border_title = plain(self._title)
            yield DialRows(id="rows")
            yield Label("", id="foot", markup=False)
            yield Label(_HOW, id="how", markup=False)

    def on_mount(self) -> None:
        """Hold the dials."""
        self._gestures.end()
        self.query_one(DialRows).focus()
        self._draw()

    def on_screen_resume(self) -> None:
        """Draw what came while something was typed."""
        self._shown = self._link.snapshot
        self._draw()

    def on_engine_event(self, event: Event) -> bool:
        """Follow the engine; what it refuses is said here."""
        if isinstance(event, Snapshot) and event.revision >= self._shown.revision:
            self._shown = event
            self._draw()
        elif isinstance(event, CommandFailed):
            self._show_message(f"{event.message} {event.remedy}".strip(), wrong=True)
            return True
        return False

    def action_choose(self, by: int) -> None:
        """Go to the dial above or below."""
        self._gestures.end()
        self._chosen = (self._chosen + by) % len(self._dials(self._shown))
        self._draw()

    def action_turn(self, steps: int, coarse: bool) -> None:
        """Turn the chosen dial."""
        dial = self._dials(self._shown)[self._chosen]
        gesture = self._gestures.begin(("dial", self._title, dial.label))
        self._send(dial.turned(steps, coarse, gesture))

    def _send(self, command: Command | None) -> None:
        if command is not None:
            self._link.send(command)
        else:
            self._gestures.end()
            self._draw()

    def action_type(self) -> None:
        """Ask for a value of the chosen dial; one that is a choice goes on to the next."""
        dial = self._dials(self._shown)[self._chosen]
        number = dial.number
        if number is None or number.round:
            self.action_turn(1, False)
            return

        def apply(values: tuple[Any, ...] | None) -> None:
            if values is not None:
                self._gestures.end()
                self._send(number.ask(values[0], 0))

        field = Field(
            dial.label,
            f"{number.value:g}",
            partial(read, dial.label, number),
            f"{number.low:g} to {number.high:g}.",
        )
        self.app.push_screen(Form(self._title, [field]), apply)

    def action_play(self) -> None:
        """Play the loop, or stop it."""
        self._link.send(Stop() if self._shown.playing else Play())

    def action_undo(self) -> None:
        """Undo the last step."""
        self._gestures.end()
        self._link.send(Undo())

    def action_redo(self) -> None:
        """Do again what was undone."""
        self._gestures.end()
        self._link.send(Redo())

    def action_leave(self) -> None:
        """Leave; what was turned stays."""
        self._gestures.end()
        self.dismiss(None)

    def _draw(self) -> None:
        dials = self._dials(self._shown)
        self._chosen = min(self._chosen, len(dials) - 1)
        self.query_one(DialRows).show(dials, self._chosen)
        self._show_message(self._foot(self._shown), wrong=False)

    def _show_message(self, words: str, *, wrong: bool) -> None:
        foot = self.query_one("#foot", Label)
        foot.update(plain(words))
        foot.set_class(wrong, "-wrong")
