"""All keys, made from the action table."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Label, Static

from tui.action_table import rows
from tui.action_tables.action import Place
from tui.dialogs.base import Modal
from tui.keymap import Keymap

SIGNS: dict[Place, str] = {
    "compose": (
        "Gauges run from -3 to 3, in standard deviations; ┼ is 0, ○ the ghost: where the gauge "
        "was when the measure came in. L is a locked gauge, » one that moves a controller, ≠ a "
        "measure that does not have what the gauge asks for, * what has changed since it came in "
        "or was saved. ∙ stands before what a control moves, ◇ where a knob stands that has not "
        "picked the gauge up: turn it past the gauge. The roll shows what was decoded; the lock "
        "of a key constrains what is sounded, not what is decoded."
    ),
    "notes": (
        "The cursor is as wide as its step, which is how far a key goes and how long a new note "
        "lasts; ━ over the roll shows what is selected. What is done to notes is done to the "
        "selection, or without one to the note that sounds at the cursor. Thin notes before and "
        "after are the neighbours. The gauges below are read from the notes at every edit; one "
        "that is moved on the compose screen begins from the notes as they were written."
    ),
    "song": (
        "The line over the tracks is the order of sections: ▶ stands before the entry that "
        "sounds, with its repeat, → before the one it is to jump to. Each track has its name, its "
        "switches (M muted, S solo, L locked), how it is played, and its measures as small rolls; "
        "· is one that is empty. What is chosen is bright and has a bar before it; other screens "
        "show the same track and measure."
    ),
    "steer": (
        "Meters run from 0 to 1: ┼ is the threshold from which a trait is there, ◇ the target of "
        "a closed loop (◆ reached). The lamp is ● while the model is pushed, ○ where the push in "
        "force was not given at this step, · without a push; its number is the share of the full "
        "push, negative where it removes. The history is solid where it was pushed and dotted "
        "where not. ! is a probe to be doubted, and why stands below when it is chosen. A wave is "
        "hollow as far as it is the prompt. ∙ stands before a trait that a control moves."
    ),
    "influence": (
        "Notes (of a take: its sound) and latent are similarities from 0 to 1; near % is the "
        "share of held-out human tunes that do not lie as near to the training tunes. Originality "
        "is 1 less the highest likeness of notes or sound: ├━┤ is what 95 % of human tunes have, "
        "▼ below it, = inside, ▲ above. ! asks for a credit or a look, !! for a close look, x is "
        "kept away from. The span shows where in the measures notes agree: █ all, ▄ some, · none; "
        "in the rolls those that agree are solid, the others thin. A search finds what is "
        "similar; influence is said only of what a retraining confirmed."
    ),
    "monitor": (
        "A message stands with the time at which it came in or left, its port, channel, meaning "
        "and bytes; late is by how many milliseconds it left after its time. The figures above: "
        "messages a second, and of all that left in the last seconds the median lateness, the "
        "99th percentile and the worst. ● kinds are shown, ○ hidden; pulses are those of the "
        "clock (24 a quarter), of time code and of active sensing. The last 2000 messages and "
        "500 pulses are kept; what a flood leaves no time to tell is counted as passed over."
    ),
}
"""What the signs on a screen mean."""


class Help(Modal[None]):
    """Shows every action of a screen with its keys; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "leave", "Close", show=False),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
        Binding("space", "scroll('page_down')", "Page down", show=False),
    ]
    DEFAULT_CSS = """
    Help {
        align: center bottom; background: $background 0%;
        & > #help { height: 1fr; scrollbar-size-vertical: 1; }
        & .help--key { color: $focus; text-style: bold; }
        & .help--group { color: $foreground; text-style: bold; }
        & .help--words { color: $text-quiet; }
        & #keys-table { height: auto; color: $foreground; }
        & #close { color: $text-quiet; text-style: $style-quiet; margin-top: 1; width: 1fr; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"help--key", "help--group", "help--words"}

    def __init__(self, keymap: Keymap, place: Place = "compose") -> None:
        super().__init__()
        self._keymap = keymap
        self._place = place

    def compose(self) -> ComposeResult:
        """Make the table in a place that scrolls."""
        with VerticalScroll(id="help", classes="sheet") as box:
            box.border_title = "Keys"
            yield Static(id="keys-table")
            yield Label(
                f"Keymap: {self._keymap.name}. {SIGNS[self._place]}",
                id="close",
                markup=False,
            )

    def on_mount(self) -> None:
        """Fill the table."""
        self.query_one("#keys-table", Static).update(self._table())
        self.query_one("#help").focus()

    def _table(self) -> Text:
        key, group = self._style("help--key"), self._style("help--group")
        found = rows(self._keymap.keys, self._place)
        width = max(len(row.keys) for row in found) + 2
        text, shown = Text(no_wrap=False), ""
        for row in found:
            if row.group != shown:
                text.append(f"{chr(10) if shown else ''}{row.group}\n", group)
                shown = row.group
            text.append(f"  {row.keys:<{width}}", key)
            text.append(f"{row.sentence}\n")
        return text

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def action_scroll(self, way: str) -> None:
        """Scroll the table."""
        getattr(
            self.query_one("#help", VerticalScroll),
            f"action_{'scroll_' if len(way) < 5 else ''}{way}",
        )()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
