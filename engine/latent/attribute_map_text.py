"""The attribute map as text: levels, digits and shades that read without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.latent.attribute_map import Surface
from engine.latent.spec import LIMIT, LatentSpec
from engine.music.attributes import Attribute, attribute

LEVELS = 10
"""How many levels a map tells apart."""

DIGITS = "0123456789"
SHADES = " .:-=+*#%@"
NOTHING = "·"
"""The mark of a cell with nothing to count."""

HERE = "◆"
"""The mark of the measure at hand."""

Glyphs = Literal["digits", "shades"]
GLYPHS: dict[Glyphs, str] = {"digits": DIGITS, "shades": SHADES}


@dataclass(frozen=True, slots=True)
class MapScale:
    """The span of values that ten levels share out; ``low`` equals ``high`` on a flat map."""

    low: float
    high: float

    def level(self, value: float) -> int:
        """Return the level of a value, 0 (``low``) to 9 (``high``)."""
        if self.high <= self.low:
            return 0
        share = (value - self.low) / (self.high - self.low)
        # Before it is an integer: over a span that is all but nothing the share may be infinite.
        return int(max(0.0, min(LEVELS - 1.0, share * LEVELS)))

    def ends(self, attribute: Attribute) -> tuple[str, str]:
        """Describe the lowest and the highest value in the attribute's own words."""
        return attribute.say(self.low), attribute.say(self.high)

    def legend(self, attribute: Attribute, glyphs: str) -> str:
        """Describe what the glyphs mean: "0 notes 0123456789 18 notes"."""
        low, high = self.ends(attribute)
        if low == high:
            return f"{glyphs[0]} is {low} everywhere"
        return f"{low} [{glyphs}] {high}" if " " in glyphs else f"{low} {glyphs} {high}"


def scale(rows: Iterable[Sequence[float]]) -> MapScale:
    """Return the span of the values in ``rows``; nought to nought where there are none."""
    values = [value for row in rows for value in row]
    return MapScale(min(values), max(values)) if values else MapScale(0.0, 0.0)


def nearest(value: float, cells: int) -> int:
    """Return the cell, 0 to ``cells`` - 1, nearest to a latent value on an axis from -3 to 3."""
    if cells < 2:
        return 0
    return max(0, min(cells - 1, round((value + LIMIT) / (2 * LIMIT) * (cells - 1))))


def value_at(cell: float, cells: int) -> float:
    """Return the latent value, -3 to 3, at the middle of a cell."""
    return -LIMIT + 2 * LIMIT * cell / (cells - 1) if cells > 1 else 0.0


def resample(cell: int, cells: int, known: int) -> int:
    """Return which of ``known`` values spread over the same axis stands nearest to a cell."""
    if cells < 2 or known < 2:
        return 0
    return int(cell * (known - 1) / (cells - 1) + 0.5)


def render(
    surface: Surface,
    spec: LatentSpec,
    here: tuple[float, float] | None = None,
    glyphs: Glyphs = "digits",
) -> str:
    """Draw a whole map as lines of text, a character for each cell.

    ``here`` is the point, in latent units, of the measure that the map was drawn around.
    """
    about = attribute(surface.attribute)
    across, up = spec.dimensions[surface.x], spec.dimensions[surface.y]
    found = scale(surface.values)
    width, height = len(surface.xs), len(surface.ys)
    cells = [[GLYPHS[glyphs][found.level(value)] for value in row] for row in surface.values]
    if here is not None:
        row = height - 1 - nearest(here[1], height)
        if row < len(cells):
            cells[row][nearest(here[0], width)] = HERE
    lines = [f"{about.label}: {found.legend(about, GLYPHS[glyphs])}", f"↑ {up.label}"]
    marks = ticks(height)
    for index in range(height):
        drawn = "".join(cells[index]) if index < len(cells) else ""
        lines.append(f"{marks.get(index, ''):>2} │{drawn:{width}}│")
    lines.append(f"   └{'─' * width}┘")
    lines.append(f"    {axis_line(width, f'{across.label} →')}".rstrip())
    if here is not None:
        lines.append(
            f"{HERE} the measure: {across.label} {here[0]:+.2f}, {up.label} {here[1]:+.2f}"
        )
    return "\n".join(lines)


def ticks(height: int) -> dict[int, str]:
    """Return the rows that bear a number, from the top: both ends, and 0 where a row has it."""
    middle = {height // 2: " 0"} if height % 2 and height > 2 else {}
    return {0: "+3", height - 1: "-3", **middle}


def axis_line(width: int, caption: str) -> str:
    """Return a line ``width`` wide with -3 and +3 at its ends and a caption between them."""
    if width < 6:
        return "-3"[:width].ljust(width)
    room = width - 6
    if len(caption) > room:
        caption = caption[:room]
    return f"-3 {caption.center(room)} +3"
