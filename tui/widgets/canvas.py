"""Cell pictures that write only the cells that changed.

Textual repaints regions, but its partial update crops a row on the right alone: one changed
cell rewrites its row from the left edge of its widget. `spare` mends that for a screen. It is
the one place that reaches behind Textual's public names (a screen's compositor and the update
that it makes), because nothing public sees both ends of a changed span; where those names are
not found the screen is drawn as Textual draws it, only with more bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

GAP = 4
"""Unchanged cells between two changed ones that are cheaper to write again than to jump over."""

Cell = tuple[str, Style]

_COMPONENT = re.compile(r"\.([\w-]+--[\w-]+)")


class BothSides(ChopsUpdate):
    """A partial update whose rows are cropped on the left as well as on the right."""

    def render_segments(self, console: Console) -> str:
        """Return the changed spans as text for the terminal, each with the cursor set before."""
        written: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                left, right = max(x, first), min(end, last)
                if strip is None or left >= right:
                    continue
                written.append(Control.move_to(left, y).segment.text)
                written.append(strip.crop(left - x, right - x).render(console))
        return "".join(written)


def spare(screen: Screen[Any]) -> bool:
    """Make a screen write changed spans only, and tell whether it does from now on."""
    compositor = getattr(screen, "_compositor", None)
    whole = getattr(compositor, "render_partial_update", None)
    if compositor is None or whole is None:
        return False
    if "render_partial_update" in vars(compositor):
        return True

    def cropped() -> ChopsUpdate | None:
        update = whole()
        if type(update) is not ChopsUpdate:
            return update  # type: ignore[no-any-return]
        return BothSides(update.chops, update.spans, update.chop_ends)

    compositor.render_partial_update = cropped
    return True


class Picture:
    """A grid of single-width characters, each with its style."""

    __slots__ = ("height", "rows", "width")

    def __init__(self, width: int, height: int, ground: Style) -> None:
        self.width = width
        self.height = height
        self.rows: list[list[Cell]] = [[(" ", ground)] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: Style) -> None:
        """Write text from a cell to the right; what falls outside is left out.

        A character of two cells takes the next cell, too, which is then empty.
        """
        if 0 <= y < self.height:
            row = self.rows[y]
            if text.isascii() and text.isprintable():
                for at, character in enumerate(text, x):
                    if 0 <= at < self.width:
                        row[at] = (character, style)
                return
            at = x
            for character in text:
                cells = cell_len(character)
                if cells and at >= 0 and at + cells <= self.width:
                    row[at : at + cells] = [(character, style), ("", style)][:cells]
                at += cells

    def at(self, x: int, y: int) -> Cell:
        """Return the character and style of a cell inside the picture."""
        return self.rows[y][x]

    def copy(self) -> Picture:
        """Return a picture that can be written on without changing this one."""
        twin = object.__new__(Picture)
        twin.width, twin.height = self.width, self.height
        twin.rows = [row.copy() for row in self.rows]
        return twin

    def strip(self, y: int) -> Strip:
        """Return a row as a strip, neighbours of one style joined."""
        segments: list[Segment] = []
        text, style = "", None
        for character, cell_style in self.rows[y]:
            if cell_style is not style and cell_style != style:
                if text:
                    segments.append(Segment(text, style))
                text, style = "", cell_style
            text += character
        if text:
            segments.append(Segment(text, style))
        return Strip(segments, self.width)

    def changes(self, other: Picture) -> Iterator[Region]:
        """Yield one-row regions that cover the cells in which another picture differs."""
        for y, (old, new) in enumerate(zip(self.rows, other.rows, strict=True)):
            if old == new:
                continue
            start = end = -1
            for x, (before, after) in enumerate(zip(old, new, strict=True)):
                if before == after:
                    continue
                if start >= 0 and x - end > GAP:
                    yield Region(start, y, end - start, 1)
                    start = -1
                if start < 0:
                    start = x
                end = x + 1
            yield Region(start, y, end - start, 1)


class Canvas(Widget):
    """A widget that paints a picture, keeps what is shown, and repaints what differs.

    A subclass writes `paint` (the picture) and may write `mark` (what moves over it). It calls
    `redraw` when the picture changes and `remark` when only the marks do.
    """

    ALLOW_SELECT = False
    GROUND: ClassVar[str | None] = None
    """The component class of empty cells; None for the widget's own style."""

    def __init_subclass__(cls, **more: bool) -> None:
        """Make each component that the widget's own style sheet names one of its classes."""
        super().__init_subclass__(**more)
        if "DEFAULT_CSS" in vars(cls):
            cls.COMPONENT_CLASSES = set(_COMPONENT.findall(cls.DEFAULT_CSS))

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's word)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._painted: Picture | None = None
        self._shown: Picture | None = None
        self._seen: tuple[object, ...] = ()
        self._styles_found: dict[str, Style] = {}

    def paint(self, picture: Picture) -> None:
        """Draw the picture on empty cells."""
        raise NotImplementedError

    def mark(self, picture: Picture) -> None:
        """Draw what moves over the picture: a cursor, a playhead."""

    def plain(self) -> str:
        """Describe in one line what is shown."""
        raise NotImplementedError

    def style_of(self, component: str) -> Style:
        """Return the whole style, ground included, of a component class; kept until it changes."""
        if component not in self._styles_found:
            self._styles_found[component] = self.get_component_rich_style(component)
        return self._styles_found[component]

    def redraw(self) -> None:
        """Draw everything again and repaints the cells that differ."""
        self._painted = None
        self.remark()

    def remark(self) -> None:
        """Draw the marks again and repaints the cells that differ."""
        if self._shown is None or self._size_of(self._shown) != self.size:
            self._shown = None
            if self.is_attached:
                self.refresh()
            return
        picture = self._draw()
        regions = list(self._shown.changes(picture))
        self._shown = picture
        if regions:
            self.refresh(*regions)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Repaint regions; asked for the whole, repaints of it what differs from the picture.

        Textual asks for the whole whenever the focus comes or goes.
        """
        if regions or not repaint:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        whole = self._shown is None or self._size_of(self._shown) != self.outer_size
        if whole or layout or recompose or self._look != self._seen:
            self._painted = self._shown = None
            return super().refresh(layout=layout, recompose=recompose)
        self.redraw()
        return self

    @property
    def _look(self) -> tuple[object, ...]:
        # What Textual lays over or under a picture when it shows it.
        styles = self.styles
        return self.visual_style, self.opacity, styles.tint, styles.text_opacity, styles.hatch

    def notify_style_update(self) -> None:
        """Take up new styles, as after a change of theme or of focus."""
        super().notify_style_update()
        self._styles_found.clear()
        self._painted = None
        if self._shown is not None:
            # The component classes are given their styles only after this.
            self.call_later(self.redraw)

    def picture(self) -> Picture:
        """Return the whole picture as it is to be seen now, at the widget's present size."""
        return self._draw()

    def render_line(self, y: int) -> Strip:
        """Return a row of the picture, drawing it first where that has not been done."""
        if self._shown is None or self._size_of(self._shown) != self.size:
            self._painted = None
            self._shown = self._draw()
        self._seen = self._look
        if y >= self._shown.height:
            return Strip.blank(self.size.width, self._ground())
        return self._shown.strip(y)

    def _draw(self) -> Picture:
        if self._painted is None or self._size_of(self._painted) != self.size:
            self._painted = Picture(self.size.width, self.size.height, self._ground())
            if self.size:
                self.paint(self._painted)
        picture = self._painted.copy()
        if self.size:
            self.mark(picture)
        return picture

    def _ground(self) -> Style:
        return self.style_of(self.GROUND) if self.GROUND else self.rich_style

    @staticmethod
    def _size_of(picture: Picture) -> Size:
        return Size(picture.width, picture.height)

    def on_mount(self) -> None:
        """Make the screen write changed spans only."""
        spare(self.screen)


class Wheeled(Canvas):
    """A canvas that the mouse's wheel goes over; each kind posts a `Rolled` of its own."""

    UP = 1
    """The steps of the wheel when it goes up; down they have the other sign."""

    @dataclass
    class Rolled(Message):
        """The wheel went over the part at ``index``."""

        steps: int
        index: int = 0

    def rolled(self, place: Offset) -> int | None:  # noqa: ARG002
        """Return the part that the wheel moves at a cell; None where it moves nothing."""
        return 0

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Post that the wheel went up."""
        self._roll(event, self.UP)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Post that the wheel went down."""
        self._roll(event, -self.UP)

    def _roll(self, event: events.MouseEvent, steps: int) -> None:
        index = self.rolled(event.get_content_offset_capture(self))
        if index is not None:
            event.stop()
            self.post_message(self.Rolled(steps, index))
