"""How the measures of a line are heard, each by itself; all tracks of a song share it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.music.chord_lock import ChordLock
from engine.music.scales import Key


@dataclass(frozen=True, slots=True)
class MeasureSetting:
    """How a measure of a line is heard: as that of which slot, in which key, at which tempo."""

    slot: int
    key: Key | ChordLock | None
    tempo: float


class LineSettings:
    """The settings of the measures of a line, and what of them is heard in any tempo."""

    __slots__ = ("measures", "shape")

    def __init__(self, measures: Iterable[MeasureSetting]) -> None:
        self.measures = tuple(measures)
        # A tempo moves notes less than can be heard, and is no reason to send them again.
        self.shape: tuple[object, ...] = tuple([(each.slot, each.key) for each in self.measures])

    def like(self, other: LineSettings) -> LineSettings:
        """Return the ``other`` where they are the same, so that lines need not be compared."""
        if self.measures == other.measures:
            return other
        if self.shape == other.shape:
            self.shape = other.shape
        return self
