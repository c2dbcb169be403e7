"""The footer: the keys that help most, as many as there is room for."""

from __future__ import annotations

from collections.abc import Mapping

from tui.action_table import ACTIONS, shown
from tui.action_tables.action import Place
from tui.widgets.canvas import Canvas, Picture


class KeysLine(Canvas):
    """Draws keys and short labels from the action table, the most useful first."""

    DEFAULT_CSS = """
    KeysLine {
        height: 1; background: $bar;
        & > .keys-line--key { color: $foreground; text-style: bold; }
        & > .keys-line--label { color: $text-quiet; text-style: $style-quiet; }
    }
    """

    def __init__(
        self,
        keys: Mapping[str, tuple[str, ...]],
        screen: Place = "compose",
        *,
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:
        super().__init__(id=id)
        here = [a for a in ACTIONS if a.rank and a.on(screen) and a.id != f"app.{screen}"]
        ranked = sorted(here, key=lambda action: action.rank)
        self._pairs = [
            (shown(keys[action.id][0]), action.label) for action in ranked if keys.get(action.id)
        ]

    def plain(self) -> str:
        """Format all keys of the footer in one line."""
        return ", ".join(f"{key} {label}" for key, label in self._pairs) + "."

    def paint(self, picture: Picture) -> None:
        """Draw the last, which is help, at the right end, and the others until there."""
        if not self._pairs:
            return
        *pairs, (key, label) = self._pairs
        end = picture.width - len(key) - len(label) - 2
        self._put(picture, end, key, label)
        x = 1
        for key, label in pairs:
            width = len(key) + 1 + len(label)
            if x + width > end - 1:
                break
            self._put(picture, x, key, label)
            x += width + 2

    def _put(self, picture: Picture, x: int, key: str, label: str) -> None:
        picture.put(x, 0, key, self.style_of("keys-line--key"))
        picture.put(x + len(key) + 1, 0, label, self.style_of("keys-line--label"))
