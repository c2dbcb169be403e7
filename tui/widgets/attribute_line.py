"""The named gauges in a row or two: what the notes mean, read anew at every edit."""

from __future__ import annotations

from collections.abc import Sequence

from engine.latent.spec import LIMIT
from tui.formatting.text import fitting
from tui.view_models.gauges import GaugeReading
from tui.widgets.canvas import Canvas, Picture

_BAR = 8


class AttributeLine(Canvas):
    """Shows the named gauges with their values; they are read here, and moved elsewhere."""

    BINDING_GROUP_TITLE = "Gauges"
    DEFAULT_CSS = """
    AttributeLine {
        height: 1; width: 1fr;
        & > .attribute-line--label { color: $text-quiet; }
        & > .attribute-line--bar { color: $notes; }
        & > .attribute-line--rest { color: $faint; }
        & > .attribute-line--value { color: $foreground; }
    }
    """

    _readings: tuple[GaugeReading, ...] = ()
    _waiting = ""

    def show(self, readings: Sequence[GaugeReading], waiting: str = "") -> None:
        """Show readings, or in their place why there are none."""
        if (tuple(readings), waiting) != (self._readings, self._waiting):
            self._readings, self._waiting = tuple(readings), waiting
            self.redraw()

    def plain(self) -> str:
        """Format the readings in one line."""
        if self._waiting:
            return self._waiting
        return ", ".join(f"{each.label} {_value(each)}" for each in self._readings) + "."

    def paint(self, picture: Picture) -> None:
        """Draw a label, a bar and a value for each."""
        if self._waiting:
            words = fitting(picture.width, self._waiting)
            picture.put(0, 0, words, self.style_of("attribute-line--label"))
            return
        columns = -(-len(self._readings) // picture.height)
        width = picture.width // max(1, columns)
        for at, reading in enumerate(self._readings):
            y, x = divmod(at, columns)
            self._paint_one(picture, x * width, y, width - 2, reading)

    def _paint_one(
        self, picture: Picture, x: int, y: int, width: int, reading: GaugeReading
    ) -> None:
        bar = min(_BAR, max(0, width - 15))
        room = max(0, width - bar - 7)
        label = fitting(room, reading.label, reading.label.rsplit(" ", 1)[-1])
        picture.put(x, y, label, self.style_of("attribute-line--label"))
        at = x + len(label) + 1
        value = reading.value
        full = 0 if value is None else round((value + LIMIT) / (2 * LIMIT) * bar)
        full = max(0, min(bar, full))
        picture.put(at, y, "━" * full, self.style_of("attribute-line--bar"))
        picture.put(at + full, y, "─" * (bar - full), self.style_of("attribute-line--rest"))
        picture.put(at + bar + 1, y, _value(reading), self.style_of("attribute-line--value"))


def _value(reading: GaugeReading) -> str:
    return "  -" if reading.value is None else f"{reading.value:+.2f}"
