"""One measure of one voice: a token per tick of its grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from engine.errors import OutOfRange
from engine.music.grid import FOUR_QUARTERS, Grid

HOLD = 0
"""The token of a tick at which nothing starts: a sounding note goes on, a rest goes on."""

REST = 1
"""The token of a tick at which a rest starts."""

LOWEST, HIGHEST = 55, 84
"""The range of pitches, as MIDI numbers (G3 to C6)."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sounding note: ``onset`` and ``duration`` in quarter notes, ``pitch`` as MIDI number."""

    onset: Fraction
    duration: Fraction
    pitch: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as tokens: at each tick `HOLD`, `REST`, or the pitch of the note that starts.

    A measure that begins with `HOLD` goes on with what sounded before it, and is silent
    there if nothing did. Raises `OutOfRange` if there is not one token for each tick of
    the grid or a token is neither of the two nor a pitch from 55 to 84.
    """

    tokens: tuple[int, ...]
    grid: Grid = FOUR_QUARTERS

    def __post_init__(self) -> None:
        if len(self.tokens) != self.grid.ticks:
            raise OutOfRange(
                f"A measure of {self.grid.name} has {self.grid.ticks} tokens, "
                f"not {len(self.tokens)}."
            )
        for token in self.tokens:
            if token not in (HOLD, REST) and not LOWEST <= token <= HIGHEST:
                raise OutOfRange(
                    f"Token {token} is neither hold (0), rest (1) nor a pitch "
                    f"from {LOWEST} to {HIGHEST}."
                )

    @classmethod
    def from_tokens(cls, tokens: Iterable[int], grid: Grid = FOUR_QUARTERS) -> Measure:
        """Make a measure from tokens, with a rest that follows a rest written as a hold."""
        canonical: list[int] = []
        resting = False
        for token in map(int, tokens):
            canonical.append(HOLD if token == REST and resting else token)
            resting = token == REST or (resting and token == HOLD)
        return cls(tuple(canonical), grid)

    @classmethod
    def from_notes(cls, notes: Sequence[Note], grid: Grid = FOUR_QUARTERS) -> Measure:
        """Make a measure from notes that begin on the grid, in any order.

        A note is cut where the next one starts and at the end of the measure. Raises
        `OutOfRange` for an onset off the grid.
        """
        tokens = [HOLD] * grid.ticks
        places = {onset: tick for tick, onset in enumerate(grid.onsets)}
        tokens[0] = REST
        for note in sorted(notes, key=lambda note: note.onset):
            if note.onset not in places:
                raise OutOfRange(f"Onset {note.onset} is not on the grid of {grid.name}.")
            start = places[note.onset]
            tokens[start] = note.pitch
            end = max(start + 1, grid.nearest(note.onset + note.duration))
            for tick in range(start + 1, grid.ticks):
                tokens[tick] = REST if tick == end else HOLD
        return cls.from_tokens(tokens, grid)

    @property
    def pitches(self) -> tuple[int, ...]:
        """The pitches of the notes that start in the measure, in order."""
        return tuple(token for token in self.tokens if token > REST)

    @property
    def silent(self) -> bool:
        """Whether no note starts in the measure."""
        return not any(token > REST for token in self.tokens)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes that start in the measure, cut at its end."""
        edges, found = self.grid.edges, []
        for tick, token in enumerate(self.tokens):
            if token > REST:
                end = tick + 1
                while end < self.grid.ticks and self.tokens[end] == HOLD:
                    end += 1
                found.append(Note(edges[tick], edges[end] - edges[tick], token))
        return tuple(found)

    @property
    def held_in(self) -> Fraction:
        """How long a note from the measure before goes on here, in quarter notes."""
        end = 0
        while end < self.grid.ticks and self.tokens[end] == HOLD:
            end += 1
        return self.grid.edges[end]

    def transposed(self, semitones: int) -> Measure:
        """Return the measure moved by ``semitones``; raises `OutOfRange` past 55 or 84."""
        return Measure(tuple(t + semitones if t > REST else t for t in self.tokens), self.grid)


@cache
def silence(grid: Grid) -> Measure:
    """Return the measure of a grid in which nothing sounds."""
    return Measure((REST, *[HOLD] * (grid.ticks - 1)), grid)


SILENCE = silence(FOUR_QUARTERS)
"""What a new slot holds."""
