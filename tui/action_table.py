"""Everything the user can do, in one table: help, footer, palette and the key table are made of it.

The rows are in `tui.action_tables`, one module a screen. ``python -m tui.key_table`` prints the key
table of the default keymap in Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.keys import format_key

from tui.action_tables import compose, everywhere, influence, monitor, notes, song, steer
from tui.action_tables.action import Action, Place

ACTIONS: tuple[Action, ...] = (
    *compose.MOVING,
    *everywhere.PLACES,
    *compose.MEASURES,
    *notes.ACTIONS,
    *song.ACTIONS,
    *steer.ACTIONS,
    *influence.ACTIONS,
    *monitor.ACTIONS,
    *everywhere.PLAYING,
    *compose.SONG,
    *everywhere.PROGRAM,
)
"""All actions, in the order in which help shows them."""

IDS = tuple(action.id for action in ACTIONS)

_SHOWN = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "comma": ",",
    "escape": "esc",
    "enter": "enter",
    "space": "space",
    "tab": "tab",
    "backspace": "bksp",
    "delete": "del",
}


def shown(key: str) -> str:
    """Return a key as the user reads it: ``ctrl+p`` is ``^p``, ``shift+left`` is ``⇧←``."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    marks = "".join({"ctrl": "^", "shift": "⇧", "alt": "alt "}.get(m, m) for m in modifiers)
    return marks + (_SHOWN.get(name) or format_key(name))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of help: keys as shown, label, sentence, and the group it stands in."""

    keys: str
    label: str
    sentence: str
    group: str


def rows(keys: Mapping[str, tuple[str, ...]], screen: Place = "everywhere") -> list[Row]:
    """Return the rows of help for a keymap, series of actions folded into one.

    With a ``screen`` only what can be done on it is given; else everything.
    """
    found: list[tuple[Action, list[str]]] = []
    for action in ACTIONS:
        if screen != "everywhere" and not action.on(screen):
            continue
        mine = [shown(key) for key in keys.get(action.id, ())]
        if found and found[-1][0].sentence == action.sentence:
            found[-1][1].extend(mine)
        else:
            found.append((action, mine))
    return [Row(_joined(each), a.label, a.sentence, a.group) for a, each in found]


def _joined(keys: Iterable[str]) -> str:
    each = list(keys)
    return f"{each[0]} … {each[-1]}" if len(each) > 4 else "  ".join(each)
