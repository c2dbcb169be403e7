"""Text that fits a width."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from engine.text import printable


def fitting(width: int, *texts: str) -> str:
    """Return the first of some texts, longest first, that fits; else the last one, cut.

    What is not printable in it is shown as ``?``.
    """
    text = ""
    for text in map(printable, texts):
        if cell_len(text) <= width:
            return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""
