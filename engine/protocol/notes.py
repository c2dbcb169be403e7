"""Commands that edit the notes of measures themselves.

Places are quarter notes from the start of the measure in ``slot``, and may lie in measures before
and after it. A span holds the notes that start from ``start`` on and before ``end``. Notes come to
lie on the nearest place of the grid; where one comes to lie over another, that one is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from engine.music.placed_notes import PlacedNote
from engine.protocol.base import SlotEdit, measures


@dataclass(frozen=True, slots=True)
class NoteEdit(SlotEdit):
    """Edits notes, which may reach over the bar lines of their measure."""

    auditioned: ClassVar[bool] = True
    of_melody: ClassVar[bool] = True

    def parts(self) -> tuple[range, ...]:
        """Return all measures: it may reach into others."""
        return (measures(0, None),)


@dataclass(frozen=True, slots=True)
class SpanEdit(NoteEdit):
    """Edits the notes that start in a span."""

    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class PutNote(NoteEdit):
    """Adds a note, ``velocity`` 1 to 127 (None: that of the track)."""

    onset: Fraction
    duration: Fraction
    pitch: int
    velocity: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class PasteNotes(NoteEdit):
    """Adds notes, their onsets counted from ``onset``."""

    onset: Fraction
    notes: tuple[PlacedNote, ...]


@dataclass(frozen=True, slots=True)
class RemoveNotes(SpanEdit):
    """Removes the notes of a span."""


@dataclass(frozen=True, slots=True)
class MoveNotes(SpanEdit):
    """Moves the notes of a span in time, by quarter notes."""

    by: Fraction
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class TransposeNotes(SpanEdit):
    """Transposes the notes of a span by semitones, or by ``degrees`` of the song's key."""

    semitones: int = 0
    degrees: int = 0
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class ResizeNotes(SpanEdit):
    """Makes the notes of a span longer by quarter notes, or shorter down to a sixteenth.

    On a fine grid they are shortened down to a thirty-second.

    One that grows reaches to the next note at most, and may go on over the bar line.
    """

    by: Fraction
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SplitNote(NoteEdit):
    """Strikes the note that sounds at a place again there."""

    place: Fraction


@dataclass(frozen=True, slots=True)
class JoinNotes(SpanEdit):
    """Makes one note of those of a span; a single one is joined with the next."""


@dataclass(frozen=True, slots=True)
class InvertNotes(SpanEdit):
    """Turns the notes of a span upside down, about the first of them."""


@dataclass(frozen=True, slots=True)
class ReverseNotes(SpanEdit):
    """Turns the notes of a span back to front."""


@dataclass(frozen=True, slots=True)
class StretchNotes(SpanEdit):
    """Makes the notes of a span ``factor`` times as long, from the first onset on (1/4 to 4)."""

    factor: Fraction


@dataclass(frozen=True, slots=True)
class NudgeVelocity(SpanEdit):
    """Makes the notes of a span louder by a number of velocity, as far as it goes."""

    by: int
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class ToggleNoteLocks(SlotEdit):
    """Locks the notes that start in a span of the measure; unlocks them where all are locked."""

    edits_measures: ClassVar[bool] = False

    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class LockNotes(SlotEdit):
    """Locks the notes that start at these ticks of the measure, or unlocks them.

    Whatever is done to the measure, a locked note keeps its place, pitch and length.
    """

    edits_measures: ClassVar[bool] = False

    ticks: tuple[int, ...]
    locked: bool


@dataclass(frozen=True, slots=True)
class ToggleMeasureLock(SlotEdit):
    """Locks the measure, or unlocks it."""

    edits_measures: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LockMeasure(SlotEdit):
    """Holds the measure against every change, or lets it go."""

    edits_measures: ClassVar[bool] = False

    locked: bool
