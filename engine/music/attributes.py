"""The attributes of a measure that the first latent dimensions carry.

The definitions are those of Bryan-Kinns et al. 2021 (arXiv 2308.05496), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import UnknownName
from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.measure import REST, Measure

RANGE_SCALE = 26
"""The range in semitones that counts as 1."""


def rhythmic_complexity(measure: Measure) -> float:
    """Return the share of the grid's metrical weight that its onsets stand on, 0 to 1."""
    weights = measure.grid.weights
    sounding = sum(w for w, token in zip(weights, measure.tokens, strict=True) if token > REST)
    return sounding / sum(weights)


def note_range(measure: Measure) -> float:
    """Return highest minus lowest pitch over 26 semitones, 0 with fewer than two notes."""
    pitches = measure.pitches
    return (max(pitches) - min(pitches)) / RANGE_SCALE if len(pitches) > 1 else 0.0


def note_density(measure: Measure) -> float:
    """Return the share of ticks at which a note starts, 0 to 1."""
    return len(measure.pitches) / measure.grid.ticks


def average_interval_jump(measure: Measure) -> float:
    """Return the mean size of the steps between successive notes in semitones, 0 without any."""
    jumps = [abs(b - a) for a, b in pairwise(measure.pitches)]
    return sum(jumps) / len(jumps) if jumps else 0.0


@dataclass(frozen=True)
class Attribute:
    """An attribute of a measure: its name, a short label, how to compute and how to say it."""

    name: str
    label: str
    of: Callable[[Measure], float]
    words: Callable[[float, Grid], str]

    def say(self, value: float, grid: Grid = FOUR_QUARTERS) -> str:
        """Return a value in words, as it is in measures of a grid."""
        return self.words(value, grid)


ATTRIBUTES = (
    Attribute("rhythmic_complexity", "complexity", rhythmic_complexity, lambda v, _: f"{v:.2f}"),
    Attribute("note_range", "range", note_range, lambda v, _: f"{v * RANGE_SCALE:.0f} semitones"),
    Attribute("note_density", "density", note_density, lambda v, g: f"{v * g.ticks:.0f} notes"),
    Attribute(
        "average_interval_jump", "jump", average_interval_jump, lambda v, _: f"{v:.1f} semitones"
    ),
)
"""The four attributes, in the order of the latent dimensions that carry them."""

NAMES = tuple(attribute.name for attribute in ATTRIBUTES)


def attribute(name: str) -> Attribute:
    """Return the attribute called ``name``; raises `UnknownName` with the nearest known one."""
    for found in ATTRIBUTES:
        if found.name == name:
            return found
    raise UnknownName("attribute", name, NAMES)


def attributes(measure: Measure) -> dict[str, float]:
    """Return all four attributes of a measure by name."""
    return {a.name: a.of(measure) for a in ATTRIBUTES}
