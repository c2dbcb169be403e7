"""Scales and keys as data: which pitches belong to a key, and which of them is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.errors import OutOfRange
from engine.music.measure import HIGHEST, LOWEST

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    # The ascending form, which is the one that is not the natural minor.
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "chromatic": tuple(range(12)),
}
"""The semitones of each scale above its tonic."""

ALIASES = {"minor": "natural minor", "aeolian": "natural minor", "ionian": "major"}

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""What each tonic is called, from C on."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True, slots=True)
class Key:
    """A scale on a ``tonic`` (0-11, from C); raises `OutOfRange` for any other."""

    tonic: int = 0
    scale: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise OutOfRange(f"A tonic lies from 0 (C) to 11 (B); {self.tonic} does not.")
        if self.scale not in SCALES:
            raise OutOfRange(f"There is no scale {self.scale[:40]!r}.", _KNOWN)

    @property
    def name(self) -> str:
        """What it is called: ``D dorian``."""
        return f"{TONICS[self.tonic]} {self.scale}"

    def holds(self, pitch: int) -> bool:
        """Return whether a pitch (a MIDI number) belongs to the key."""
        return (pitch - self.tonic) % 12 in SCALES[self.scale]

    def degree(self, pitch: int) -> int | None:
        """Return the degree of a pitch, from 1; None where the key does not hold it."""
        above = (pitch - self.tonic) % 12
        scale = SCALES[self.scale]
        return scale.index(above) + 1 if above in scale else None

    def nearest(self, pitch: int) -> int:
        """Return the nearest pitch of the key from 55 to 84.

        Of two that are equally near it is the lower one. What is foreign to a key mostly leads
        up to the note after it, and raised it would strike that note twice.
        """
        return _nearest(self, pitch)

    def closest(self, pitch: int) -> int:
        """Return the nearest pitch of the key in the whole range of MIDI, of two the lower."""
        every = (each for each in range(128) if self.holds(each))
        return min(every, key=lambda each: (abs(each - pitch), each))


C_MAJOR = Key()


@lru_cache(maxsize=4096)
def _nearest(key: Key, pitch: int) -> int:
    # No scale has a gap over four semitones, so there is always one in the range.
    inside = (each for each in range(LOWEST, HIGHEST + 1) if key.holds(each))
    return min(inside, key=lambda each: (abs(each - pitch), each))


_KNOWN = f"Known: {', '.join(SCALES)}."


def key_of(text: str) -> Key:
    """Read a key from text: ``D dorian``, ``f# minor``, ``Bb``; raises `OutOfRange`."""
    first, _, rest = text.strip().partition(" ")
    letter, accidental = first[:1].upper(), first[1:]
    if letter not in _LETTERS or accidental not in _ACCIDENTALS:
        raise OutOfRange(
            f"{text[:40]!r} does not begin with a tonic.", "Write for example D dorian or F# minor."
        )
    scale = " ".join(rest.casefold().split()) or "major"
    tonic = (_LETTERS[letter] + _ACCIDENTALS[accidental]) % 12
    return Key(tonic, ALIASES.get(scale, scale))
