"""A track: one voice of a song, how it is played, and its row of slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import Locked, OutOfRange
from engine.music import modulation, routes
from engine.music.accompaniment.style import Accompaniment
from engine.music.groove import PLAIN, Groove
from engine.music.modulation import Modulation
from engine.music.routes import FARTHEST, LONGEST_NAME, Route
from engine.music.slot import Slot

TrackKind = Literal["melody", "chords", "bass", "drums"]
"""What a track is for."""

TRACK_KINDS: tuple[TrackKind, ...] = get_args(TrackKind)

SLOTS = 8
"""How many slots a new song has."""

DRUMS = 9
"""The channel of drums, counted from 0."""

BANK_MSB, BANK_LSB = 0, 32
"""The controllers that choose a bank."""

LEVEL, PAN = 7, 10
"""The controllers of a channel's level, and of its place between left (0) and right (127)."""

HIGHEST_OCTAVE = 4
"""How many octaves a track lies above or below the notes of its measures at most."""

LONGEST_TRACK_NAME = 40
"""The longest name of a track in characters."""

HIGHEST_PITCH = 127


@dataclass(frozen=True, slots=True)
class Track:
    """One voice of a song: a row of slots, and how their notes are played.

    ``channel`` is 0-15, ``program`` 0-127, ``velocity`` 1-127. ``bank_msb`` and ``bank_lsb``
    (controllers 0 and 32) choose the bank that the program is of, ``level`` and ``pan``
    (controllers 7 and 10) are 0-127; one that is None is not sent. ``port`` is a MIDI port by its
    name or a part of it, or empty for the port that the song is played to.

    The notes of the measures lie ``octave`` octaves higher (-4 to 4): the model works in the same
    range whatever the register of the track. They are heard ``transpose`` semitones higher than
    they are written. A note that would leave the MIDI range is not played.

    ``muted`` tracks are not heard, and where any is ``solo`` only those that are. A ``locked``
    track is not edited. ``groove`` says how its notes lie off the grid, ``modulations`` which
    controllers its gauges move, ``routes`` where else its notes are played to. Where it has an
    ``accompaniment``, that plays its empty slots by rule.
    Raises `OutOfRange` for what lies outside these ranges.
    """

    name: str = ""
    channel: int = 0
    program: int = 0
    velocity: int = 96
    bank_msb: int | None = None
    bank_lsb: int | None = None
    level: int | None = None
    pan: int | None = None
    port: str = ""
    octave: int = 0
    transpose: int = 0
    muted: bool = False
    solo: bool = False
    locked: bool = False
    groove: Groove = PLAIN
    modulations: tuple[Modulation, ...] = ()
    routes: tuple[Route, ...] = ()
    slots: tuple[Slot, ...] = (Slot(),) * SLOTS
    kind: TrackKind = "melody"
    accompaniment: Accompaniment | None = None

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_TRACK_NAME:
            raise OutOfRange(f"The name of a track has at most {LONGEST_TRACK_NAME} characters.")
        if len(self.port) > LONGEST_NAME:
            raise OutOfRange(f"The name of a port has at most {LONGEST_NAME} characters.")
        for name, value, low, high in (
            ("channel", self.channel, 0, 15),
            ("program", self.program, 0, 127),
            ("velocity", self.velocity, 1, 127),
            ("bank number", self.bank_msb, 0, 127),
            ("bank number", self.bank_lsb, 0, 127),
            ("level", self.level, 0, 127),
            ("pan", self.pan, 0, 127),
            ("octave", self.octave, -HIGHEST_OCTAVE, HIGHEST_OCTAVE),
            ("transposition", self.transpose, -FARTHEST, FARTHEST),
        ):
            if value is not None and not low <= value <= high:
                raise OutOfRange(f"A {name} lies from {low} to {high}; {value} does not.")
        if self.kind not in TRACK_KINDS:
            raise OutOfRange(f"A track is one of {', '.join(TRACK_KINDS)}.")
        modulation.check(self.modulations)
        routes.check(self.routes)

    @property
    def banks(self) -> list[tuple[int, int]]:
        """The controllers that choose the bank, with their values, in the order to send."""
        both = ((BANK_MSB, self.bank_msb), (BANK_LSB, self.bank_lsb))
        return [(control, bank) for control, bank in both if bank is not None]

    @property
    def instrument(self) -> tuple[int, int | None, int | None]:
        """The program and its bank."""
        return self.program, self.bank_msb, self.bank_lsb

    @property
    def mix(self) -> list[tuple[int, int]]:
        """The controllers of level and pan, with their values."""
        both = ((LEVEL, self.level), (PAN, self.pan))
        return [(control, value) for control, value in both if value is not None]

    @property
    def register(self) -> int:
        """How many semitones its notes lie above those of its measures."""
        return 12 * self.octave

    def sounded(self, pitch: int) -> int | None:
        """Return the MIDI pitch at which a measure's pitch is heard, None where there is none.

        A drum is heard as it is written.
        """
        heard = pitch if self.kind == "drums" else pitch + self.register + self.transpose
        return heard if 0 <= heard <= HIGHEST_PITCH else None

    def written(self, pitch: int) -> int:
        """Return the pitch in a measure of what is heard at a MIDI pitch, in any range."""
        if self.kind == "drums":
            return pitch
        return pitch - self.register - self.transpose

    def struck(self, louder: int, velocity: int | None = None) -> int:
        """Return the velocity of a note that is struck ``louder`` than another (the track's)."""
        return max(1, min(127, (velocity or self.velocity) + louder))

    def check_unlocked(self) -> None:
        """Raise `Locked` where the track is not to be edited."""
        if self.locked:
            raise Locked(f"{self.name or 'The track'} is locked.", "Unlock the track to edit it.")


def audible(tracks: Sequence[Track]) -> tuple[bool, ...]:
    """Return of each track whether it is heard: unmuted, and solo where any is."""
    alone = any(track.solo for track in tracks)
    return tuple(not track.muted and (track.solo or not alone) for track in tracks)


def bank_words(msb: int | None, lsb: int | None) -> str:
    """Describe a bank as users write it: ``8/1``, with a dash for what is not sent."""
    if msb is None and lsb is None:
        return "not sent"
    return "/".join("-" if part is None else str(part) for part in (msb, lsb))
