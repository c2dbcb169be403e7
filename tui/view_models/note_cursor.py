"""The cursor on the grid of notes: where it stands, how far it steps, and what is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.music.measure import HIGHEST, LOWEST, Measure, Note
from engine.music.note_edits import Span, at
from engine.music.placed_notes import PlacedNote, placed
from engine.music.track import Track

STEPS: tuple[tuple[Fraction, str], ...] = (
    (Fraction(4), "whole"),
    (Fraction(2), "half"),
    (Fraction(1), "quarter"),
    (Fraction(1, 2), "eighth"),
    (Fraction(1, 4), "sixteenth"),
    (Fraction(2, 3), "quarter triplet"),
    (Fraction(1, 3), "eighth triplet"),
    (Fraction(3, 2), "dotted quarter"),
    (Fraction(1, 8), "thirty-second"),
)
"""The steps that can be chosen, in quarter notes, and what they are called."""

_LEAST = Fraction(1, 1000)


@dataclass(slots=True)
class NoteCursor:
    """A place in the selected measure, in quarter notes from its start, and a pitch.

    ``step`` is how far a key goes, and how long a new note lasts. A selection reaches from
    ``anchor`` to the step under the cursor.
    """

    place: Fraction = Fraction(0)
    pitch: int = 67
    step: Fraction = Fraction(1, 2)
    anchor: Fraction | None = None

    @property
    def step_name(self) -> str:
        """What the step is called."""
        return next(name for length, name in STEPS if length == self.step)

    @property
    def selection(self) -> Span | None:
        """The time that is selected, if any is."""
        if self.anchor is None:
            return None
        return Span(min(self.anchor, self.place), max(self.anchor, self.place) + self.step)

    def move(self, by: Fraction, length: Fraction, before: Fraction | None, more: bool) -> int:
        """Move in time, and return by how many measures the selected one changes: -1, 0 or 1.

        ``length`` is that of the selected measure, ``before`` that of the one before it (None:
        there is none), and ``more`` says whether one follows. A selection stays in its measure.
        """
        to = self.place + by
        if 0 <= to < length:
            self.place = to
            return 0
        if to < 0 and before is not None and self.anchor is None:
            self.place = max(Fraction(0), before + to)
            return -1
        if to >= length and more and self.anchor is None:
            self.place = to - length
            return 1
        if to < 0:
            self.place = Fraction(0)
        return 0

    def stay(self, length: Fraction) -> None:
        """Stay in a measure that has become another, ``length`` quarter notes long."""
        if self.place >= length:
            last = max(Fraction(0), length - self.step)
            self.place = last - last % self.step
        if self.anchor is not None and self.anchor >= length:
            self.anchor = self.place

    def turn(self, by: int) -> None:
        """Move in pitch, as far as there are pitches."""
        self.pitch = max(LOWEST, min(HIGHEST, self.pitch + by))

    def set_step(self, number: int) -> None:
        """Choose one of `STEPS`, and stand on its grid."""
        self.step = STEPS[number][0]
        self.place -= self.place % self.step

    def span(self, notes: Sequence[PlacedNote]) -> Span:
        """Return what an edit is about: the selection, or the note that sounds at the cursor."""
        if (chosen := self.selection) is not None:
            return chosen
        note = at(notes, self.place)
        if note is None:
            return Span(self.place, self.place + self.step)
        return Span(note.onset, note.onset + _LEAST)


def notes_around(track: Track, slot: int) -> tuple[PlacedNote, ...]:
    """Return the notes of a measure and its neighbours, from the start of the measure itself."""
    first, last = max(0, slot - 1), min(len(track.slots), slot + 2)
    slots = track.slots[first:last]
    start = sum((each.measure.grid.length for each in track.slots[first:slot]), Fraction(0))
    notes = placed([each.measure for each in slots], [each.touches for each in slots])
    return tuple(note.moved(-start) for note in notes)


def sample(pitch: int) -> Measure:
    """Return a measure in which a pitch sounds for a quarter note, to be heard by itself."""
    return Measure.from_notes([Note(Fraction(0), Fraction(1), pitch)])
