"""All controllers and what they move: change a binding, take one away, bind more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding as Key
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from engine.errors import ArmonicaError, OutOfRange
from engine.midi.controllers.bindings import CURVES, STEEPEST, TAKEOVERS, Binding
from engine.midi.controllers.relative_encoders import ENCODINGS
from engine.midi.controllers.targets import Target
from engine.protocol.base import Event
from engine.protocol.devices import Bound, ControllersState, ControllerState, Forget, SetBinding
from engine.protocol.generation import GenerationState
from engine.protocol.target_choices import offered
from tui.bridge import EngineLink
from tui.dialogs.base import Sheet
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form, number
from tui.dialogs.midi_learn import LearnSheet
from tui.formatting import controllers as words
from tui.formatting.plain import plain

HOW = "Enter changes it, Del takes it away, l learns it, n binds more, Esc leaves."

_ORDER = ("", "trait", "number", "dimension")
"""What is offered first: what has no place on the screens at which it could be chosen."""


class ControllersSheet(Sheet[None]):
    """Lists every binding of every device, as the engine tells them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Key("escape,q", "leave", "Leave", show=False),
        Key("j", "move('down')", "Down", show=False),
        Key("k", "move('up')", "Up", show=False),
        Key("delete,d,backspace", "forget", "Take away", show=False),
        Key("l", "learn", "Learn anew", show=False),
        Key("n", "more", "Bind more", show=False),
    ]
    DEFAULT_CSS = """
    ControllersSheet {
        align: center bottom; background: $background 0%;
        & > #controllers { height: auto; max-height: 90%; }
        & OptionList {
            height: auto; border: none; background: $panel; padding: 0;
            & > .option-list--option-disabled { color: $text-quiet; text-style: $style-quiet; }
        }
        & #how { width: 1fr; color: $text-quiet; text-style: $style-quiet; margin-top: 1; }
    }
    """

    def __init__(
        self, link: EngineLink, controls: ControllersState, studio: GenerationState
    ) -> None:
        super().__init__()
        self._link = link
        self._controls = controls
        self._studio = studio
        self._rows: list[tuple[ControllerState, Bound] | None] = []

    def compose(self) -> ComposeResult:
        """Make the list and how to use it."""
        with Vertical(id="controllers", classes="sheet") as box:
            box.border_title = "Controllers"
            yield OptionList(compact=True)
            yield Label(HOW, id="how", markup=False)

    def on_mount(self) -> None:
        """List the bindings and holds the list."""
        self._list()
        self.query_one(OptionList).focus()

    def on_resize(self) -> None:
        """Make the lines fit anew."""
        self._list()

    def on_engine_event(self, event: Event) -> bool:
        """Follow what the engine tells of the controllers."""
        if isinstance(event, ControllersState):
            self._controls = event
            self._list()
        elif isinstance(event, GenerationState):
            self._studio = event
        return False

    def _list(self) -> None:
        lines = self.query_one(OptionList)
        at, width = lines.highlighted, self.app.size.width - 7
        lines.styles.max_height = max(4, self.app.size.height * 9 // 10 - 4)
        options: list[Option] = []
        rows: list[tuple[ControllerState, Bound] | None] = []
        for device in self._controls.devices:
            heading = plain(words.heading(device, width))
            options.append(Option(heading, disabled=True))
            rows.append(None)
            for bound in device.bindings:
                options.append(Option(plain(words.line(bound, width))))
                rows.append((device, bound))
        if not options:
            says = "No controller is here and none has a map. Plug one in, then n binds a control."
            options.append(Option(plain(says), disabled=True))
            rows.append(None)
        self._rows = rows
        lines.clear_options()
        lines.add_options(options)
        usable = [n for n, row in enumerate(rows) if row is not None]
        if usable:
            lines.highlighted = min(usable, key=lambda n: abs(n - (at or 0)))

    @property
    def chosen(self) -> tuple[ControllerState, Bound] | None:
        """The device and the binding under the cursor, if there is one."""
        at = self.query_one(OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        if self.chosen is None:
            return
        device, bound = self.chosen
        old = bound.binding
        if old.target.sort.pressed:
            self.app.notify(f"{old.target.label.capitalize()} is done at a press.", timeout=3)
            return

        def take(values: tuple[Any, ...] | None) -> None:
            if values is None:
                return
            try:
                changed = _changed(old, values)
            except ArmonicaError as error:
                self.app.notify(error.line(), title=error.title, severity="error")
                return
            self._link.send(SetBinding(device.device, changed))

        title = f"{words.control(old.control)} moves {old.target.label}"
        self.app.push_screen(Form(title, _fields(old)), take)

    def action_move(self, way: str) -> None:
        """Go up or down the list."""
        getattr(self.query_one(OptionList), f"action_cursor_{way}")()

    def action_forget(self) -> None:
        """Remove the chosen binding."""
        if self.chosen is not None:
            device, bound = self.chosen
            self._link.send(Forget(bound.binding.target, device.device))

    def action_learn(self) -> None:
        """Learn the chosen target anew."""
        if self.chosen is not None:
            self._learn(self.chosen[1].binding.target)

    def action_more(self) -> None:
        """Choose anything that can be moved or done, and learns it."""
        targets = offered(self._link.snapshot, self._studio)
        # What has no place on the screens to be chosen at comes first.
        targets.sort(key=lambda target: _ORDER.index(target.sort.named))
        lines = [f"{target!s:<26} {target.sort.says}" for target in targets]

        def take(at: int | None) -> None:
            if at is not None:
                self._learn(targets[at])

        self.app.push_screen(Choice("Bind a control to", lines), take)

    def _learn(self, target: Target) -> None:
        self.app.push_screen(LearnSheet(self._link, target, self._controls))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def _fields(old: Binding) -> list[Field]:
    sort = old.target.sort
    low, high = old.range
    value = number(sort.least, sort.most, old.target.label.capitalize())
    reach = f"{sort.least:g} to {sort.most:g}; low may lie above high."
    fields = [
        Field("low", f"{low:g}", value, reach),
        Field("high", f"{high:g}", value, reach),
        Field("curve", str(old.curve), _curve, f"{', '.join(CURVES)}, or an exponent."),
        Field("takeover", old.takeover, _one(TAKEOVERS), f"{' or '.join(TAKEOVERS)}."),
        Field("threshold %", f"{100 * old.threshold:g}", number(0, 50, "A threshold"),
              "How far a knob at rest must move to be heard."),
    ]  # fmt: skip
    if old.control.kind == "cc":
        fields.append(Field("counts", old.encoding, _one(ENCODINGS), f"{', '.join(ENCODINGS)}."))
    fields.append(
        Field("step %", f"{100 * old.step:g}", number(0.01, 50, "A step"),
              "What one step of a knob without ends is worth of the range.")
    )  # fmt: skip
    return fields


def _changed(old: Binding, values: tuple[Any, ...]) -> Binding:
    low, high, curve, takeover, threshold, *rest = values
    sort = old.target.sort
    return replace(
        old,
        # What is usual stays unsaid in the file.
        low=None if low == sort.low else low,
        high=None if high == sort.high else high,
        curve=curve,
        takeover=takeover,
        threshold=threshold / 100,
        encoding=rest[0] if len(rest) > 1 else old.encoding,
        step=rest[-1] / 100,
    )


def _curve(text: str) -> str | float:
    if text in CURVES:
        return text
    return number(1 / STEEPEST, STEEPEST, f"A curve is {', '.join(CURVES)}, or else it")(text)


def _one(known: tuple[str, ...]) -> Any:
    def read(text: str) -> str:
        if text not in known:
            raise OutOfRange(f"It is {', '.join(known[:-1])} or {known[-1]}, not {text!r}.")
        return text

    return read
