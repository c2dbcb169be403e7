"""Questions about the music and their answers: map, sensitivity, influence."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from engine.influence.spec import InfluenceAnswer
from engine.latent.attribute_map import Surface
from engine.latent.sensitivity import Effect, Sensitivity
from engine.music.chords import ChordSymbol
from engine.music.measure import Measure
from engine.music.scales import Key
from engine.protocol.base import Command, Event, Overtaking, TrackCommand, measures


@dataclass(frozen=True, slots=True)
class MapComputed(Event):
    """A map, whole or as far as it is filled; ``revision`` is the snapshot it was drawn from."""

    slot: int
    revision: int
    surface: Surface
    done: bool
    track: int = 0


@dataclass(frozen=True, slots=True)
class SensitivityComputed(Event):
    """What the gauges of a slot do from here, measured at snapshot ``revision``."""

    slot: int
    revision: int
    effects: tuple[Effect, ...]
    sensitivity: Sensitivity
    track: int = 0


@dataclass(frozen=True, slots=True)
class MatchExcerpt:
    """The measures of a match: those of the song (none in a take), and those in print."""

    ours: tuple[Measure, ...] = ()
    theirs: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class InfluenceFound(Event):
    """What a measure or a take lies near to, asked at snapshot ``revision``.

    ``found`` is None where nothing can be told, and then ``lack`` says why. ``beside`` goes
    with the matches. ``books`` and ``licences`` are all that can be asked for.
    """

    asked: AskInfluence | AskTakeInfluence
    revision: int
    found: InfluenceAnswer | None
    lack: str = ""
    beside: tuple[MatchExcerpt, ...] = ()
    books: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HarmonyFound(Event):
    """The keys of the melody with their certainty, and chords for a place with their likelihood.

    Both come by rule and from the likeliest down; there are no keys where there are no notes.
    """

    asked: AskHarmony
    revision: int
    keys: tuple[tuple[Key, float], ...] = ()
    chords: tuple[tuple[ChordSymbol, float], ...] = ()
    request: str = ""


@dataclass(frozen=True, slots=True)
class AskHarmony(TrackCommand):
    """Asks for the key of a track's melody, and for chords from a place of the song on.

    ``place`` is in quarter notes into the measure of ``slot``.
    """

    overtakes: ClassVar[bool] = True

    slot: int
    place: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class DrawMap(TrackCommand):
    """Fills a map of ``attribute`` over dimensions ``x`` and ``y`` around a slot's code."""

    needs_model: ClassVar[bool] = True

    slot: int
    x: int
    y: int
    attribute: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Explain(TrackCommand):
    """Measures what the gauges ``dimensions`` of a slot do from where they stand."""

    needs_model: ClassVar[bool] = True

    slot: int
    dimensions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskInfluence(TrackCommand):
    """Asks which pieces of the training data a slot's measure lies near to.

    ``top`` are named, of ``books`` and ``licences`` alone (None: any) and of no cluster in
    ``without``. The measures around it count, unless it is asked about ``alone``. With
    ``gradients`` the model's gradients are asked about the matches too, which takes longer.
    """

    needs_model: ClassVar[bool] = True

    slot: int
    top: int = 10
    books: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    without: frozenset[int] = frozenset()
    alone: bool = False
    gradients: bool = False


@dataclass(frozen=True, slots=True)
class AskTakeInfluence(Overtaking):
    """Asks which tunes of the training clips a take lies near to, as `AskInfluence` does."""

    take: str
    top: int = 10
    books: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    without: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RegenerateAway(TrackCommand):
    """Moves all unlocked gauges of a slot to where its measure is near to none of ``without``.

    With none it leads away from what the measure is nearest to. ``amount`` is how far to go
    at most, as in `Randomise`; what is drawn depends on ``seed`` alone.
    """

    needs_model: ClassVar[bool] = True

    slot: int
    without: frozenset[int]
    amount: float
    seed: int

    def parts(self) -> tuple[range, ...]:
        """Return its slot alone."""
        return (measures(self.slot),)


@dataclass(frozen=True, slots=True)
class WriteProvenance(Command):
    """Writes what each measure of the loop, or a ``take``, lies near to, as a JSON file."""

    path: str
    take: str | None = None
