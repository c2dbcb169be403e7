"""Notes as a file has them, and an account of what is changed to make them fit a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

from engine.music.measure import HIGHEST, LOWEST

Voice = Literal["top", "inner", "bass"]
VOICES: tuple[Voice, ...] = get_args(Voice)
"""The lines that are made of notes that sound at once: the highest, the lowest, and the highest of
what lies between them."""

_LEFT_OUT: dict[Voice, str] = {
    "top": "below the highest line",
    "inner": "beside the highest inner line",
    "bass": "above the lowest line",
}


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note as the file has it: ``start`` and ``end`` in quarter notes, its pitch and channel."""

    start: Fraction
    end: Fraction
    pitch: int
    channel: int


@dataclass
class Account:
    """What was changed to make notes fit, counted; `sentences` says it."""

    onsets: int = 0
    onset_most: float = 0.0
    ends: int = 0
    end_most: float = 0.0
    folded: int = 0
    crowded: int = 0
    below: int = 0
    voice: Voice = "top"
    cut: int = 0
    others: list[str] = field(default_factory=list)

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence for each kind of change that was made."""
        told = (
            (
                self.onsets,
                "{} moved to the grid, at most by " + _quarters(self.onset_most),
                "onset",
            ),
            (self.ends, "{} moved to the grid, at most by " + _quarters(self.end_most), "note end"),
            (self.folded, "{} moved by octaves into the range from G3 to C6", "note"),
            (self.below, "{} left out " + _LEFT_OUT[self.voice], "note"),
            (self.crowded, "{} left out where two fall on one place of the grid", "note"),
            (self.cut, "{} cut where the next one starts", "note"),
        )
        return (
            *self.others,
            *(text.format(count(number, noun)) + "." for number, text, noun in told if number),
        )


def voices_of(notes: Sequence[ScoreNote]) -> tuple[Voice, ...]:
    """Return the lines that notes, in the order of their starts, can be read as.

    A line is offered where a tenth of the notes sound with another one, or with two others.
    """
    ends: list[Fraction] = []
    two = three = 0
    for note in notes:
        # What reaches into the next note by less than half of it is legato, no chord.
        middle = (note.start + note.end) / 2
        ends = [end for end in ends if end > middle]
        two += len(ends) > 0
        three += len(ends) > 1
        ends.append(note.end)
    if 10 * two < len(notes) or not notes:
        return ("top",)
    return VOICES if 10 * three >= len(notes) else ("top", "bass")


def folded(pitch: int, account: Account) -> int:
    """Return the pitch moved by octaves into the range of a measure, and counts it if it moved."""
    if LOWEST <= pitch <= HIGHEST:
        return pitch
    account.folded += 1
    if pitch < LOWEST:
        return pitch + 12 * -(-(LOWEST - pitch) // 12)
    return pitch - 12 * -(-(pitch - HIGHEST) // 12)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _quarters(distance: float) -> str:
    shown = f"{distance:.2f}" if distance >= 0.01 else "less than 0.01"
    return f"{shown} quarter notes"
