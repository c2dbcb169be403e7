"""A song: a track of slots, each a measure with its latent code and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.errors import OutOfRange
from engine.music import modulation, routes
from engine.music.groove import PLAIN, Groove
from engine.music.measure import SILENCE, Measure
from engine.music.modulation import Modulation
from engine.music.note_line import Line
from engine.music.performance import Touches
from engine.music.routes import Route
from engine.music.scales import C_MAJOR, Key

SLOTS = 8
"""How many slots a new song has."""

MOST_SLOTS = 256
"""How many slots a song can have."""

SLOWEST, FASTEST = 20.0, 400.0
"""The range of tempi in quarter notes a minute."""


DRUMS = 9
"""The channel of drums, counted from 0."""

BANK_MSB, BANK_LSB = 0, 32
"""The controllers that choose a bank."""

OriginKind = Literal[
    "empty", "corpus", "midi", "played", "prior", "gauge", "between", "copy", "written"
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a slot's measure came from.

    ``kind`` is ``empty``, ``corpus``, ``midi`` (a file), ``played`` (on a keyboard), ``prior``
    (randomised), ``gauge`` (moved by hand from the prior's mean), ``between`` (on the way from
    one measure to another), ``copy`` or ``written`` (notes edited by hand); ``title`` and
    ``detail`` say it to the user.
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
    played, and is empty where all are as the track has them. Raises `OutOfRange` where there
    is not one for each note.
    """

    measure: Measure = SILENCE
    latent: tuple[float, ...] | None = None
    anchor: tuple[float, ...] | None = None
    origin: Origin = EMPTY
    moved: bool = False
    source: Measure | None = None
    played: Touches = ()

    def __post_init__(self) -> None:
        if self.played and (self.source is None or len(self.played) != len(self.source.pitches)):
            raise OutOfRange("A measure that was played has one touch for each of its notes.")

    @classmethod
    def brought_in(cls, measure: Measure, origin: Origin, played: Touches = ()) -> Slot:
        """Make the slot of a measure that comes from outside and has no code yet."""
        return cls(measure=measure, origin=origin, source=measure, played=played)

    @property
    def touches(self) -> Touches:
        """How each note of the measure is played; a measure that was moved is not."""
        return () if self.moved else self.played

    @property
    def empty(self) -> bool:
        """Whether nothing was ever put here."""
        return self.origin.kind == "empty"


@dataclass(frozen=True, slots=True)
class Track:
    """How a song's notes are sent: MIDI ``channel`` 0-15, ``program`` 0-127, ``velocity`` 1-127.

    ``bank_msb`` and ``bank_lsb`` (controllers 0 and 32) choose the bank that the program is
    of, 0-127; one that is None is not sent.
    """

    channel: int = 0
    program: int = 0
    velocity: int = 96
    bank_msb: int | None = None
    bank_lsb: int | None = None

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("channel", self.channel, 0, 15),
            ("program", self.program, 0, 127),
            ("velocity", self.velocity, 1, 127),
            ("bank number", self.bank_msb, 0, 127),
            ("bank number", self.bank_lsb, 0, 127),
        ):
            if value is not None and not low <= value <= high:
                raise OutOfRange(f"A {name} lies from {low} to {high}; {value} does not.")

    @property
    def banks(self) -> list[tuple[int, int]]:
        """The controllers that choose the bank, with their values, in the order to send."""
        both = ((BANK_MSB, self.bank_msb), (BANK_LSB, self.bank_lsb))
        return [(control, bank) for control, bank in both if bank is not None]

    def struck(self, louder: int, velocity: int | None = None) -> int:
        """Return the velocity of a note that is struck ``louder`` than another (the track's)."""
        return max(1, min(127, (velocity or self.velocity) + louder))


@dataclass(frozen=True, slots=True)
class Song:
    """Tempo, one track, and slots that are played in a loop up to the last that is not empty.

    ``model`` is the name and digest of the model that the codes of the slots belong to, or
    None where that is not known. ``groove`` and, with ``lock``, ``key`` say how the measures
    are sounded: they constrain what is heard, not what is decoded. ``modulations`` are what the
    gauges move beside the measures, ``routes`` where else the notes are played to.
    """

    title: str = "Untitled"
    tempo: float = 100.0
    track: Track = Track()
    slots: tuple[Slot, ...] = (Slot(),) * SLOTS
    model: tuple[str, str] | None = None
    groove: Groove = PLAIN
    key: Key = C_MAJOR
    lock: bool = False
    modulations: tuple[Modulation, ...] = ()
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        if not SLOWEST <= self.tempo <= FASTEST:
            raise OutOfRange(
                f"A tempo lies from {SLOWEST:.0f} to {FASTEST:.0f} quarter notes a minute; "
                f"{self.tempo} does not."
            )
        if not 1 <= len(self.slots) <= MOST_SLOTS:
            raise OutOfRange(f"A song has 1 to {MOST_SLOTS} measures, not {len(self.slots)}.")
        modulation.check(self.modulations)
        routes.check(self.routes)

    def slot(self, index: int) -> Slot:
        """Return the slot at ``index`` (from 0); raises `OutOfRange` where there is none."""
        if not 0 <= index < len(self.slots):
            raise OutOfRange(f"There is no measure {index + 1}: the song has {len(self.slots)}.")
        return self.slots[index]

    def with_slot(self, index: int, slot: Slot) -> Song:
        """Return the song with another slot at ``index``."""
        self.slot(index)
        return replace(self, slots=(*self.slots[:index], slot, *self.slots[index + 1 :]))

    @property
    def sounding(self) -> int:
        """How many slots the loop has: up to the last that is not empty, at least one."""
        filled = [index for index, slot in enumerate(self.slots) if not slot.empty]
        return filled[-1] + 1 if filled else 1

    def measures(self) -> Iterator[Measure]:
        """Yield the measures of one loop in order."""
        for slot in self.slots[: self.sounding]:
            yield slot.measure

    def touches(self) -> Iterator[Touches]:
        """Yield how the notes of each of them are played, in order."""
        for slot in self.slots[: self.sounding]:
            yield slot.touches

    @property
    def locked(self) -> Key | None:
        """The key that what is sounded is held to, or None."""
        return self.key if self.lock else None

    def line(self, first: int = 0, reach: int = 0) -> Line:
        """Return the notes of the loop as they are heard, from slot ``first`` on.

        It has ``reach`` slots at least; those that the song lacks are silent.
        """
        slots = self.slots[first : max(self.sounding, reach)]
        measures = [slot.measure for slot in slots]
        measures += [SILENCE] * (reach - len(self.slots))
        touches = [slot.touches for slot in slots]
        return Line(measures, self.groove, self.locked, self.tempo, first, touches)

    def foreign(self) -> tuple[int, int]:
        """Count the notes of the loop that the key does not hold, and all of them."""
        pitches = [pitch for measure in self.measures() for pitch in measure.pitches]
        return sum(not self.key.holds(pitch) for pitch in pitches), len(pitches)


def bank_words(msb: int | None, lsb: int | None) -> str:
    """Describe a bank as users write it: ``8/1``, with a dash for what is not sent."""
    if msb is None and lsb is None:
        return "not sent"
    return "/".join("-" if part is None else str(part) for part in (msb, lsb))
