"""What a map's cells say, read from a surface: levels, counts and words, no widget."""

from __future__ import annotations

from math import log1p

from engine.latent.attribute_map import Surface
from engine.latent.attribute_map_text import MapScale, nearest, scale
from engine.latent.spec import LatentSpec
from engine.music.attributes import ATTRIBUTES, attribute
from engine.music.measure import Measure


class MapCells:
    """Reads a surface, whole or filled from the top as far as it has rows.

    With ``density`` the levels are those of the training measures in each cell (on a
    logarithmic scale, for most lie in the middle) and not those of the attribute.
    """

    def __init__(self, surface: Surface, spec: LatentSpec | None, density: bool = False) -> None:
        self.surface = surface
        self.about = attribute(surface.attribute)
        self.labels = (_label(surface.x, spec), _label(surface.y, spec))
        self.density = density
        self.most = max((max(row, default=0) for row in surface.occupancy), default=0)
        self.scale = scale(surface.values)
        self._counts = MapScale(log1p(1), log1p(self.most))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the whole surface."""
        return len(self.surface.xs), len(self.surface.ys)

    @property
    def filled(self) -> int:
        """How many rows are there."""
        return len(self.surface.values)

    def count(self, row: int, column: int) -> int | None:
        """Return how many training measures lie in a cell; None where it is not known."""
        rows = self.surface.occupancy
        return rows[row][column] if row < len(rows) else None

    def level(self, row: int, column: int) -> int | None:
        """Return a cell's level, 0 to 9; None where it is not filled or holds nothing."""
        if self.density:
            count = self.count(row, column)
            return self._counts.level(log1p(count)) if count else None
        return self.scale.level(self.surface.values[row][column]) if row < self.filled else None

    def name(self) -> str:
        """Describe what the levels are of."""
        return "training data" if self.density else self.about.label

    def ends(self) -> tuple[str, str]:
        """Describe what the lowest and the highest level mean."""
        return ("1", f"{self.most} measures") if self.density else self.scale.ends(self.about)

    def words(self, x: float, y: float, own: Measure | None = None) -> tuple[str, ...]:
        """Describe what is at a point in latent units, the longest text first.

        ``own`` is the measure that stands there: what it has comes before what the map says.
        """
        (columns, rows), (across, up) = self.size, self.labels
        column, row = nearest(x, columns), rows - 1 - nearest(y, rows)
        text, data = "not measured yet", ""
        if row < self.filled:
            text = self.about.say(self.surface.values[row][column])
        if own is not None:
            has = self.about.say(self.about.of(own))
            text = has if text in (has, "not measured yet") else f"{has} (map {text.split(' ')[0]})"
        count = self.count(row, column)
        if count is not None:
            data = f", {count or 'no'} training measure{'' if count == 1 else 's'}"
        return (
            f"{across} {x:+.2f}, {up} {y:+.2f}: {text}{data}",
            f"→{x:+.2f} ↑{y:+.2f}: {text}{data}",
            f"{across} {x:+.1f}, {up} {y:+.1f}: {text}",
            f"→{x:+.1f} ↑{y:+.1f}: {text}",
            f"{x:+.1f} {y:+.1f} {text}",
        )


def _label(dimension: int, spec: LatentSpec | None) -> str:
    if spec is not None:
        return spec.dimensions[dimension].label
    return ATTRIBUTES[dimension].label if dimension < len(ATTRIBUTES) else f"z{dimension}"
