"""Commands that edit the chord track of the song."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.protocol.base import SOUND, WHOLE, Edit, TrackEdit, measures


@dataclass(frozen=True, slots=True)
class ChordEdit(Edit):
    """Edits chords from a slot on."""

    slot: int

    def parts(self) -> tuple[range, ...]:
        """Return the key, by which degrees are read, and the slots from there on."""
        return SOUND, measures(self.slot, None)


@dataclass(frozen=True, slots=True)
class WriteChords(ChordEdit):
    """Sets what is typed at a place of a slot: a chord, or a chart of several measures.

    ``place`` is in quarter notes into the measure; see `engine.music.chord_track.written`. A
    chart takes the place of all chords of the measures that it names, one chord of that one.
    """

    place: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class RemoveChord(ChordEdit):
    """Takes away the chord that begins at a place, so that the one before it lasts on."""

    place: Fraction


@dataclass(frozen=True, slots=True)
class ClearChords(ChordEdit):
    """Takes away all chords that begin in ``count`` measures (None: to the end)."""

    count: int | None = 1


@dataclass(frozen=True, slots=True)
class FillChords(TrackEdit):
    """Puts the likeliest chords under a track's melody, where no chord begins in a measure.

    It fills ``count`` measures from ``first`` on (None: to the end). ``anew`` takes the place of
    the chords that are there.
    """

    first: int = 0
    count: int | None = None
    anew: bool = False

    def parts(self) -> tuple[range, ...]:
        """Return all parts: all measures are read."""
        return (WHOLE,)
