"""The key table of the documents, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from engine.common.printing import put
from tui.action_table import rows
from tui.keymap import load


def key_table(keys: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """Return the key table of `tui/README.md` in Markdown, for the default keymap or another."""
    if keys is None:
        keys = load("default").keys
    lines, group = [], ""
    for row in rows(keys):
        if row.group != group:
            group = row.group
            lines += ["", f"**{group}**", "", "| keys | what they do |", "|---|---|"]
        code = " ".join(f"`{key}`" if key != "…" else key for key in _cells(row.keys))
        lines.append(f"| {code} | {row.sentence} |".replace("`|`", "`\\|`"))
    return "\n".join(lines[1:]) + "\n"


def _cells(keys: str) -> list[str]:
    return [part for part in keys.replace(" … ", "  …  ").split("  ") if part]


if __name__ == "__main__":
    put(*key_table().splitlines())
