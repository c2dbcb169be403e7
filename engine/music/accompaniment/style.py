"""How a track accompanies: a style by name, and four gauges of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import OutOfRange
from engine.music.accompaniment.drum_figures import DRUM_FIGURES
from engine.music.grid import QUARTER, Grid

STYLES: dict[str, tuple[str, ...]] = {
    "bass": ("root-fifth", "walking", "octaves", "long", "pulse", "push"),
    "chords": ("block", "off-beat", "arpeggio", "rolling", "alberti", "stride", "strum", "pad"),
    "drums": tuple(DRUM_FIGURES),
}
"""The styles of each kind of track that can accompany."""

ANY_METRE = {"octaves", "long", "pulse", "arpeggio", "rolling", "alberti", "pad"}
"""The styles that go in eighths, or strike each chord once: others are of quarters."""


def knows(style: str, grid: Grid) -> bool:
    """Return whether a style plays measures of a grid; in those that it does not know it rests."""
    return grid.beat == QUARTER or style in ANY_METRE


RuleGauge = Literal["density", "complexity", "register", "swing"]
RULE_GAUGES: tuple[RuleGauge, ...] = get_args(RuleGauge)

GAUGE_WORDS: dict[str, tuple[str, str, str]] = {
    "density": ("sparse", "as the style is", "dense"),
    "complexity": ("plain", "as the style is", "rich"),
    "register": ("low", "middle", "high"),
    "swing": ("straight", "half swung", "triplets"),
}
"""What 0, the middle and 1 of each gauge mean."""


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """A rule that plays the empty measures of a track: the name of its style, and gauges 0 to 1.

    ``density`` is how much of the style is struck, ``complexity`` how far it goes beyond roots,
    triads and a plain beat, ``register`` how high it lies (0.5: as the style has it, an octave
    each way), ``swing`` how late the second eighth of each quarter comes, up to a triplet.
    Raises `OutOfRange` for anything else.
    """

    style: str
    density: float = 0.5
    complexity: float = 0.5
    register: float = 0.5
    swing: float = 0.0

    def __post_init__(self) -> None:
        if not any(self.style in styles for styles in STYLES.values()):
            raise OutOfRange(f"There is no style of accompaniment {self.style[:40]!r}.")
        for name in RULE_GAUGES:
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise OutOfRange(f"The {name} of an accompaniment lies from 0 to 1, not {value}.")

    @property
    def higher(self) -> int:
        """By how many semitones it lies higher than its style."""
        return round((self.register - 0.5) * 24)


def gauge_word(name: str, value: float) -> str:
    """Return what a gauge of an accompaniment means where it stands."""
    low, middle, high = GAUGE_WORDS[name]
    return low if value < 0.34 else high if value > 0.66 else middle
