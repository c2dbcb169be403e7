"""What moves what: the slopes of four attributes over the dimensions on show."""

from __future__ import annotations

from rich.style import Style

from engine.latent.attribute_map_text import LEVELS
from engine.latent.sensitivity import Sensitivity
from engine.latent.spec import LatentSpec
from engine.music.attributes import ATTRIBUTES
from tui.formatting.heat_ramp import blends, ramp
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

STRONG = 1.5
"""The slope at which a cell has its fullest shade."""

STILL = 0.05
"""A slope below this is shown as none."""

UNEVEN = 0.5
"""The share of its slope from which a spread is marked: one step is then not like another."""

NARROWEST, WIDE, WIDEST = 3, 6, 12
"""Columns of a cell; from `WIDE` on it holds a number with one place, else tenths."""


def slope_text(slope: float, spread: float, wide: bool) -> str:
    """Write a slope: ``+0.9``, or ``+9`` in tenths; ``~`` marks an uneven one, ``·`` none."""
    mark = "~" if spread > max(STILL, UNEVEN * abs(slope)) else " "
    if abs(slope) < STILL:
        return f"·{mark}"
    if wide:
        return f"{slope:+.1f}{mark}"
    return f"{'+' if slope > 0 else '-'}{min(9, round(abs(slope) * 10))}{mark}"


class SensitivityTable(Canvas):
    """Shows how much each attribute changes for one step of each dimension."""

    BINDING_GROUP_TITLE = "What moves what"
    HELP = """\
A row for each gauge, a column for each attribute. The number says by how many of its usual
spreads the attribute rises (+) or falls (-) when the gauge goes one step up from here. `~`
marks an uneven slope, where one step does not do what the next does, `·` no change.
"""
    DEFAULT_CSS = """
    SensitivityTable {
        height: 1fr; min-height: 4; width: 1fr; min-width: 24;
        & > .sensitivity-table--none { background: $surface; }
        & > .sensitivity-table--rising { background: $warning; }
        & > .sensitivity-table--falling { background: $primary; }
        & > .sensitivity-table--label { color: $foreground; }
        & > .sensitivity-table--focused { color: $focus; text-style: bold; }
        & > .sensitivity-table--help { color: $text-quiet; }
    }
    """

    sensitivity: Sensitivity | None = None
    focused: int | None = None
    stale = False
    _labels: tuple[str, ...] = ()
    _rests = False

    def show(
        self,
        sensitivity: Sensitivity | None,
        spec: LatentSpec | None,
        *,
        focused: int | None = None,
        stale: bool = False,
        rests: bool = False,
    ) -> None:
        """Show slopes, with the row of the gauge in focus marked.

        Where there are none they are being measured, unless the gauge ``rests``.
        """
        labels: tuple[str, ...] = ()
        if sensitivity is not None and spec is not None:
            labels = tuple(spec.dimensions[d].label for d in sensitivity.dimensions)
        before = (self.sensitivity, self._labels, self.focused, self.stale, self._rests)
        if before != (sensitivity, labels, focused, stale, rests):
            self.sensitivity, self._labels = sensitivity, labels
            self.focused, self.stale, self._rests = focused, stale, rests
            self.redraw()

    def plain(self) -> str:
        """Describe what the gauge in focus moves, or the first one shown."""
        found = self.sensitivity
        if found is None or not self._labels:
            return f"What moves what: {'gauges rest' if self._rests else 'measuring'}."
        at = found.dimensions.index(self.focused) if self.focused in found.dimensions else 0
        parts = [
            f"{attribute.label} {found.slopes[which][at]:+.1f}"
            for which, attribute in enumerate(ATTRIBUTES)
        ]
        return f"What moves what: one step of {self._labels[at]} moves {', '.join(parts)}."

    def paint(self, picture: Picture) -> None:
        """Draw the table, and under it how to read it."""
        note, label, focused = (
            self.style_of(f"sensitivity-table--{each}") for each in ("help", "label", "focused")
        )
        found = self.sensitivity
        if found is None or not self._labels:
            why = "gauges rest" if self._rests else "measuring …"
            picture.put(0, 0, fitting(picture.width, f"What moves what: {why}"), note)
            return
        longest = max(map(len, self._labels))
        room = picture.width - min(longest, 14) - 2
        cell = max(NARROWEST, min(WIDEST, room // len(ATTRIBUTES)))
        wide = cell >= WIDE
        left = max(2, min(longest + 2, picture.width - cell * len(ATTRIBUTES)))
        for which, attribute in enumerate(ATTRIBUTES):
            name = fitting(cell - 1, attribute.label, attribute.label[: cell - 1])
            picture.put(left + which * cell, 0, name.rjust(cell - 1), note)
        rows = min(len(self._labels), picture.height - 2)
        for row in range(rows):
            chosen = found.dimensions[row] == self.focused
            name = ("▸" if chosen else " ") + fitting(left - 2, self._labels[row])
            picture.put(0, row + 1, name, focused if chosen else label)
            for which in range(len(ATTRIBUTES)):
                slope, spread = found.slopes[which][row], found.spreads[which][row]
                text = slope_text(slope, spread, wide)
                picture.put(left + which * cell, row + 1, text.rjust(cell - 1), self._shade(slope))
        state = "as it was before · " if self.stale else ""
        picture.put(
            0,
            rows + 1,
            fitting(
                picture.width,
                f"{state}one step up moves it by so many of its usual spreads; ~ unevenly, · not",
                f"{state}usual spreads per step; ~ uneven, · none",
                f"{state}spreads a step; ~ uneven" if wide else f"{state}tenths; ~ uneven",
                "~ uneven, · none",
            ),
            note,
        )

    def _shade(self, slope: float) -> Style:
        if not blends(self.app):
            strong = abs(slope) >= STRONG / 2
            return self.rich_style + Style(bold=strong)
        none = self.style_of("sensitivity-table--none")
        end = self.style_of(f"sensitivity-table--{'rising' if slope > 0 else 'falling'}")
        return ramp(none, end)[min(LEVELS - 1, int(abs(slope) / STRONG * LEVELS))]
