"""A pattern: what a measure of drums or chords holds, in which several notes sound at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import OutOfRange

RESOLUTION = 960
"""Parts of a quarter note: every time in a pattern is a whole number of them."""

LONGEST_PATTERN = 16
"""How far a pattern reaches at most, in quarter notes: farther than any measure."""

MOST_HITS = 512
"""How many notes a pattern has at most."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A note of a pattern.

    ``onset`` (from the start of the measure) and ``duration`` are in quarter notes, in whole
    parts of `RESOLUTION`; ``pitch`` is a MIDI number or, of a drum track, the drum that General
    MIDI has there; ``velocity`` is 1-127. Raises `OutOfRange` for anything else.
    """

    onset: Fraction
    pitch: int
    duration: Fraction = Fraction(1, 4)
    velocity: int = 96

    def __post_init__(self) -> None:
        for what, value in (("onset", self.onset), ("duration", self.duration)):
            if RESOLUTION % value.denominator:
                raise OutOfRange(f"The {what} {value} is no whole number of 1/{RESOLUTION}.")
        if not 0 <= self.onset < LONGEST_PATTERN or not 0 < self.duration <= LONGEST_PATTERN:
            raise OutOfRange(f"A pattern lasts {LONGEST_PATTERN} quarter notes at most.")
        if not 0 <= self.pitch <= 127:
            raise OutOfRange(f"A pitch lies from 0 to 127; {self.pitch} does not.")
        if not 1 <= self.velocity <= 127:
            raise OutOfRange(f"A velocity lies from 1 to 127; {self.velocity} does not.")

    @property
    def end(self) -> Fraction:
        """Where it ends, in quarter notes from the start of the measure."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Pattern:
    """The notes of a measure in order, any number of them at once.

    What reaches past the end of its measure is cut there when it is played. Raises `OutOfRange`
    where there are too many, they are not in order, or a pitch is struck while it sounds: see
    `of`.
    """

    hits: tuple[Hit, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hits) > MOST_HITS:
            raise OutOfRange(f"A pattern has at most {MOST_HITS} notes, not {len(self.hits)}.")
        sounding: dict[int, Fraction] = {}
        before: tuple[Fraction, int] = Fraction(-1), 0
        for hit in self.hits:
            if (hit.onset, hit.pitch) < before:
                raise OutOfRange("The notes of a pattern are not in order.")
            if sounding.get(hit.pitch, Fraction(-1)) > hit.onset:
                raise OutOfRange(f"Two notes of pitch {hit.pitch} in a pattern lie on each other.")
            before, sounding[hit.pitch] = (hit.onset, hit.pitch), hit.end

    @classmethod
    def of(cls, hits: Iterable[Hit]) -> Pattern:
        """Return the pattern of notes in any order.

        One is cut where its pitch is struck again; of two at one place the later stands.
        """
        last: dict[int, Hit] = {}
        kept: list[Hit] = []
        # Sorting keeps those of one place and pitch as they came.
        for hit in sorted(hits, key=lambda hit: (hit.onset, hit.pitch)):
            before = last.get(hit.pitch)
            if before is not None and before.end > hit.onset:
                kept.remove(before)
                if before.onset < hit.onset:
                    kept.append(replace(before, duration=hit.onset - before.onset))
            kept.append(hit)
            last[hit.pitch] = hit
        return cls(tuple(sorted(kept)))

    @property
    def pitches(self) -> tuple[int, ...]:
        """The pitches that are struck in it, each once, from the lowest up."""
        return tuple(sorted({hit.pitch for hit in self.hits}))
