"""Commands that change the song, and undo."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from engine.music.groove import SwingUnit
from engine.music.measure import Measure
from engine.music.modulation import Modulation
from engine.music.performance import Touches
from engine.music.routes import Route
from engine.music.song import Origin, Song
from engine.protocol.base import LOCKS, Command, Edit, Overtaking, SlotEdit, TrackEdit, measures

Parameter = Literal[
    "tempo", "swing", "unit", "timing", "force", "seed", "tonic", "scale", "lock", "channel",
    "program", "bank-msb", "bank-lsb", "velocity",
]  # fmt: skip
"""A number of how the song is sounded: see `engine.protocol.parameters.song_numbers`."""

ModulationPart = Literal["kind", "channel", "number", "low", "high"]
"""A number of what a gauge moves: see `engine.protocol.parameters.modulation_numbers`."""

RoutePart = Literal["port", "channel", "program", "transpose", "clock"]
"""A number of a route: see `engine.protocol.parameters.route_numbers`."""


def _same_motion(last: Edit, this: Edit) -> bool:
    return this.motion() is not None and this.motion() == last.motion()


def _given(*values: object) -> tuple[bool, ...]:
    return tuple(value is not None for value in values)


@dataclass(frozen=True, slots=True)
class SelectSlot(Overtaking):
    """Shows another slot under the gauges."""

    slot: int


@dataclass(frozen=True, slots=True)
class MoveSelection(Overtaking):
    """Shows the slot that lies ``by`` after the one shown, or the last one there is that way."""

    by: int


@dataclass(frozen=True, slots=True)
class SetLatent(SlotEdit):
    """Moves one gauge of a slot to ``value`` (-3 to 3) and decodes the measure there."""

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    dimension: int
    value: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.slot, self.dimension

    def joined(self, last: Edit) -> Edit | None:
        """Return this alone, if it moves what the last one moved."""
        return self if _same_motion(last, self) else None


@dataclass(frozen=True, slots=True)
class SetLatents(SlotEdit):
    """Moves several gauges of a slot at once; pairs of dimension and value."""

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    values: tuple[tuple[int, float], ...]
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.slot, frozenset(dimension for dimension, _ in self.values)

    def joined(self, last: Edit) -> Edit | None:
        """Return this alone, if it moves what the last one moved."""
        return self if _same_motion(last, self) else None


@dataclass(frozen=True, slots=True)
class MoveLatent(SlotEdit):
    """Moves one gauge of a slot by ``by`` from where it stands, as far as it goes."""

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    dimension: int
    by: float
    gesture: int = 0

    def motion(self) -> Hashable:
        """Return that of the `SetLatent` which it comes to."""
        return SetLatent(self.slot, self.dimension, 0.0, self.gesture).motion()

    def joined(self, last: Edit) -> Edit | None:
        """Return both ways as one, unless they turn back: one may have come to an end between."""
        if not isinstance(last, MoveLatent) or not _same_motion(last, self):
            return None
        return replace(self, by=last.by + self.by) if last.by * self.by > 0 else None


@dataclass(frozen=True, slots=True)
class MoveLatents(SlotEdit):
    """Moves several gauges of a slot from where they stand; pairs of dimension and way."""

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    ways: tuple[tuple[int, float], ...]
    gesture: int = 0

    def motion(self) -> Hashable:
        """Return that of the `SetLatents` which it comes to."""
        return SetLatents(self.slot, self.ways, self.gesture).motion()

    def joined(self, last: Edit) -> Edit | None:
        """Return both ways as one, unless any of them turns back."""
        if not isinstance(last, MoveLatents) or not _same_motion(last, self):
            return None
        pairs = list(zip(sorted(last.ways), sorted(self.ways), strict=False))
        if any(old * new < 0 for (_, old), (_, new) in pairs):
            return None
        return replace(self, ways=tuple((d, old + new) for (d, old), (_, new) in pairs))


@dataclass(frozen=True, slots=True)
class ResetLatent(SlotEdit):
    """Brings one gauge (or, with None, all unlocked ones) of a slot back to its anchor.

    With all gauges at the anchor the slot sounds as it came in.
    """

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class LockDimension(Command):
    """Holds a dimension against every move (a map move passes it over), or lets it go."""

    needs_model: ClassVar[bool] = True

    dimension: int
    locked: bool

    def parts(self) -> tuple[range, ...]:
        """Return the locks alone."""
        return (LOCKS,)


@dataclass(frozen=True, slots=True)
class Randomise(SlotEdit):
    """Moves all unlocked gauges of a slot towards a draw from the prior.

    ``amount`` runs from 0 (nothing) to 1 (the draw itself); the draw depends on ``seed`` alone.
    """

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class LoadMeasures(SlotEdit):
    """Puts measures into slots from ``slot`` on, adding slots where needed.

    ``played`` says of each how its notes were played (none: of no measure). All that one pass
    of recording puts in has one ``gesture``.
    """

    auditioned: ClassVar[bool] = True

    measures: tuple[Measure, ...]
    origins: tuple[Origin, ...]
    played: tuple[Touches, ...] = ()
    gesture: int = 0

    def parts(self) -> tuple[range, ...]:
        """Return the slots that it fills."""
        return (measures(self.slot, len(self.measures)),)


@dataclass(frozen=True, slots=True)
class Vary(SlotEdit):
    """Moves all unlocked gauges of a slot a way of ``amount`` from where they stand.

    ``amount`` is the length of the way in standard deviations of the prior, from 0 to 10; its
    direction depends on ``seed`` alone.
    """

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class Interpolate(Edit):
    """Inserts ``count`` measures after ``source`` that lead from it to ``target``.

    They lie on the straight line between both codes, at even steps of what is heard and not
    of the codes. Locked gauges stay where those of the source stand.
    """

    needs_model: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    source: int
    target: int
    count: int = 3

    def parts(self) -> tuple[range, ...]:
        """Return all from the source on, which get other numbers, and the target."""
        return measures(self.target), measures(self.source, None)


@dataclass(frozen=True, slots=True)
class CopySlot(Edit):
    """Copies a slot onto another."""

    auditioned: ClassVar[bool] = True

    source: int
    target: int

    def parts(self) -> tuple[range, ...]:
        """Return both slots."""
        return measures(self.source), measures(self.target)


@dataclass(frozen=True, slots=True)
class ClearSlot(SlotEdit):
    """Empties a slot."""


@dataclass(frozen=True, slots=True)
class InsertSlot(SlotEdit):
    """Adds an empty slot before position ``slot`` (the number of slots: at the end)."""

    def parts(self) -> tuple[range, ...]:
        """Return all from there on, which get other numbers."""
        return (measures(self.slot, None),)


@dataclass(frozen=True, slots=True)
class RemoveSlot(SlotEdit):
    """Takes a slot out of the song."""

    def parts(self) -> tuple[range, ...]:
        """Return all from there on, which get other numbers."""
        return (measures(self.slot, None),)


@dataclass(frozen=True, slots=True)
class SetTitle(TrackEdit):
    """Names the song."""

    title: str


@dataclass(frozen=True, slots=True)
class SetTempo(TrackEdit):
    """Sets the tempo in quarter notes a minute, 20 to 400."""

    tempo: float
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetTrack(TrackEdit):
    """Sets what is not None of the track's MIDI channel, program and velocity."""

    channel: int | None = None
    program: int | None = None
    velocity: int | None = None
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return _given(self.channel, self.program, self.velocity)


@dataclass(frozen=True, slots=True)
class SetBank(TrackEdit):
    """Sets the bank that the program is of: controllers 0 and 32, each None where not sent."""

    msb: int | None = None
    lsb: int | None = None
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
class SetKey(TrackEdit):
    """Sets what is not None of the key, and whether it constrains what is sounded.

    What is decoded is not constrained: the measures stay as they are.
    """

    tonic: int | None = None
    scale: str | None = None
    lock: bool | None = None
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return _given(self.tonic, self.scale, self.lock)


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
        if not isinstance(last, Nudge) or not _same_motion(last, self):
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
class Undo(Command):
    """Takes the last step back."""

    auditioned: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Redo(Command):
    """Takes a step that was taken back again."""

    auditioned: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ReplaceSong(Command):
    """Puts another song in the place of the present one; undo brings that back.

    ``path`` is the file it belongs to, ``saved`` whether that file holds it as it is;
    ``locks`` are the dimensions locked from now on (None: those that are).
    """

    song: Song
    path: str | None = None
    saved: bool = True
    locks: frozenset[int] | None = None
