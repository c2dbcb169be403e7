"""A slot: one measure of a track, with its latent code and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.errors import Locked, OutOfRange
from engine.music.grid import Grid
from engine.music.measure import REST, SILENCE, Measure, silence
from engine.music.pattern import Hit, Pattern
from engine.music.performance import Touches

OriginKind = Literal[
    "empty", "corpus", "midi", "played", "prior", "gauge", "between", "copy", "written", "rule"
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a slot's measure came from.

    ``kind`` is ``empty``, ``corpus``, ``midi`` (a file), ``played`` (on a keyboard), ``prior``
    (randomised), ``gauge`` (moved by hand from the prior's mean), ``between`` (on the way from
    one measure to another), ``copy``, ``written`` (notes edited by hand) or ``rule`` (played by a
    rule of accompaniment); ``title`` and ``detail`` say it to the user.
    """

    kind: OriginKind
    title: str = ""
    detail: str = ""


EMPTY = Origin("empty")


@dataclass(frozen=True, slots=True)
class Slot:
    """One measure of a song.

    ``latent`` is its code, or None while it has none (an empty slot, or a model not loaded
    yet). ``anchor`` is the code it had when it came in: the ghost beside each gauge, and
    what a reset goes back to. ``source`` is the measure as it was brought in, or None where
    it was made by decoding. ``moved`` says that gauges made the measure what it is; a
    measure that was brought in sounds exactly as it came until a gauge moves, and again
    when all gauges stand at the anchor. ``played`` says how each note of the source was
    played, and is empty where all are as the track has them.

    ``pattern`` is what a measure of drums or chords holds in place of a melody: the measure rests
    then, and has no code. ``locked_notes`` are the ticks at which locked notes start: gauges,
    chance and edits leave those as they are. A ``locked`` slot is not changed at all. Raises
    `OutOfRange` where there is a melody or a code beside a pattern, there is not one touch for
    each note, the source is in another metre than the measure, or there is no note where one is
    locked.
    """

    measure: Measure = SILENCE
    latent: tuple[float, ...] | None = None
    anchor: tuple[float, ...] | None = None
    origin: Origin = EMPTY
    moved: bool = False
    source: Measure | None = None
    played: Touches = ()
    pattern: Pattern | None = None
    locked_notes: frozenset[int] = frozenset()
    locked: bool = False

    def __post_init__(self) -> None:
        if self.pattern is not None and not (
            self.measure.silent
            and self.measure.tokens[0] == REST
            and (self.latent, self.anchor, self.source) == (None, None, None)
        ):
            raise OutOfRange("A measure that holds a pattern holds no melody and no code.")
        if self.source is not None and self.source.grid != self.measure.grid:
            raise OutOfRange("A measure and what it came from are in one metre.")
        if self.played and (self.source is None or len(self.played) != len(self.source.pitches)):
            raise OutOfRange("A measure that was played has one touch for each of its notes.")
        tokens = self.measure.tokens
        if any(not 0 <= at < len(tokens) or tokens[at] <= REST for at in self.locked_notes):
            raise OutOfRange("Only a note that starts in the measure can be locked.")

    @classmethod
    def blank(cls, grid: Grid) -> Slot:
        """Return the empty slot of a grid."""
        return cls(measure=silence(grid))

    @classmethod
    def brought_in(cls, measure: Measure, origin: Origin, played: Touches = ()) -> Slot:
        """Make the slot of a measure that comes from outside and has no code yet."""
        return cls(measure=measure, origin=origin, source=measure, played=played)

    @property
    def grid(self) -> Grid:
        """The grid of its measure."""
        return self.measure.grid

    @property
    def silent(self) -> bool:
        """Whether no note starts in it."""
        return self.measure.silent and not (self.pattern and self.pattern.hits)

    def as_pattern(self, velocity: int) -> Pattern:
        """Return its notes as a pattern, those of a melody, too, at a velocity where none is said.

        A note that is held over into the measure is not struck in it.
        """
        if self.pattern is not None:
            return self.pattern
        touches = self.touches or (None,) * len(self.measure.pitches)
        pairs = zip(self.measure.notes, touches, strict=True)
        return Pattern.of(
            Hit(note.onset, note.pitch, note.duration, touch.velocity if touch else velocity)
            for note, touch in pairs
        )

    def regridded(self, grid: Grid) -> tuple[Slot, int, int]:
        """Return a slot with a pattern on another grid, and what a shorter measure did to it.

        That is how many notes are gone, which began beyond its end, and how many are cut there.
        """
        if self.pattern is None or grid == self.grid:
            return self, 0, 0
        every, end = self.pattern.hits, grid.length
        kept = [hit for hit in every if hit.onset < end]
        # What reached past the end of its measure was cut there before.
        cut = sum(min(hit.end, self.grid.length) > end for hit in kept)
        hits = (replace(hit, duration=min(hit.end, end) - hit.onset) for hit in kept)
        fresh = Slot(measure=silence(grid), origin=self.origin, pattern=Pattern.of(hits))
        return fresh, len(every) - len(kept), cut

    @property
    def touches(self) -> Touches:
        """How each note of the measure is played.

        Of a measure that gauges moved, the notes that the source has keep their touch.
        """
        if not self.moved or not self.played or self.source is None:
            return self.played
        pairs = zip(_notes(self.source), self.played, strict=True)
        own = {note: touch for note, touch in pairs if touch is not None}
        found = tuple(own.get(note) for note in _notes(self.measure))
        return found if any(found) else ()

    def unlocked(self) -> Slot:
        """Return it with nothing locked: a copy is free to be changed."""
        return replace(self, locked_notes=frozenset(), locked=False)

    def check_open(self, number: int) -> None:
        """Raise `Locked` where measure ``number`` (from 1) is locked as a whole."""
        if self.locked:
            raise Locked(f"Measure {number} is locked.", "Unlock the measure to change it.")

    def check_unlocked(self, number: int) -> None:
        """Raise `Locked` where measure ``number`` (from 1), or a note of it, is locked."""
        self.check_open(number)
        if count := len(self.locked_notes):
            are = "1 note is" if count == 1 else f"{count} notes are"
            raise Locked(f"{are} locked in measure {number}.", "Unlock them first.")

    @property
    def empty(self) -> bool:
        """Whether nothing was ever put here."""
        return self.origin.kind == "empty"


def _notes(measure: Measure) -> list[tuple[int, int]]:
    # The ticks and pitches of the notes that start in it.
    return [(tick, token) for tick, token in enumerate(measure.tokens) if token > REST]
