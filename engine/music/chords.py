"""Chord symbols: read, written, and the pitch classes that they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import OutOfRange
from engine.music.scales import SCALES, TONICS, Key

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "mmaj7": (0, 3, 7, 11),
    "7sus4": (0, 5, 7, 10),
    "add9": (0, 4, 7, 2),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "m9": (0, 3, 7, 10, 2),
}
"""The semitones of each quality above the root."""

ALIASES = {
    "M": "", "maj": "", "min": "m", "-": "m", "°": "dim", "o": "dim", "+": "aug", "sus": "sus4",
    "M7": "maj7", "ma7": "maj7", "Δ": "maj7", "Δ7": "maj7", "min7": "m7", "-7": "m7", "ø": "m7b5",
    "ø7": "m7b5", "min7b5": "m7b5", "°7": "dim7", "o7": "dim7", "M9": "maj9", "min9": "m9",
    "min6": "m6", "mM7": "mmaj7",
}  # fmt: skip
"""Other ways of writing them."""

NO_CHORD = "N.C."

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_SYMBOL = re.compile(r"([A-Ga-g])([#♯b♭]?)([^/]*)(?:/([A-Ga-g])([#♯b♭]?))?")
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_DEGREE = re.compile(r"([#♯b♭]?)(VII|VI|V|IV|III|II|I|vii|vi|v|iv|iii|ii|i)(.*)")
_FLAT = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_SHARP = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_SIGNATURES = {5, 10, 3, 8, 1}
"""The tonics of major keys that are written with flats: F, Bb, Eb, Ab, Db."""


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord: ``root`` and ``bass`` as pitch classes 0-11 from C, and a quality by its name.

    ``bass`` becomes None where it is the root. Raises `OutOfRange` for anything else.
    """

    root: int
    quality: str = ""
    bass: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.root <= 11 or not (self.bass is None or 0 <= self.bass <= 11):
            raise OutOfRange("The root and the bass of a chord lie from 0 (C) to 11 (B).")
        if self.quality not in QUALITIES:
            raise OutOfRange(f"There is no chord of quality {self.quality[:20]!r}.", _KNOWN)
        if self.bass == self.root:
            object.__setattr__(self, "bass", None)

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The pitch classes of the chord, from the root up, without the bass."""
        return tuple((self.root + above) % 12 for above in QUALITIES[self.quality])

    def holds(self, pitch: int) -> bool:
        """Return whether a pitch (a MIDI number) is one of the chord."""
        return pitch % 12 in self.pitch_classes

    def name(self, key: Key | None = None) -> str:
        """Return the symbol, with the sharps or flats of a key: ``F#m7``, ``C/E``."""
        names = TONICS if key is None else _FLAT if written_with_flats(key) else _SHARP
        over = "" if self.bass is None else f"/{names[self.bass]}"
        return f"{names[self.root]}{self.quality}{over}"

    def transposed(self, semitones: int) -> ChordSymbol:
        """Return the chord moved by semitones."""
        bass = None if self.bass is None else (self.bass + semitones) % 12
        return ChordSymbol((self.root + semitones) % 12, self.quality, bass)


_KNOWN = f"Known: major, {', '.join(name for name in QUALITIES if name)}."


def written_with_flats(key: Key) -> bool:
    """Return whether a key is written with flats: by the major key of the same signature."""
    # How far below the tonic the major key of a mode lies.
    below = {"minor": 9, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "locrian": 1}
    mode = key.scale.split()[-1]
    return (key.tonic - below.get(mode, 0)) % 12 in _FLAT_SIGNATURES


def chord_of(text: str, key: Key | None = None) -> ChordSymbol | None:
    """Read a chord: ``Am7``, ``C/E``, by degree of a key ``vi7``, ``V7/V``; None for ``N.C.``.

    Raises `OutOfRange` for what is no chord, and for a degree where no key is known.
    """
    plain = text.strip()
    if plain.upper().replace(".", "") == "NC":
        return None
    if degree := _DEGREE.fullmatch(plain):
        if key is None:
            raise OutOfRange("A degree needs a key.", "Write the chord by its name, as Am7.")
        quality, slash, under = degree[3].partition("/")
        if slash:
            # A chord of the key that begins on a degree: the dominant of the dominant.
            of = chord_of(under, key) if _DEGREE.fullmatch(under) else None
            if of is None:
                raise OutOfRange(f"{under[:20]!r} is no degree.", "Write for example V7/V.")
            key = Key(of.root, "natural minor" if 3 in QUALITIES[of.quality] else "major")
        return _by_degree(degree[1], degree[2], quality, key)
    found = _SYMBOL.fullmatch(plain)
    if not found:
        raise OutOfRange(f"{text[:20]!r} is no chord.", "Write for example Am7, C/E, vi7 or N.C.")
    letter, sign, quality, bass, under = found.groups()
    root = (_LETTERS[letter.upper()] + _ACCIDENTALS[sign]) % 12
    low = None if bass is None else (_LETTERS[bass.upper()] + _ACCIDENTALS[under]) % 12
    # A small letter is a minor chord, as some write it.
    minor = "m" if letter.islower() and not quality.startswith("m") else ""
    return ChordSymbol(root, _quality(f"{minor}{quality}"), low)


def _by_degree(sign: str, numeral: str, quality: str, key: Key) -> ChordSymbol:
    scale = SCALES[key.scale]
    degree = _NUMERALS.index(numeral.upper())
    # Degrees of a scale that lacks them are those of the major scale.
    above = (scale if len(scale) == 7 else SCALES["major"])[degree]
    root = (key.tonic + above + _ACCIDENTALS[sign]) % 12
    minor = "m" if numeral.islower() and not quality.startswith(("dim", "°", "o", "ø", "m")) else ""
    return ChordSymbol(root, _quality(f"{minor}{quality}"))


def _quality(text: str) -> str:
    quality = ALIASES.get(text, text)
    if quality not in QUALITIES:
        raise OutOfRange(f"There is no chord of quality {text[:20]!r}.", _KNOWN)
    return quality
