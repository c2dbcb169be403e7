"""Commands that hear two states by turns: A, which is edited, and B, which was marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.protocol.base import Command, TrackCommand

Side = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class StateComparison:
    """Of what there are two states, and which of them sounds.

    ``slot`` is the measure of the ``track``; None: all of the song.
    """

    slot: int | None
    track: int
    sounds: Side = "A"


@dataclass(frozen=True, slots=True)
class MarkState(TrackCommand):
    """Marks a measure as it is now as B; without a ``slot`` the whole song.

    What is edited from then on is A. There is one mark: a later one takes its place.
    """

    slot: int | None = None


@dataclass(frozen=True, slots=True)
class FlipState(Command):
    """Lets the other of A and B sound; that is no step of undo.

    An edit while B sounds keeps B first, as a step of its own; undo goes back to A first.
    """

    auditioned: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class KeepState(Command):
    """Keeps what sounds, and takes the mark away: B is a step of undo then."""
