"""While a control is awaited: what is to be done, and what has the target now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label

from engine.midi.controllers.targets import Target
from engine.protocol.base import Event
from engine.protocol.devices import CancelLearn, ControlLearned, ControllersState, Forget, Learn
from tui.bridge import EngineLink
from tui.dialogs.base import Sheet
from tui.formatting import controllers as words
from tui.formatting.plain import plain


class LearnSheet(Sheet[None]):
    """Waits until a control moves decisively, or for Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("delete,d,backspace", "forget", "Forget", show=False),
    ]
    DEFAULT_CSS = """
    LearnSheet {
        align: center bottom; background: $background 0%;
        & > #learn { height: auto; }
        & #what { width: 1fr; color: $focus; text-style: bold; }
        & #now { width: 1fr; color: $foreground; margin-top: 1; }
        & #how { width: 1fr; color: $text-quiet; text-style: $style-quiet; margin-top: 1; }
    }
    """

    def __init__(self, link: EngineLink, target: Target, controls: ControllersState) -> None:
        super().__init__()
        self._link = link
        self._target = target
        self._controls = controls
        self._armed = False

    def compose(self) -> ComposeResult:
        """Make the lines."""
        with Vertical(id="learn", classes="sheet") as box:
            box.border_title = "Learn"
            kind = "pad, key or button" if self._target.sort.pressed else "knob, fader or pad"
            yield Label(plain(f"● Move a {kind} for {self._target.label}."), id="what")
            yield Label("", id="now", markup=False)
            yield Label(self._how(), id="how", markup=False)

    def on_mount(self) -> None:
        """Have the engine wait for a control."""
        self._refresh()
        self._link.send(Learn(self._target))

    def on_engine_event(self, event: Event) -> bool:
        """Close when the control is found."""
        match event:
            case ControlLearned(_, binding) if binding.target == self._target:
                self.dismiss(None)
            case ControllersState():
                self._controls = event
                if self._armed and event.learning is None:
                    self.dismiss(None)
                self._armed = event.learning == self._target
                self._refresh()
            case _:
                pass
        return False

    def _refresh(self) -> None:
        self.query_one("#now", Label).update(plain(self._now()))

    def _now(self) -> str:
        heard = self._link.snapshot.inputs.heard
        if not heard:
            return (
                "No MIDI device is heard. Plug one in: it is heard by itself, and this waits for it"
                " (`armonica ports` lists what there is)."
            )
        now = words.movers(self._target, self._controls)
        if now:
            return f"Now it is moved by {now}."
        return f"Heard: {', '.join(heard)}."

    def _how(self) -> str:
        turn = "" if self._target.sort.pressed else " Turn a knob without ends to the right."
        return f"Esc leaves it.{turn} Del takes away what moves it now."

    def action_leave(self) -> None:
        """Wait no longer."""
        self._link.send(CancelLearn())
        self.dismiss(None)

    def action_forget(self) -> None:
        """Remove what moves the target."""
        self._link.send(CancelLearn())
        self._link.send(Forget(self._target))
        self.dismiss(None)
