"""Commands that edit the patterns of measures: drums and chords, several notes at once.

Places are quarter notes from the start of the measure. A measure that holds a melody becomes a
pattern with its first such edit.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from engine.music.pattern import Hit, Pattern
from engine.music.slot import Origin
from engine.protocol.base import SlotEdit, measures


@dataclass(frozen=True, slots=True)
class PatternEdit(SlotEdit):
    """Edits the pattern of one measure."""

    auditioned: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PutHits(PatternEdit):
    """Adds notes, their onsets counted from ``onset``; of two on one place the new one stands."""

    onset: Fraction
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class RemoveHits(PatternEdit):
    """Removes the notes from ``start`` on and before ``end``, of one pitch or (None) of all."""

    start: Fraction
    end: Fraction
    pitch: int | None = None


@dataclass(frozen=True, slots=True)
class NudgeHits(PatternEdit):
    """Makes such notes louder by a number of velocity, 1 to 127 at most."""

    start: Fraction
    end: Fraction
    by: int
    pitch: int | None = None
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.slot, self.start, self.end, self.pitch


@dataclass(frozen=True, slots=True)
class LoadPatterns(SlotEdit):
    """Puts patterns into slots from ``slot`` on, adding slots where needed.

    All that one pass of recording puts in has one ``gesture``.
    """

    auditioned: ClassVar[bool] = True

    patterns: tuple[Pattern, ...]
    origins: tuple[Origin, ...]
    gesture: int = 0

    def parts(self) -> tuple[range, ...]:
        """Return the slots that it fills."""
        return (measures(self.slot, len(self.patterns)),)
