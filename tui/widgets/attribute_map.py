"""The attribute map on the screen: a picture of one attribute over two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic_ns

from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message

from engine.latent.attribute_map import LARGEST, Surface
from engine.latent.attribute_map_text import (
    DIGITS,
    HERE,
    LEVELS,
    NOTHING,
    SHADES,
    axis_line,
    nearest,
    resample,
    ticks,
    value_at,
)
from engine.latent.spec import LIMIT, LatentSpec
from engine.music.measure import Measure
from tui.formatting.heat_ramp import (
    CELLS,
    Cells,
    blends,
    cells,
    faded,
    ramp,
)
from tui.formatting.text import fitting
from tui.view_models import gestures
from tui.view_models.attribute_map import MapCells
from tui.widgets.canvas import Canvas, Picture

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

        Moves that belong together carry one ``gesture``; the last of them, by Enter or by
        letting the mouse go, is ``settled``. ``by`` is how far a key moved it on both axes.
        """

        map: AttributeMap
        x: float
        y: float
        gesture: int
        settled: bool
        by: tuple[float, float] | None = None

        @property
        def control(self) -> AttributeMap:
            """The map whose cursor moved."""
            return self.map

    surface: Surface | None = None
    here: tuple[float, float] | None = None
    _spec: LatentSpec | None = None
    stale = False
    done = True
    occupancy = False
    cells: Cells | None = None
    _known: MapCells | None = None
    _cursor = (0.0, 0.0)
    _apart = False
    _gesture = 0
    _moved_at = 0.0
    _dragging = False
    _measure: Measure | None = None

    def show(
        self,
        surface: Surface | None,
        here: tuple[float, float] | None = None,
        *,
        spec: LatentSpec | None = None,
        stale: bool = False,
        done: bool = True,
        measure: Measure | None = None,
    ) -> None:
        """Show a surface, whole or filled from the top as far as it has rows.

        ``here`` is the point of the measure at hand in latent units; a cursor that stood on
        the point shown before goes with it. ``spec`` names the dimensions. A ``stale``
        surface belongs to an earlier state of the measure. ``measure`` is the measure itself:
        the map is decoded plainly, and what sounds was chosen among neighbours.
        """
        if here is not None:
            if self.here in (None, self._cursor) or _near(here, self._cursor):
                self._cursor, self._apart = here, False
            elif here != self.here:
                self._apart = True
        picture = (self.surface, self._spec, self.stale, self.done)
        self.here, self._measure = here, measure
        if picture[0] is surface and picture[1:] == (spec, stale, done):
            self.remark()
            return
        self.surface, self._spec, self.stale, self.done = surface, spec, stale, done
        self._read()

    def _read(self) -> None:
        self._known = (
            MapCells(self.surface, self._spec, self.occupancy) if self.surface is not None else None
        )
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
        """Return the width and height of the surface that would fill the widget cell by cell."""
        plot = self._plot()
        return max(2, min(LARGEST, plot.width)), max(2, min(LARGEST, plot.height))

    def plain(self) -> str:
        """Format the map, its range and what is under the cursor in one line."""
        known = self._known
        if known is None:
            return "Map: nothing to show yet."
        low, high = known.scale.ends(known.about)
        under = known.words(*self._cursor, self._own())[0]
        return (
            f"Map of {known.about.label} over {known.labels[0]} and {known.labels[1]}, "
            f"{low} to {high}{self._state(known)}. Cursor at {under}."
        )

    # Moves

    def action_move(self, dx: int, dy: int, coarse: bool = False) -> None:
        """Move the cursor by cells, or by half units; ``dy`` counts upwards."""
        width, height = self.wanted()
        steps = (2 * LIMIT / (width - 1), 2 * LIMIT / (height - 1))
        far = (max(COARSE, steps[0]), max(COARSE, steps[1])) if coarse else steps
        if self._apart and self.here is not None and not self._goes_on():
            # Another hand moved the measure meanwhile.
            self._cursor, self._apart = self.here, False
        by = dx * far[0], dy * far[1]
        self._go(self._cursor[0] + by[0], self._cursor[1] + by[1], by=by)

    def action_go(self) -> None:
        """Go to the cursor and ends the gesture."""
        self._go(*self._cursor, settled=True)

    def action_occupancy(self) -> None:
        """Show the density of the training data, or the attribute again."""
        self.occupancy = not self.occupancy
        self._read()

    def action_cells(self) -> None:
        """Draw the cells in the next way."""
        self.cells = CELLS[(CELLS.index(self._drawn_as()) + 1) % len(CELLS)]
        self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the cursor to the mouse."""
        if self._point(event):
            self._dragging = True
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the cursor."""
        if self._dragging:
            self._point(event, held=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the cursor go where it is."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()
            event.stop()
            self.action_go()

    def on_blur(self) -> None:
        """End the gesture; the canvas draws itself without the focus."""
        self._gesture = 0

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

    def _goes_on(self) -> bool:
        return (
            bool(self._gesture) and gestures.moved_at(self.app) - self._moved_at <= gestures.PAUSE
        )

    def _go(
        self, x: float, y: float, settled: bool = False, by: tuple[float, float] | None = None
    ) -> None:
        before = self._cursor
        self.cursor = (x, y)
        if self._cursor == before and not settled:
            return
        if not self._goes_on():
            # Unlike any number that the screen gives its own gestures.
            self._gesture = monotonic_ns()
        self._moved_at = gestures.moved_at(self.app)
        self.post_message(self.Moved(self, *self._cursor, self._gesture, settled, by))
        if settled:
            self._gesture = 0

    # Drawing

    def paint(self, picture: Picture) -> None:
        """Draw captions, axes and cells."""
        caption, known = self.style_of("attribute-map--caption"), self._known
        if known is None:
            waiting = fitting(picture.width, "The map comes with the first measure.", "no map yet")
            picture.put(0, 0, waiting, caption)
            return
        plot, (across, up) = self._plot(), known.labels
        self._paint_legend(picture, known)
        for row, text in ticks(plot.height).items():
            picture.put(0, plot.y + row, text, caption)
        for y in range(plot.y, plot.bottom):
            picture.put(GUTTER - 1, y, "│", caption)
        if plot.y == 2:
            picture.put(0, 1, fitting(picture.width, f"↑ {up}"), caption)
            between = f"{across} →"
        else:
            texts = (f"{across} → ↑ {up}", f"→{across} ↑{up}", f"→{across[:5]} ↑{up[:5]}")
            between = fitting(plot.width - 6, *texts)
        picture.put(GUTTER, plot.bottom, axis_line(plot.width, between), caption)
        self._paint_cells(picture, plot, known)

    def mark(self, picture: Picture) -> None:
        """Draw the measure, the cursor, and what is under it in words."""
        known = self._known
        if known is None:
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
                # Only the first cell of a level bears its digit; here it is wanted.
                level = known.level(*self._cell(x, y, plot, known))
                under = under if level is None else DIGITS[level]
            if x > plot.x:
                picture.put(x - 1, y, "[", style)
            picture.put(x, y, under, style)
            if x + 1 < plot.right:
                picture.put(x + 1, y, "]", style)
        words = fitting(picture.width, *known.words(*self._cursor, self._own()))
        picture.put(0, picture.height - 1, words, self.style_of("attribute-map--words"))

    def _own(self) -> Measure | None:
        return self._measure if self._cursor == self.here else None

    def _paint_legend(self, picture: Picture, known: MapCells) -> None:
        style, state, name = (
            self.style_of("attribute-map--caption"),
            self._state(known),
            known.name(),
        )
        low, high = known.ends()
        number = low.split(" ")[0]
        ends: tuple[tuple[str, str], ...] = (
            (f"{name}: {low} ", f" {high}{state}"),
            (f"{name}: {number} ", f" {high}{state}"),
            (f"{name}: {number} ", f" {high.split(' ')[0]}{state}"),
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

    def _paint_cells(self, picture: Picture, plot: Region, known: MapCells) -> None:
        drawn = self._drawn_as()
        full, faint = self._shades()
        glyphs = SHADES if drawn == "shades" else DIGITS
        nothing = self.style_of("attribute-map--unfilled")
        for y in range(plot.y, plot.bottom):
            before = None
            for x in range(plot.x, plot.right):
                row, column = self._cell(x, y, plot, known)
                if row >= known.filled:
                    break
                level = known.level(row, column)
                if level is None:
                    picture.put(x, y, NOTHING, nothing)
                else:
                    glyph = " " if drawn == "colour" and level == before else glyphs[level]
                    shades = faint if known.count(row, column) == 0 else full
                    picture.put(x, y, glyph, shades[level])
                before = level

    def _shades(self) -> tuple[tuple[Style, ...], tuple[Style, ...]]:
        # A style for each level, and the same for cells without training measures.
        ground = self.rich_style
        if not blends(self.app):
            return (ground,) * LEVELS, (ground + Style(dim=True),) * LEVELS
        full = ramp(
            *(self.style_of(f"attribute-map--{end}") for end in ("lowest", "middle", "highest"))
        )
        return full, faded(full, ground)

    def _drawn_as(self) -> Cells:
        return self.cells or cells(self.app)

    def _plot(self) -> Region:
        width, height = self.size
        top = 2 if height >= 10 else 1
        return Region(GUTTER, top, max(1, width - GUTTER), max(1, height - top - 2))

    @staticmethod
    def _place(point: tuple[float, float], plot: Region) -> tuple[int, int]:
        column = nearest(point[0], plot.width)
        row = plot.height - 1 - nearest(point[1], plot.height)
        return plot.x + column, plot.y + row

    @staticmethod
    def _cell(x: int, y: int, plot: Region, known: MapCells) -> tuple[int, int]:
        columns, rows = known.size
        return resample(y - plot.y, plot.height, rows), resample(x - plot.x, plot.width, columns)

    def _state(self, known: MapCells) -> str:
        if not self.done:
            return f" · measuring {known.filled / known.size[1]:.0%}"
        return " · as it was before" if self.stale else ""


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    # Steps that were added up in another order end a trifle beside each other.
    return all(abs(a - b) < 1e-9 for a, b in zip(one, other, strict=True))
