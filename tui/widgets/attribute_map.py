"""The attribute map on the screen: a picture of one attribute over two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message

from engine.latent.spec import LIMIT, LatentSpec
from engine.latent.surface import LARGEST, Surface
from engine.latent.text_map import (
    DIGITS,
    HERE,
    LEVELS,
    NOTHING,
    SHADES,
    Scale,
    axis_line,
    nearest,
    resample,
    scale,
    value_at,
)
from engine.music.attributes import ATTRIBUTES, attribute
from tui.shades import CELLS, Cells, blends, cells, faded, ramp
from tui.widgets.canvas import Canvas, Picture, fitting

GUTTER = 3
COARSE = 0.5
"""How far, in latent units, the cursor goes with Shift."""


class AttributeMap(Canvas, can_focus=True):
    """Shows a surface, where the measure at hand stands on it, and a cursor."""

    BINDING_GROUP_TITLE = "Map"
    HELP = """\
The map shows one attribute over two dimensions of the model. ◆ is the measure at hand and
[ ] the cursor. The higher the digit or the denser the shade, the higher the attribute; cells
in which no training measure lies are faint.
"""
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "attribute-map--lowest",
        "attribute-map--middle",
        "attribute-map--highest",
        "attribute-map--here",
        "attribute-map--cursor",
        "attribute-map--caption",
        "attribute-map--words",
        "attribute-map--unfilled",
    }
    DEFAULT_CSS = """
    AttributeMap {
        min-width: 24; min-height: 8; height: 1fr; width: 1fr;
        & > .attribute-map--lowest { background: $surface; }
        & > .attribute-map--middle { background: $primary; }
        & > .attribute-map--highest { background: $warning; }
        & > .attribute-map--here {
            background: $foreground; color: $background; text-style: $style-held;
        }
        & > .attribute-map--cursor {
            background: $focus; color: $background; text-style: $style-held;
        }
        & > .attribute-map--caption { color: $text-quiet; }
        & > .attribute-map--words { color: $foreground; }
        & > .attribute-map--unfilled { color: $text-quiet; }
    }
    """

    @dataclass
    class Moved(Message):
        """The cursor moved to ``x`` and ``y``, in latent units.

        A move is ``settled`` by Enter or by letting the mouse go: the gesture ends there.
        """

        map: AttributeMap
        x: float
        y: float
        settled: bool

        @property
        def control(self) -> AttributeMap:
            """The map whose cursor moved."""
            return self.map

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's word)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.surface: Surface | None = None
        self.here: tuple[float, float] | None = None
        self.stale = False
        self.done = True
        self.occupancy = False
        self.cells: Cells | None = None
        self._labels = ("", "")
        self._cursor = (0.0, 0.0)
        self._scale = Scale(0.0, 0.0)
        self._counts = Scale(0.0, 0.0)
        self._dragging = False

    def show(
        self,
        surface: Surface | None,
        here: tuple[float, float] | None = None,
        *,
        spec: LatentSpec | None = None,
        stale: bool = False,
        done: bool = True,
    ) -> None:
        """Shows a surface, whole or filled from the top as far as it has rows.

        ``here`` is the point of the measure at hand in latent units; a cursor that stood on
        the point shown before goes with it. ``spec`` names the dimensions. A ``stale``
        surface belongs to an earlier state of the measure.
        """
        if here is not None and (self.here is None or self._cursor == self.here):
            self._cursor = here
        self.surface, self.here, self.stale, self.done = surface, here, stale, done
        if surface is not None:
            self._labels = (_label(surface.x, spec), _label(surface.y, spec))
            self._scale = scale(surface.values)
            most = max((max(row, default=0) for row in surface.occupancy), default=0)
            self._counts = Scale(log1p(1), log1p(most))
        self.redraw()

    @property
    def cursor(self) -> tuple[float, float]:
        """The cursor's place on both axes, -3 to 3."""
        return self._cursor

    @cursor.setter
    def cursor(self, place: tuple[float, float]) -> None:
        x, y = (max(-LIMIT, min(LIMIT, value)) for value in place)
        if (x, y) != self._cursor:
            self._cursor = (x, y)
            self.remark()

    def wanted(self) -> tuple[int, int]:
        """Gives the width and height of the surface that would fill the widget cell by cell."""
        plot = self._plot()
        return max(2, min(LARGEST, plot.width)), max(2, min(LARGEST, plot.height))

    def plain(self) -> str:
        """Says the map, its range and what is under the cursor in one line."""
        if self.surface is None:
            return "Map: nothing to show yet."
        about = attribute(self.surface.attribute)
        low, high = self._scale.ends(about)
        return (
            f"Map of {about.label} over {self._labels[0]} and {self._labels[1]}, "
            f"{low} to {high}{self._state()}. Cursor at {self._words(200)}."
        )

    # Moves

    def move(self, dx: int, dy: int, coarse: bool = False) -> None:
        """Moves the cursor by cells, or by half units; ``dy`` counts upwards."""
        width, height = self.wanted()
        steps = (2 * LIMIT / (width - 1), 2 * LIMIT / (height - 1))
        far = (max(COARSE, steps[0]), max(COARSE, steps[1])) if coarse else steps
        self._go(self._cursor[0] + dx * far[0], self._cursor[1] + dy * far[1])

    def go(self) -> None:
        """Goes to the cursor and ends the gesture."""
        self._go(*self._cursor, settled=True)

    def toggle_occupancy(self) -> None:
        """Shows the density of the training data, or the attribute again."""
        self.occupancy = not self.occupancy
        self.redraw()

    def next_cells(self) -> None:
        """Draws the cells in the next way."""
        self.cells = CELLS[(CELLS.index(self._drawn_as()) + 1) % len(CELLS)]
        self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Takes the cursor to the mouse."""
        if self._point(event):
            self._dragging = True
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drags the cursor."""
        if self._dragging:
            self._point(event, held=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lets the cursor go where it is."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()
            event.stop()
            self.go()

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.remark()

    def on_blur(self) -> None:
        """Hides a cursor that stands on the measure."""
        self.remark()

    def _point(self, event: events.MouseEvent, held: bool = False) -> bool:
        plot = self._plot()
        place = event.get_content_offset_capture(self)
        if not held and not plot.contains_point(place):
            return False
        width, height = plot.size
        column = max(0, min(width - 1, place.x - plot.x))
        row = max(0, min(height - 1, place.y - plot.y))
        self._go(value_at(column, width), value_at(height - 1 - row, height))
        return True

    def _go(self, x: float, y: float, settled: bool = False) -> None:
        before = self._cursor
        self.cursor = (x, y)
        if self._cursor == before and not settled:
            return
        self.post_message(self.Moved(self, *self._cursor, settled))

    # Drawing

    def paint(self, picture: Picture) -> None:
        """Draws captions, axes and cells."""
        caption = self.style_of("attribute-map--caption")
        if self.surface is None:
            picture.put(0, 0, fitting(picture.width, "The map is drawn once the model is ready."),
                        caption)  # fmt: skip
            return
        plot, (across, up) = self._plot(), self._labels
        self._paint_legend(picture)
        for row, text in self._ticks(plot.height).items():
            picture.put(0, plot.y + row, text, caption)
        for y in range(plot.y, plot.bottom):
            picture.put(GUTTER - 1, y, "│", caption)
        if plot.y == 2:
            picture.put(0, 1, fitting(picture.width, f"↑ {up}"), caption)
            between = f"{across} →"
        else:
            between = fitting(plot.width - 6, f"{across} → ↑ {up}", f"→{across} ↑{up}",
                              f"→{across[:5]} ↑{up[:5]}")  # fmt: skip
        picture.put(GUTTER, plot.bottom, axis_line(plot.width, between), caption)
        self._paint_cells(picture, plot)

    def mark(self, picture: Picture) -> None:
        """Draws the measure, the cursor, and what is under it in words."""
        if self.surface is None:
            return
        plot = self._plot()
        if self.here is not None:
            place = self._place(self.here, plot)
            picture.put(*place, HERE, self.style_of("attribute-map--here"))
        if self.has_focus or self._cursor != self.here:
            x, y = self._place(self._cursor, plot)
            style = self.style_of("attribute-map--cursor")
            under = picture.at(x, y)[0]
            if under == " " and self._drawn_as() == "colour":
                # The cells of a colour are blank but for the first; here the digit is wanted.
                under = self._digit(x - plot.x, y - plot.y, plot)
            if x > plot.x:
                picture.put(x - 1, y, "[", style)
            picture.put(x, y, under, style)
            if x + 1 < plot.right:
                picture.put(x + 1, y, "]", style)
        words = self.style_of("attribute-map--words")
        picture.put(0, picture.height - 1, self._words(picture.width), words)

    def _paint_legend(self, picture: Picture) -> None:
        assert self.surface is not None
        about = attribute(self.surface.attribute)
        style, state = self.style_of("attribute-map--caption"), self._state()
        if self.occupancy:
            most = max((max(row, default=0) for row in self.surface.occupancy), default=0)
            low, high, name = "1", f"{most} measures", "training data"
        else:
            (low, high), name = self._scale.ends(about), about.label
        number = low.split(" ")[0]
        ends: tuple[tuple[str, str], ...] = (
            (f"{name}: {low} ", f" {high}{state}"),
            (f"{name}: {number} ", f" {high}{state}"),
            (f"{number} ", f" {high}{state}"),
            (f"{number} ", f" {high}"),
            (f"{number} ", f" {high.split(' ')[0]}"),
        )
        if self._drawn_as() == "shades":
            ends = tuple((f"{before}[", f"]{after}") for before, after in ends)
        before, after = next(
            (pair for pair in ends if len(pair[0]) + len(pair[1]) + LEVELS <= picture.width),
            ends[-1],
        )
        picture.put(0, 0, before, style)
        glyphs = SHADES if self._drawn_as() == "shades" else DIGITS
        for level, shade in enumerate(self._shades()[0]):
            picture.put(len(before) + level, 0, glyphs[level], shade)
        picture.put(len(before) + LEVELS, 0, after, style)

    def _paint_cells(self, picture: Picture, plot: Region) -> None:
        surface, drawn = self.surface, self._drawn_as()
        assert surface is not None
        full, faint = self._shades()
        glyphs = SHADES if drawn == "shades" else DIGITS
        unfilled = self.style_of("attribute-map--unfilled")
        columns = [resample(c, plot.width, len(surface.xs)) for c in range(plot.width)]
        for line in range(plot.height):
            row = resample(line, plot.height, len(surface.ys))
            counts = surface.occupancy[row] if row < len(surface.occupancy) else ()
            if row >= len(surface.values):
                continue
            last = -1
            for at, column in enumerate(columns):
                count = counts[column] if column < len(counts) else None
                level = self._level(row, column)
                if level < 0:
                    glyph, style = NOTHING, unfilled
                else:
                    glyph = " " if drawn == "colour" and level == last else glyphs[level]
                    style = (faint if count == 0 else full)[level]
                picture.put(plot.x + at, plot.y + line, glyph, style)
                last = level

    def _level(self, row: int, column: int) -> int:
        # The level of a cell of the surface, -1 where there is nothing to count.
        surface = self.surface
        assert surface is not None
        if not self.occupancy:
            return self._scale.level(surface.values[row][column])
        counts = surface.occupancy[row] if row < len(surface.occupancy) else ()
        count = counts[column] if column < len(counts) else 0
        return self._counts.level(log1p(count)) if count else -1

    def _digit(self, across: int, down: int, plot: Region) -> str:
        surface = self.surface
        assert surface is not None
        row = resample(down, plot.height, len(surface.ys))
        column = resample(across, plot.width, len(surface.xs))
        level = self._level(row, column) if row < len(surface.values) else -1
        return DIGITS[level] if level >= 0 else " "

    def _shades(self) -> tuple[tuple[Style, ...], tuple[Style, ...]]:
        ground = self.rich_style
        if not blends(self.app):
            return (ground,) * LEVELS, (ground + Style(dim=True),) * LEVELS
        full = ramp(
            self.style_of("attribute-map--lowest"),
            self.style_of("attribute-map--middle"),
            self.style_of("attribute-map--highest"),
        )
        return full, faded(full, ground)

    def _drawn_as(self) -> Cells:
        return self.cells or cells(self.app)

    def _plot(self) -> Region:
        width, height = self.size
        top = 2 if height >= 10 else 1
        return Region(GUTTER, top, max(1, width - GUTTER), max(1, height - top - 2))

    @staticmethod
    def _ticks(height: int) -> dict[int, str]:
        middle = {height // 2: " 0"} if height % 2 and height > 2 else {}
        return {0: "+3", height - 1: "-3", **middle}

    def _place(self, point: tuple[float, float], plot: Region) -> tuple[int, int]:
        column = nearest(point[0], plot.width)
        row = plot.height - 1 - nearest(point[1], plot.height)
        return plot.x + column, plot.y + row

    def _state(self) -> str:
        assert self.surface is not None
        if not self.done:
            share = len(self.surface.values) / len(self.surface.ys)
            return f" · measuring {share:.0%}"
        return " · as it was before" if self.stale else ""

    def _words(self, width: int) -> str:
        surface = self.surface
        assert surface is not None
        (x, y), (across, up) = self._cursor, self._labels
        column = nearest(x, len(surface.xs))
        row = len(surface.ys) - 1 - nearest(y, len(surface.ys))
        said, data = "not measured yet", ""
        if row < len(surface.values):
            said = attribute(surface.attribute).say(surface.values[row][column])
        if row < len(surface.occupancy):
            count = surface.occupancy[row][column]
            data = f", {count or 'no'} training measure{'' if count == 1 else 's'}"
        return fitting(
            width,
            f"{across} {x:+.2f}, {up} {y:+.2f}: {said}{data}",
            f"{across} {x:+.1f}, {up} {y:+.1f}: {said}",
            f"→{x:+.1f} ↑{y:+.1f}: {said}{data}",
            f"→{x:+.1f} ↑{y:+.1f}: {said}",
            f"{x:+.1f} {y:+.1f} {said}",
        )


def _label(dimension: int, spec: LatentSpec | None) -> str:
    if spec is not None:
        return spec.dimensions[dimension].label
    return ATTRIBUTES[dimension].label if dimension < len(ATTRIBUTES) else f"z{dimension}"
