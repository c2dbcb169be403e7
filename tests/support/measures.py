"""Measures written as tests want to read them."""

from __future__ import annotations

from fractions import Fraction

from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HOLD, REST, Measure, Note

LETTERS = {"-": HOLD, ".": REST, "C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69}
"""What a letter means to `measure`."""


def measure(text: str) -> Measure:
    """Read a measure of equal steps: a letter starts a note, ``-`` holds, ``.`` rests.

    "CDEF" are quarter notes, "CDEFGFED" eighths, "C--." is a dotted half note and a rest.
    """
    ticks = FOUR_QUARTERS.ticks
    tokens = [HOLD] * ticks
    tokens[:: ticks // len(text)] = [LETTERS[letter] for letter in text]
    return Measure.from_tokens(tokens)


def quarters(*pitches: int) -> Measure:
    """Return a measure of up to four quarter notes, with rests after them."""
    tokens = [HOLD] * 24
    tokens[::6] = [*pitches, *[REST] * (4 - len(pitches))]
    return Measure.from_tokens(tokens)


def eighths(*pitches: int) -> Measure:
    """Return a measure of eighths, with a rest after them."""
    return Measure.from_notes(
        [Note(Fraction(at, 2), Fraction(1, 2), pitch) for at, pitch in enumerate(pitches)]
    )
