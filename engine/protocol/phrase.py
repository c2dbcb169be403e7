"""Commands about phrases: measures proposed to fit those around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.music.measure import Measure
from engine.protocol.base import Event, SlotEdit, TrackCommand, measures

LONGEST = 8
"""The most measures that are proposed in a row."""


@dataclass(frozen=True, slots=True)
class ProposeMeasures(TrackCommand):
    """Puts measures that fit those around them into a place, and asked again, the next proposal.

    The place is ``slot``, with the silent measures after it where it is silent itself, up to 8 in
    all. Locked gauges that have a name are held, and locked notes and measures stay. What is drawn
    depends on ``seed`` alone.
    """

    slot: int
    seed: int

    def parts(self) -> tuple[range, ...]:
        """Return all that it may fill."""
        return (measures(self.slot, LONGEST),)


@dataclass(frozen=True, slots=True)
class PutProposal(SlotEdit):
    """Puts the measures of a proposal into slots from ``slot`` on; locked notes there stay.

    ``bits`` are those of each measure in its place. All proposals of one walk have one
    ``gesture``, and are one step of undo.
    """

    auditioned: ClassVar[bool] = True

    proposed: tuple[Measure, ...]
    bits: tuple[float, ...]
    gesture: int = 0

    def parts(self) -> tuple[range, ...]:
        """Return the slots that it fills."""
        return (measures(self.slot, len(self.proposed)),)


@dataclass(frozen=True, slots=True)
class AskSurprise(TrackCommand):
    """Asks how unusual the measures of a track are among printed ones, and why that of ``slot``."""

    overtakes: ClassVar[bool] = True

    slot: int


@dataclass(frozen=True, slots=True)
class SurpriseFound(Event):
    """How unusual measures are, asked at snapshot ``revision``.

    ``percentiles`` are shares of printed measures, 0 to 99, None for a measure that nothing is
    said about, or not yet. ``bits`` are those of the asked measure, and ``words`` the largest
    surprises in it.
    """

    asked: AskSurprise
    revision: int
    percentiles: tuple[int | None, ...]
    bits: float | None = None
    words: tuple[str, ...] = ()
