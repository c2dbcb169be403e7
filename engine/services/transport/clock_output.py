"""The MIDI clock that is sent: its start, its tempi, and how it keeps in step with another's."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.limits import LAST_POSITION
from engine.midi.player_mirror import Messages
from engine.services.transport.loop_clock import Run

CLOSE = 0.0005
"""How far the music may be off the clock that is followed before it is sent anew, in seconds."""

CATCH_UP = 0.25
"""In how many quarters our own clock comes back into phase with the one that is followed."""


def interval(pace: float) -> float:
    """Return the seconds between two ticks at so many seconds a quarter."""
    return pace / 24


class ClockOutput:
    """Sends the clock along with a run; positions are as the run counts them."""

    def __init__(self) -> None:
        # Where our own clock is while another's is followed; positions before any were moved.
        self._ticks: Run | None = None

    @property
    def following(self) -> bool:
        """Whether it keeps in step with another's clock."""
        return self._ticks is not None

    def start(self, run: Run) -> m.ClockRun:
        """Start at the beginning of a run, by our own tempo."""
        self._ticks = None
        sixteenths = round(run.position * 4)
        return m.ClockRun(run.time, interval(run.pace), sixteenths > 0, sixteenths)

    def join(self, run: Run) -> m.ClockRun:
        """Start in step with another's clock."""
        # A receiver can be put to whole sixteenths only.
        sixteenths = math.ceil(run.position * 4 - 1e-6)
        start = run.when(sixteenths / 4)
        self._ticks = replace(run, time=start, position=sixteenths / 4)
        place = sixteenths % (LAST_POSITION + 1)
        return m.ClockRun(start, interval(run.pace), sixteenths > 0, place)

    def follow(self, before: Run, run: Run, shift: float, at: float) -> Messages:
        """Bring our own clock into phase with a run, within `CATCH_UP` and without a leap.

        It was in step with the run ``before``. Both count by ``shift`` more than at the start;
        what is sent is heard from ``at`` on.
        """
        ticks = self._ticks
        if ticks is None:
            pace = before.when(before.at(at) + 1) - at
            ticks = (
                replace(before, time=at, position=before.at(at) - shift, pace=pace, tempi=None)
                if before.tempi
                else replace(before, position=before.position - shift)
            )
            self._ticks = ticks
        position = ticks.at(at)
        goal = position + CATCH_UP
        due = run.when(goal + shift)
        # What it was sent before its start it forgets.
        if at <= ticks.time or abs(ticks.when(goal) - due) <= CLOSE:
            return []
        pace = min(max((due - at) / CATCH_UP, run.pace / 2), run.pace * 2)
        self._ticks = replace(ticks, time=at, position=position, pace=pace)
        return [m.ClockTempo(at, interval(pace))]

    def lead(self) -> bool:
        """Keep our own tempo again; tells whether another's was followed."""
        followed, self._ticks = self.following, None
        return followed
