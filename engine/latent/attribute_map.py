"""The attribute map: any attribute over any two latent dimensions, around one measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.latent.spec import LIMIT, Latent, LatentModel
from engine.music.attributes import NAMES

AT_ONCE = 256
"""Cells that are decoded together: whole rows of them, and at least one row."""

LARGEST = 512
"""The largest width or height of a map in cells."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Attribute values over two dimensions, the rest of the code held at one measure's.

    ``values`` has a row for each of ``ys`` (from +3 down to -3), a column for each of ``xs``
    (from -3 up to +3); ``occupancy`` counts training measures in the same cells.
    """

    x: int
    y: int
    attribute: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    occupancy: tuple[tuple[int, ...], ...]


def axis(cells: int) -> tuple[float, ...]:
    """Return ``cells`` positions evenly from -3 to 3; raises `OutOfRange` below 2 or above 512."""
    if not 2 <= cells <= LARGEST:
        raise OutOfRange(f"A map has 2 to {LARGEST} cells a side, not {cells}.")
    return tuple(-LIMIT + 2 * LIMIT * cell / (cells - 1) for cell in range(cells))


def rows(
    model: LatentModel, base: Latent, x: int, y: int, width: int, height: int
) -> Iterator[list[tuple[float, ...]]]:
    """Yield the map row by row from the top: all four attributes in each cell.

    Each cell is decoded plainly from ``base`` with dimensions ``x`` and ``y`` replaced.
    """
    if x == y:
        raise OutOfRange("A map needs two different dimensions.")
    xs, ys = axis(width), tuple(reversed(axis(height)))
    several = max(1, AT_ONCE // width)
    for first in range(0, height, several):
        points = [_at(base, x, a, y, b) for b in ys[first : first + several] for a in xs]
        found = model.attributes(points)
        yield from (found[at : at + width] for at in range(0, len(found), width))


def _at(base: Latent, x: int, across: float, y: int, up: float) -> Latent:
    point = list(base)
    point[x], point[y] = across, up
    return tuple(point)


def surface(
    model: LatentModel,
    base: Latent,
    x: int,
    y: int,
    attribute: str,
    width: int,
    height: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Surface:
    """Return the map of one attribute around ``base`` (see `Surface`)."""
    which, drawn = NAMES.index(attribute), []
    for row in rows(model, base, x, y, width, height):
        drawn.append(tuple(cell[which] for cell in row))
        on_progress(len(drawn) / height)
    return Surface(
        x,
        y,
        attribute,
        axis(width),
        tuple(reversed(axis(height))),
        tuple(drawn),
        model.occupancy(x, y, width, height),
    )
