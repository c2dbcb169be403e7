"""Commands that change the song, and undo."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar

from engine.music.groove import Groove
from engine.music.measure import Measure
from engine.music.performance import Touches
from engine.music.slot import Origin
from engine.music.song import Song
from engine.protocol.base import (
    LOCKS,
    Command,
    Edit,
    Overtaking,
    SlotEdit,
    SoundEdit,
    TrackEdit,
    measures,
)

GAUGE_STEPS = 0.25, 1.0, 0.05
"""How far a gauge goes at a press of a key: a step, a coarse one, a fine one."""


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
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    dimension: int
    value: float
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.slot, self.dimension

    def joined(self, last: Edit) -> Edit | None:
        """Return this alone, if it moves what the last one moved."""
        return self if self.goes_on(last) else None


@dataclass(frozen=True, slots=True)
class SetLatents(SlotEdit):
    """Moves several gauges of a slot at once; pairs of dimension and value."""

    needs_model: ClassVar[bool] = True
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    values: tuple[tuple[int, float], ...]
    gesture: int = 0

    def scope(self) -> Hashable:
        """Return what it moves."""
        return self.slot, frozenset(dimension for dimension, _ in self.values)

    def joined(self, last: Edit) -> Edit | None:
        """Return this alone, if it moves what the last one moved."""
        return self if self.goes_on(last) else None


@dataclass(frozen=True, slots=True)
class MoveLatent(SlotEdit):
    """Moves one gauge of a slot by ``by`` from where it stands, as far as it goes."""

    needs_model: ClassVar[bool] = True
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    dimension: int
    by: float
    gesture: int = 0

    def motion(self) -> Hashable:
        """Return that of the `SetLatent` which it comes to."""
        return SetLatent(self.slot, self.dimension, 0.0, self.gesture, track=self.track).motion()

    def joined(self, last: Edit) -> Edit | None:
        """Return both ways as one, unless they turn back: one may have come to an end between."""
        if not isinstance(last, MoveLatent) or not self.goes_on(last):
            return None
        return replace(self, by=last.by + self.by) if last.by * self.by > 0 else None


@dataclass(frozen=True, slots=True)
class MoveLatents(SlotEdit):
    """Moves several gauges of a slot from where they stand; pairs of dimension and way."""

    needs_model: ClassVar[bool] = True
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    ways: tuple[tuple[int, float], ...]
    gesture: int = 0

    def motion(self) -> Hashable:
        """Return that of the `SetLatents` which it comes to."""
        return SetLatents(self.slot, self.ways, self.gesture, track=self.track).motion()

    def joined(self, last: Edit) -> Edit | None:
        """Return both ways as one, unless any of them turns back."""
        if not isinstance(last, MoveLatents) or not self.goes_on(last):
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
    of_melody: ClassVar[bool] = True
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
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class LoadMeasures(SlotEdit):
    """Puts measures into slots from ``slot`` on, adding slots where needed.

    ``played`` says of each how its notes were played (none: of no measure). All that one pass
    of recording puts in has one ``gesture``. ``groove`` has the swing that the measures were
    written without; a track that holds nothing else takes it.
    """

    auditioned: ClassVar[bool] = True

    measures: tuple[Measure, ...]
    origins: tuple[Origin, ...]
    played: tuple[Touches, ...] = ()
    gesture: int = 0
    groove: Groove | None = None

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
    of_melody: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class Interpolate(TrackEdit):
    """Inserts ``count`` measures after ``source`` that lead from it to ``target``.

    They lie on the straight line between both codes, at even steps of what is heard and not
    of the codes. Locked gauges stay where those of the source stand.
    """

    needs_model: ClassVar[bool] = True
    of_melody: ClassVar[bool] = True
    edits_measures: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    source: int
    target: int
    count: int = 3

    def parts(self) -> tuple[range, ...]:
        """Return all from the source on, which get other numbers, and the target."""
        return measures(self.target), measures(self.source, None)


@dataclass(frozen=True, slots=True)
class CopySlot(TrackEdit):
    """Copies a slot of the track ``of`` (None: of the same) onto another."""

    edits_measures: ClassVar[bool] = True
    auditioned: ClassVar[bool] = True

    source: int
    target: int
    of: int | None = None

    def parts(self) -> tuple[range, ...]:
        """Return both slots."""
        return measures(self.source), measures(self.target)


@dataclass(frozen=True, slots=True)
class ClearSlot(SlotEdit):
    """Empties a slot."""


@dataclass(frozen=True, slots=True)
class InsertSlot(Edit):
    """Adds an empty measure to all tracks before ``slot`` (the number of slots: at the end)."""

    slot: int

    def parts(self) -> tuple[range, ...]:
        """Return all from there on, which get other numbers."""
        return (measures(self.slot, None),)


@dataclass(frozen=True, slots=True)
class RemoveSlot(Edit):
    """Takes a measure out of all tracks."""

    slot: int

    def parts(self) -> tuple[range, ...]:
        """Return all from there on, which get other numbers."""
        return (measures(self.slot, None),)


@dataclass(frozen=True, slots=True)
class SetMetre(Edit):
    """Gives the measures from ``first`` to ``last`` of all tracks a grid of the table by its name.

    Notes that fit stay at their place. What lies beyond the end of a shorter measure is cut off,
    and what lies off the new grid goes to its nearest place.
    """

    metre: str
    first: int
    last: int

    def parts(self) -> tuple[range, ...]:
        """Return the measures, and all that may be tied to them."""
        return (measures(0, None),)


@dataclass(frozen=True, slots=True)
class SetTitle(SoundEdit):
    """Names the song."""

    title: str


@dataclass(frozen=True, slots=True)
class SetTempo(SoundEdit):
    """Sets the tempo in quarter notes a minute, 20 to 400."""

    tempo: float
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetKey(SoundEdit):
    """Sets what is not None of the key, and whether it constrains what is sounded.

    With ``follow`` it lets the notes of the chords be. What is decoded is not constrained: the
    measures stay as they are.
    """

    tonic: int | None = None
    scale: str | None = None
    lock: bool | None = None
    gesture: int = 0
    follow: bool | None = None

    def scope(self) -> Hashable:
        """Return what it moves."""
        given = (self.tonic, self.scale, self.lock, self.follow)
        return tuple(value is not None for value in given)


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
