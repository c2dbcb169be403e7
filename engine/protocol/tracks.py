"""Commands of tracks: which there are, how they are played, and what their gauges move."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

from engine.music.accompaniment.style import Accompaniment
from engine.music.groove import SwingUnit
from engine.music.modulation import Modulation
from engine.music.routes import Route
from engine.music.track import TrackKind
from engine.protocol.base import WHOLE, Edit, Overtaking, TrackEdit

Parameter = Literal[
    "tempo", "swing", "unit", "timing", "force", "seed", "tonic", "scale", "lock", "follow",
    "channel", "program", "bank-msb", "bank-lsb", "velocity", "level", "pan", "octave",
    "transpose", "mute", "solo", "protect",
]  # fmt: skip
"""A number of how the song is sounded: see `engine.protocol.parameters.song_numbers`."""

ModulationPart = Literal["kind", "channel", "number", "low", "high"]
"""A number of what a gauge moves: see `engine.protocol.parameters.modulation_numbers`."""

RoutePart = Literal["port", "channel", "program", "transpose", "clock"]
"""A number of a route: see `engine.protocol.parameters.route_numbers`."""

AccompanimentPart = Literal["style", "density", "complexity", "register", "swing"]
"""What can be moved of an accompaniment."""

_OWN = len(fields(TrackEdit))


def _given(*values: object) -> tuple[bool, ...]:
    return tuple(value is not None for value in values)


@dataclass(frozen=True, slots=True)
class SelectTrack(Overtaking):
    """Shows another track under the gauges."""

    track: int


@dataclass(frozen=True, slots=True)
class MoveTrackSelection(Overtaking):
    """Shows the track that lies ``by`` after the one shown, or the last one there is that way."""

    by: int


@dataclass(frozen=True, slots=True)
class AddTrack(Edit):
    """Adds an empty track of a kind below all others, and selects it.

    It gets a channel that no other has, drums that of drums; a bass lies two octaves lower.
    """

    name: str = ""
    kind: TrackKind = "melody"


@dataclass(frozen=True, slots=True)
class CopyTrack(TrackEdit):
    """Adds a copy of a track below it, and selects it."""

    def parts(self) -> tuple[range, ...]:
        """Return all parts: tracks get other numbers."""
        return (WHOLE,)


@dataclass(frozen=True, slots=True)
class RemoveTrack(TrackEdit):
    """Takes a track out of the song."""

    def parts(self) -> tuple[range, ...]:
        """Return all parts: tracks get other numbers."""
        return (WHOLE,)


@dataclass(frozen=True, slots=True)
class MoveTrack(TrackEdit):
    """Moves a track ``by`` places down, or as far as it goes."""

    by: int

    def parts(self) -> tuple[range, ...]:
        """Return all parts: tracks get other numbers."""
        return (WHOLE,)


@dataclass(frozen=True, slots=True)
class SetTrack(TrackEdit):
    """Sets what is not None of how a track is played: see `engine.music.track.Track`.

    A track that becomes one of drums goes to their channel, and from there to a free one when it
    is none any more, unless a channel is given.
    """

    channel: int | None = None
    program: int | None = None
    velocity: int | None = None
    name: str | None = None
    port: str | None = None
    octave: int | None = None
    transpose: int | None = None
    muted: bool | None = None
    solo: bool | None = None
    locked: bool | None = None
    kind: TrackKind | None = None
    gesture: int = 0

    def given(self) -> dict[str, Any]:
        """Return what it sets, by the names of the track's fields."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self)[_OWN:])
        return {name: value for name, value in values if value is not None and name != "gesture"}

    def scope(self) -> Hashable:
        """Return what it moves."""
        return tuple(self.given())


@dataclass(frozen=True, slots=True)
class SetBank(TrackEdit):
    """Sets the bank that the program is of: controllers 0 and 32, each None where not sent."""

    msb: int | None = None
    lsb: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetMix(TrackEdit):
    """Sets the controllers of level and pan, each None where it is not sent."""

    level: int | None = None
    pan: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetGroove(TrackEdit):
    """Sets what is not None of the groove: see `engine.music.groove.Groove`."""

    swing: float | None = None
    unit: SwingUnit | None = None
    timing: float | None = None
    velocity: int | None = None
    seed: int | None = None
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return _given(self.swing, self.unit, self.timing, self.velocity, self.seed)


@dataclass(frozen=True, slots=True)
class SetModulation(TrackEdit):
    """Lets a gauge move a MIDI controller, in the place of the one that it moved."""

    modulation: Modulation
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.modulation.dimension


@dataclass(frozen=True, slots=True)
class RemoveModulation(TrackEdit):
    """Lets the gauge of a dimension move no controller any more."""

    dimension: int


@dataclass(frozen=True, slots=True)
class SetRoutes(TrackEdit):
    """Plays the notes to these ports and channels beside the song's own."""

    routes: tuple[Route, ...]
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class Nudge(TrackEdit):
    """Moves a number of how the song is sounded by ``by`` from where it stands.

    It goes as far as it can; a choice goes round.
    """

    parameter: Parameter
    by: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.parameter

    def joined(self, last: Edit) -> Edit | None:
        """Return both ways as one, unless they turn back: one may have come to an end between."""
        if not isinstance(last, Nudge) or not self.goes_on(last):
            return None
        return replace(self, by=last.by + self.by) if last.by * self.by > 0 else None


@dataclass(frozen=True, slots=True)
class NudgeModulation(TrackEdit):
    """Moves a number of what a gauge moves by ``by``; a controller that is taken is passed over."""

    dimension: int
    part: ModulationPart
    by: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.dimension, self.part


@dataclass(frozen=True, slots=True)
class NudgeRoute(TrackEdit):
    """Moves a number of the route at a place, or of one that is yet to be, by ``by``."""

    route: int
    part: RoutePart
    by: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.route, self.part


@dataclass(frozen=True, slots=True)
class SetAccompaniment(TrackEdit):
    """Lets a rule play the empty measures of a track; with None nothing plays them any more."""

    accompaniment: Accompaniment | None
    gesture: int = 0

    def parts(self) -> tuple[range, ...]:
        """Return all parts: measures sound that were empty."""
        return (WHOLE,)


@dataclass(frozen=True, slots=True)
class NudgeAccompaniment(TrackEdit):
    """Moves a gauge of a track's accompaniment by ``by``, or goes on to another style."""

    part: AccompanimentPart
    by: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.part


@dataclass(frozen=True, slots=True)
class FreezeAccompaniment(TrackEdit):
    """Puts what the rule plays into the empty measures of a track, and takes the rule away."""

    edits_measures: ClassVar[bool] = True

    def parts(self) -> tuple[range, ...]:
        """Return all parts: it fills measures."""
        return (WHOLE,)
