"""Gauges: a label, a bar from -3 to 3, a number, a lock, a ghost of where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.geometry import Offset
from textual.message import Message

from engine.latent.spec import LIMIT
from tui.formatting.text import fitting
from tui.view_models.gauges import GaugeReading
from tui.widgets.canvas import Picture, Wheeled

NUMBER = 6
"""Cells of a value: sign, digit, point, two digits, and a gap before it."""


class Gauges(Wheeled, can_focus=True):
    """Draws gauges, knows which is chosen, and says what the mouse wants of them."""

    BINDING_GROUP_TITLE = "Gauges"
    BRIGHT = True
    """Whether gauges that are not chosen are drawn as brightly as the one that is."""
    DEFAULT_CSS = """
    Gauges {
        & > .gauges--label { color: $text-quiet; text-style: $style-quiet; }
        & > .gauges--chosen { color: $foreground; text-style: bold; }
        & > .gauges--pointer { color: $focus; text-style: bold; }
        & > .gauges--track { color: $faint; }
        & > .gauges--fill { color: $fill; }
        & > .gauges--knob { color: $knob; text-style: bold; }
        & > .gauges--ghost { color: $text-quiet; text-style: $style-quiet; }
        & > .gauges--number { color: $foreground; }
        & > .gauges--words { color: $text-quiet; text-style: $style-quiet; }
        & > .gauges--differs { color: $text-differs; text-style: $style-differs; }
        & > .gauges--lock { color: $text-lock; text-style: bold; }
        & > .gauges--bound { color: $fill; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a gauge."""

        index: int

    @dataclass
    class Dragged(Message):
        """The mouse set a gauge to a value."""

        index: int
        value: float

    @dataclass
    class Released(Message):
        """The mouse let go."""

    class Rolled(Wheeled.Rolled):
        """The wheel went over a gauge, up (1) or down (-1)."""

    _readings: tuple[GaugeReading, ...] = ()
    _chosen: int | None = None
    _dragged: int | None = None
    _dragged_to: float | None = None

    def show(self, readings: Sequence[GaugeReading], chosen: int | None) -> None:
        """Show gauges, one of them chosen (by its dimension)."""
        now = (tuple(readings), chosen)
        if now != (self._readings, self._chosen):
            self._readings, self._chosen = now
            self.redraw()

    def plain(self) -> str:
        """Format the chosen gauge, or how many there are, in one line."""
        for reading in self._readings:
            if reading.index == self._chosen:
                return self.sentence(reading)
        return f"{len(self._readings)} gauges."

    @staticmethod
    def sentence(reading: GaugeReading) -> str:
        """Format a gauge in one line."""
        if reading.value is None:
            return f"{reading.label}: no value yet."
        parts = [f"{reading.label} {reading.value:+.2f}"]
        if reading.ghost is not None:
            parts.append(f"was {reading.ghost:+.2f}")
        if reading.locked:
            parts.append("locked")
        if reading.moves:
            parts.append(f"moves {reading.moves}")
        if reading.bound:
            waits = reading.knob is not None
            parts.append(f"its knob waits at {reading.knob:+.2f}" if waits else "on a control")
        if reading.has:
            parts.append(f"asks {reading.asks}, has {reading.has}" if reading.asks
                         else f"has {reading.has}")  # fmt: skip
        if reading.held:
            parts.append(reading.held)
        return ", ".join(parts) + "."

    # Where things lie: subclasses say how gauges share the widget.

    def spot(self, place: int) -> tuple[int, int, int]:
        """Return column, row and width of the gauge drawn at a place (from 0)."""
        raise NotImplementedError

    def label_width(self, width: int) -> int:
        """Return the cells of a label where a gauge has ``width``."""
        raise NotImplementedError

    def under(self, x: int, y: int) -> GaugeReading | None:
        """Return the gauge drawn at a cell, if there is one."""
        for place, reading in enumerate(self.drawn()):
            column, row, width = self.spot(place)
            if row <= y < row + self.rows_each() and column <= x < column + width:
                return reading
        return None

    def drawn(self) -> Sequence[GaugeReading]:
        """Return the gauges that are drawn."""
        return self._readings

    def rows_each(self) -> int:
        """Return how many rows a gauge takes."""
        return 1

    def paint(self, picture: Picture) -> None:
        """Draw the gauges."""
        for place, reading in enumerate(self.drawn()):
            self._paint_gauge(picture, reading, *self.spot(place))

    def _paint_gauge(
        self, picture: Picture, reading: GaugeReading, x: int, y: int, width: int
    ) -> None:
        chosen = reading.index == self._chosen
        if chosen:
            picture.put(x, y, "▸" if self.has_focus else "▹", self.style_of("gauges--pointer"))
        if reading.bound:
            picture.put(x + 1, y, "∙", self.style_of("gauges--bound"))
        label = self.label_width(width)
        name = fitting(label, reading.label)
        picture.put(x + 2, y, name, self.style_of("gauges--chosen" if chosen else "gauges--label"))
        left, cells = self._bar(x, width)
        self._paint_bar(picture, reading, left, y, cells, chosen or self.BRIGHT)
        number = "     ·" if reading.value is None else f"{reading.value:+.2f}"
        style = self.style_of("gauges--chosen" if chosen else "gauges--number")
        picture.put(left + cells + 1, y, number, style)
        if reading.moves:
            picture.put(x + width - 2, y, "»", self.style_of("gauges--words"))
        if reading.locked:
            picture.put(x + width - 1, y, "L", self.style_of("gauges--lock"))

    def _bar(self, x: int, width: int) -> tuple[int, int]:
        left = x + 2 + self.label_width(width) + 1
        cells = x + width - NUMBER - 2 - left
        # An odd number of cells has one in the middle for 0.
        return left, max(3, cells - (cells + 1) % 2)

    def _paint_bar(
        self, picture: Picture, reading: GaugeReading, left: int, y: int, cells: int, bright: bool
    ) -> None:
        track = self.style_of("gauges--track")
        middle = cells // 2
        picture.put(left, y, "─" * cells, track)
        picture.put(left + middle, y, "┼", track)
        value = reading.value
        if value is not None:
            at = _cell(value, cells)
            low, high = min(at, middle), max(at, middle)
            picture.put(left + low, y, "━" * (high - low + 1), self.style_of("gauges--fill"))
        if reading.ghost is not None and value is not None:
            picture.put(left + _cell(reading.ghost, cells), y, "○", self.style_of("gauges--ghost"))
        if reading.knob is not None:
            picture.put(left + _cell(reading.knob, cells), y, "◇", self.style_of("gauges--bound"))
        if value is not None:
            picture.put(
                left + _cell(value, cells),
                y,
                "●",
                self.style_of("gauges--knob" if bright else "gauges--fill"),
            )

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose a gauge; on its bar, sets it."""
        place = event.get_content_offset_capture(self)
        reading = self.under(place.x, place.y)
        if reading is None or event.button != 1:
            return
        event.stop()
        self.post_message(self.Chosen(reading.index))
        left, cells = self._bar_of(reading)
        if left <= place.x < left + cells:
            self._dragged = reading.index
            self.capture_mouse()
            self._drag(place.x, left, cells)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag a gauge."""
        if self._dragged is None:
            return
        for reading in self._readings:
            if reading.index == self._dragged:
                self._drag(event.get_content_offset_capture(self).x, *self._bar_of(reading))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragged is not None:
            self._dragged = self._dragged_to = None
            self.release_mouse()
            self.post_message(self.Released())
            event.stop()

    def rolled(self, place: Offset) -> int | None:
        """Return the gauge under the mouse."""
        reading = self.under(place.x, place.y)
        return None if reading is None else reading.index

    def _drag(self, x: int, left: int, cells: int) -> None:
        assert self._dragged is not None
        value = -LIMIT + 2 * LIMIT * max(0, min(cells - 1, x - left)) / (cells - 1)
        if value != self._dragged_to:
            self._dragged_to = value
            self.post_message(self.Dragged(self._dragged, round(value, 2)))

    def _bar_of(self, reading: GaugeReading) -> tuple[int, int]:
        for place, each in enumerate(self.drawn()):
            if each.index == reading.index:
                x, _, width = self.spot(place)
                return self._bar(x, width)
        return 0, 3


class NamedGauges(Gauges):
    """The gauges that carry attributes: two rows each, with what they ask for and what is."""

    def spot(self, place: int) -> tuple[int, int, int]:
        """Return a gauge two rows over the whole width."""
        return 0, 2 * place, self.size.width

    def rows_each(self) -> int:
        """Return two."""
        return 2

    def label_width(self, width: int) -> int:
        """Return room for the longest name."""
        del width
        return 10

    def paint(self, picture: Picture) -> None:
        """Draw the gauges and, under each, its attribute in words."""
        super().paint(picture)
        for place, reading in enumerate(self.drawn()):
            x, y, width = self.spot(place)
            left, _ = self._bar(x, width)
            words = _requested(reading)
            style = "gauges--words"
            if reading.differs:
                style, words = "gauges--differs", f"{words}  ≠"
            if reading.held:
                style, words = "gauges--lock", reading.held
            short = reading.held.replace(" are", "").replace(" is", "").replace(" reached", "")
            words = fitting(width - left, words, *([short] if short else []))
            picture.put(left, y + 1, words, self.style_of(style))
            right = x + width - 1 - cell_len(reading.moves)
            if reading.moves and right > left + cell_len(words) + 2:
                picture.put(right, y + 1, reading.moves, self.style_of("gauges--words"))


class GaugeBank(Gauges):
    """The other gauges: a row each, in columns, a page at a time."""

    COLUMN = 26
    BRIGHT = False

    @classmethod
    def holding(cls, width: int, height: int) -> int:
        """Return how many gauges a page of a size holds; the first row is the heading."""
        return max(1, (height - 1) * max(1, (width + 1) // (cls.COLUMN + 1)))

    @property
    def columns(self) -> int:
        """How many columns there is room for."""
        return max(1, (self.size.width + 1) // (self.COLUMN + 1))

    @property
    def page_size(self) -> int:
        """How many gauges a page holds."""
        return self.holding(self.size.width, self.size.height)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-len(self._readings) // self.page_size))

    @property
    def page(self) -> int:
        """The page that is shown (from 0): the one with the chosen gauge, else the first."""
        for place, reading in enumerate(self._readings):
            if reading.index == self._chosen:
                return place // self.page_size
        return 0

    def drawn(self) -> Sequence[GaugeReading]:
        """Return the gauges of the page."""
        first = self.page * self.page_size
        return self._readings[first : first + self.page_size]

    def spot(self, place: int) -> tuple[int, int, int]:
        """Fill columns from top to bottom."""
        rows = max(1, min(self.size.height - 1, -(-len(self.drawn()) // self.columns)))
        column, row = divmod(place, rows)
        width = (self.size.width + 2) // self.columns
        return column * width, 1 + row, width - 2

    def label_width(self, width: int) -> int:
        """Return room for names where there is, and for numbers where there is not."""
        longest = max((len(reading.label) for reading in self._readings), default=3)
        return max(3, min(longest, width - 22))

    def paint(self, picture: Picture) -> None:
        """Draw the heading and the page."""
        self.paint_heading(picture)
        super().paint(picture)

    def paint_heading(self, picture: Picture) -> None:
        """Draw which gauges these are."""
        shown = self.drawn()
        if shown:
            words = f"the other {len(self._readings)} gauges"
            if self.pages > 1:
                words += f", page {self.page + 1} of {self.pages}"
            picture.put(0, 0, fitting(picture.width, words), self.style_of("gauges--words"))


def _requested(reading: GaugeReading) -> str:
    if not reading.asks:
        return f"has {reading.has}" if reading.has else ""
    number, _, unit = reading.asks.partition(" ")
    asks = number if unit and reading.has.endswith(unit) else reading.asks
    return f"asks {asks}, has {reading.has}"


def _cell(value: float, cells: int) -> int:
    return max(0, min(cells - 1, round((value + LIMIT) / (2 * LIMIT) * (cells - 1))))
