"""What a latent model of measures is: its dimensions, and what it can be asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from engine.errors import NoModel, OutOfRange, UnknownName
from engine.music.asked_tones import ANY_TONES, AskedTones
from engine.music.attributes import ATTRIBUTES, Attribute
from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import Measure
from engine.music.slot import Slot

LIMIT = 3.0
"""A gauge runs from -3 to 3 standard deviations of the prior."""

REGISTER = "lowest pitch"
"""The label of the dimension that carries the register alone, in models that have one."""

CANDIDATES = 32
"""How many neighbouring codes are decoded when a measure is played; the best is kept."""

Latent = tuple[float, ...]
"""A point of the latent space, one number per dimension, in standard deviations of the prior."""


@dataclass(frozen=True)
class Dimension:
    """One latent dimension.

    ``name`` is the word of the command line (``note_density``, ``z7``), ``label`` the word on
    the screen. ``knots`` are pairs (latent value, attribute value), rising in both, that say
    which value of its attribute a position of the gauge asks for; empty for a dimension that
    carries no attribute.
    """

    index: int
    name: str
    label: str
    knots: tuple[tuple[float, float], ...] = ()

    @property
    def attribute(self) -> Attribute | None:
        """The attribute that the dimension carries, if it carries one."""
        return ATTRIBUTES[self.index] if self.index < len(ATTRIBUTES) else None

    @property
    def transposes(self) -> bool:
        """Whether moving it does nothing but transpose."""
        return self.label == REGISTER

    def target(self, value: float) -> float | None:
        """Return the attribute value asked for at ``value``, linear between knots."""
        if not self.knots:
            return None
        at = bisect_left(self.knots, value, key=lambda knot: knot[0])
        if at == 0:
            return self.knots[0][1]
        if at == len(self.knots):
            return self.knots[-1][1]
        (x0, y0), (x1, y1) = self.knots[at - 1], self.knots[at]
        return y0 + (y1 - y0) * (value - x0) / (x1 - x0)

    def reads(self, value: float) -> float | None:
        """Return where the gauge would stand that asks for an attribute value (see `target`)."""
        if not self.knots:
            return None
        at = bisect_left(self.knots, value, key=lambda knot: knot[1])
        if at == 0:
            return self.knots[0][0]
        if at == len(self.knots):
            return self.knots[-1][0]
        (x0, y0), (x1, y1) = self.knots[at - 1], self.knots[at]
        return x0 + (x1 - x0) * (value - y0) / (y1 - y0)


@dataclass(frozen=True)
class LatentSpec:
    """The dimensions of a latent model, its name, and the digest of the weights behind it."""

    name: str
    digest: str
    dimensions: tuple[Dimension, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all dimensions, in order."""
        return tuple(dimension.name for dimension in self.dimensions)

    def dimension(self, name: str) -> Dimension:
        """Return the dimension called ``name``; raises `UnknownName` with the nearest known."""
        if name not in self.names:
            raise UnknownName("dimension", name, self.names)
        return self.dimensions[self.names.index(name)]

    @property
    def origin(self) -> Latent:
        """The mean of the prior."""
        return (0.0,) * len(self.dimensions)


def serves(grid: Grid) -> bool:
    """Return whether the model knows measures of a grid: those that it was trained on.

    It is not asked of the number of ticks: 12/8 has as many as 4/4.
    """
    return grid == FOUR_QUARTERS


def resting(grid: Grid) -> str:
    """Return why the gauges of a measure that no model serves stand still."""
    return f"No model for {grid.name}: gauges rest."


def check_grid(grid: Grid, number: int) -> None:
    """Raise `NoModel` where no model serves the grid of measure ``number`` (from 1)."""
    if not serves(grid):
        raise NoModel(
            resting(grid), f"Write, record or play measure {number}, or give it another metre."
        )


def check_served(measures: Iterable[Measure], first: int = 1) -> None:
    """Raise `NoModel` where a measure is in another metre than the model knows.

    ``first`` is the number of the first.
    """
    for number, measure in enumerate(measures, first):
        if not serves(measure.grid):
            raise NoModel(
                f"Measure {number} is in {measure.grid.name}, and the model knows "
                f"{FOUR_QUARTERS.name} alone.",
                f"Name a measure in {FOUR_QUARTERS.name}.",
            )


class LatentModel(Protocol):
    """An encoder and decoder of measures; every answer depends on the arguments alone."""

    @property
    def spec(self) -> LatentSpec:
        """The model's dimensions."""

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        """Return the posterior mean of each measure."""

    def decode(
        self,
        latents: Sequence[Latent],
        *,
        candidates: int = CANDIDATES,
        moved: Sequence[int] = (),
    ) -> list[Measure]:
        """Return the measure at each point: the best of ``candidates`` codes around it.

        What the ``moved`` dimensions ask for counts before what the others do. With
        ``candidates=1`` the point itself is decoded and nothing is chosen.
        """

    def turned(
        self,
        slot: Slot,
        latent: Latent,
        kept: KeptNotes = NOTHING,
        tones: AskedTones = ANY_TONES,
    ) -> Measure:
        """Return the measure at a point to which the gauges of a slot are turned.

        What sounds in the slot is changed as little as it takes, and what is ``kept`` not at all;
        of what comes near, notes of the ``tones`` that are asked for are chosen.
        """

    def fitted(self, measure: Measure, kept: KeptNotes, tones: AskedTones) -> Measure:
        """Return a measure with what is ``kept`` laid over it, and the ``tones`` asked for.

        It is changed as little as it takes, and not at all where nothing is asked or amiss.
        """

    def attributes(self, latents: Sequence[Latent]) -> list[tuple[float, ...]]:
        """Return the four attributes of each point's plainly decoded measure."""

    def occupancy(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, ...], ...]:
        """Count the training measures in each cell of a map over dimensions ``x`` and ``y``.

        Rows run from the top (+3) to the bottom (-3), columns from -3 to +3.
        """


def checked(value: float) -> float:
    """Return a gauge value back if it is a number from -3 to 3, else raises `OutOfRange`."""
    if not -LIMIT <= value <= LIMIT:
        raise OutOfRange(f"A latent value runs from -3 to 3, and {value} does not lie there.")
    return float(value)


DECIMALS = 4
"""Draws are rounded so that a song file stays short and the last bits of no machine matter."""


def check_dimension(spec: LatentSpec, dimension: int) -> None:
    """Raise `OutOfRange` where the model has no such dimension."""
    if not 0 <= dimension < len(spec.dimensions):
        raise OutOfRange(
            f"There is no gauge {dimension}: the model has 0 to {len(spec.dimensions) - 1}."
        )
