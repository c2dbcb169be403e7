"""Words from outside on the screens: as they are, without markup and without control codes.

Names of ports, devices, traits, songs and files may hold anything. `plain` makes the one-line
content of them; `PrintableFilter` stands behind all widgets, so that nothing reaches the terminal
but what Textual itself draws.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from engine.text import printable


def plain(text: str) -> Content:
    """Return a text as content of one line, its square brackets and all."""
    return Content(printable(text))


class PrintableFilter(LineFilter):
    """Takes out of each line what is not printable; every cell stays where it is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line with signs that take no room left out, and ``?`` for others."""
        del background
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(_kept(text), style, control) for text, style, control in segments]


def _kept(text: str) -> str:
    return "".join(each if each.isprintable() else "?" * cell_len(each) for each in text)
