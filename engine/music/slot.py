"""A slot: one measure of a track, with its latent code and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import OutOfRange
from engine.music.measure import REST, SILENCE, Measure
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
    it was made by decoding. ``moved`` says that the measure was decoded from the code; a
    measure that was brought in sounds exactly as it came until a gauge moves, and again
    when all gauges stand at the anchor. ``played`` says how each note of the source was
    played, and is empty where all are as the track has them.

    ``pattern`` is what a measure of drums or chords holds in place of a melody: the measure rests
    then, and has no code. Raises `OutOfRange` where it does not, and where there is not one
    touch for each note.
    """

    measure: Measure = SILENCE
    latent: tuple[float, ...] | None = None
    anchor: tuple[float, ...] | None = None
    origin: Origin = EMPTY
    moved: bool = False
    source: Measure | None = None
    played: Touches = ()
    pattern: Pattern | None = None

    def __post_init__(self) -> None:
        if self.pattern is not None and not (
            self.measure.silent
            and self.measure.tokens[0] == REST
            and (self.latent, self.anchor, self.source) == (None, None, None)
        ):
            raise OutOfRange("A measure that holds a pattern holds no melody and no code.")
        if self.played and (self.source is None or len(self.played) != len(self.source.pitches)):
            raise OutOfRange("A measure that was played has one touch for each of its notes.")

    @classmethod
    def brought_in(cls, measure: Measure, origin: Origin, played: Touches = ()) -> Slot:
        """Make the slot of a measure that comes from outside and has no code yet."""
        return cls(measure=measure, origin=origin, source=measure, played=played)

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

    @property
    def touches(self) -> Touches:
        """How each note of the measure is played; a measure that was moved is not."""
        return () if self.moved else self.played

    @property
    def empty(self) -> bool:
        """Whether nothing was ever put here."""
        return self.origin.kind == "empty"
