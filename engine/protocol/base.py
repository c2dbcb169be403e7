"""What every command and event is."""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import ClassVar, TypeVar

_END = sys.maxsize

SOUND = range(-1, 0)
"""The part of a song that is its title, tempo and key, and how its tracks are played."""

LOCKS = range(-2, -1)
"""The part that is the locked dimensions."""

WHOLE = range(-2, _END)
"""All parts."""


def measures(first: int, count: int | None = 1) -> range:
    """Return the part that is so many measures from one on; all with None."""
    return range(first, _END if count is None else first + count)


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that can be told."""


@dataclass(frozen=True, slots=True)
class Command:
    """Anything that can be asked of the engine, as a plain frozen value.

    The policy of a command stands on its class: ``needs_model`` (it waits while the measure
    model loads), ``overtakes`` (it never waits, not even for an edit that does), ``auditioned``
    (while stopped, the measure that it changes is sounded once).

    Slots and dimensions count from 0. Commands with the same ``gesture`` (not 0) on the same
    gauges, tempo, track, groove or key that follow each other are one step of undo; gestures
    below 0 are those of controllers, and one of them is one step whatever it moves.

    ``request`` is the id by which its sender knows the answer (see `with_request`); it makes no
    difference to what is asked, and empty where nobody waits for one.
    """

    needs_model: ClassVar[bool] = False
    overtakes: ClassVar[bool] = False
    auditioned: ClassVar[bool] = False

    request: str = field(default="", kw_only=True, compare=False)

    @property
    def client(self) -> str:
        """The client that waits for an answer; empty where none does."""
        return self.request.partition("-")[0]

    def parts(self) -> tuple[range, ...]:
        """Return the parts of the song that it changes or reads, each measure by its number.

        While the model loads it waits for what waits to change one of them.
        """
        return () if self.overtakes else (WHOLE,)

    def on_track(self, selected: int) -> Command:
        """Return the command with its track named, which is the ``selected`` one where none is."""
        del selected
        return self


@dataclass(frozen=True, slots=True)
class Overtaking(Command):
    """A command that never waits while the model loads."""

    overtakes: ClassVar[bool] = True


Asked = TypeVar("Asked", bound=Command)

_client = os.urandom(6).hex()
_numbers = count(1)


def with_request(command: Asked) -> Asked:
    """Return a command with an id that no other client of an engine gives."""
    return replace(command, request=f"{_client}-{next(_numbers)}")


@dataclass(frozen=True, slots=True)
class TrackCommand(Command):
    """Is about one track: the selected one, unless ``track`` names another by its number from 0."""

    track: int | None = field(default=None, kw_only=True)

    def on_track(self, selected: int) -> Command:
        """Return the command with its track named, which is the ``selected`` one where none is."""
        return replace(self, track=selected) if self.track is None else self

    @property
    def row(self) -> int:
        """The number of its track; the first where it was not named yet."""
        return self.track or 0


@dataclass(frozen=True, slots=True)
class Edit(Command):
    """Changes the song itself, and is a step of undo.

    Edits that follow each other and have an equal `stroke`, which is not None, are one step.
    """

    def scope(self) -> Hashable:
        """Return what tells apart the things that edits of this class move."""
        return ()

    def motion(self) -> Hashable:
        """Return what moves of one thing in one gesture have in common; None: it stands alone."""
        gesture: int = getattr(self, "gesture", 0)
        return (type(self), gesture, self.scope()) if gesture else None

    def goes_on(self, last: Edit) -> bool:
        """Return whether it moves what ``last`` moved, in the same gesture."""
        return self.motion() is not None and self.motion() == last.motion()

    def joined(self, last: Edit) -> Edit | None:
        """Return one edit in the place of ``last`` and this one; None where both are needed.

        A held key makes no backlog: of moves to a place the last one stands, and those by a way
        are added up.
        """
        del last
        return None

    def stroke(self) -> Hashable:
        """Return what edits of one step have in common; None: it stands alone.

        It is their `motion`, but for those of a controller, whose knobs turn together.
        """
        gesture: int = getattr(self, "gesture", 0)
        return gesture if gesture < 0 else self.motion()


@dataclass(frozen=True, slots=True)
class TrackEdit(Edit, TrackCommand):
    """Changes one track.

    With ``edits_measures`` (on its class) it changes what is in the slots, which a locked track
    refuses; with ``of_melody`` it changes a melody, so that drums and patterns refuse it.
    """

    edits_measures: ClassVar[bool] = False
    of_melody: ClassVar[bool] = False

    def motion(self) -> Hashable:
        """Return what moves of one thing in one gesture have in common, of one track alone."""
        # By name: super() does not know a class that was made anew with slots.
        common = Edit.motion(self)
        return None if common is None else (common, self.track)

    def parts(self) -> tuple[range, ...]:
        """Return how the song is sounded, and no measure."""
        return (SOUND,)


@dataclass(frozen=True, slots=True)
class SlotEdit(TrackEdit):
    """Changes one slot of a track and no other."""

    edits_measures: ClassVar[bool] = True

    slot: int

    def parts(self) -> tuple[range, ...]:
        """Return its slot alone."""
        return (measures(self.slot),)


@dataclass(frozen=True, slots=True)
class SoundEdit(Edit):
    """Changes how the song is sounded as a whole, and no measure."""

    def parts(self) -> tuple[range, ...]:
        """Return that alone."""
        return (SOUND,)
