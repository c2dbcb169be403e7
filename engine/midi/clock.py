"""When the ticks of the MIDI clock are due: pure bookkeeping from absolute anchors.

The n-th tick of a run is due at ``anchor + n * interval``, so nothing adds up and a clock
that runs for hours keeps its tempo.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, replace

from engine.midi.limits import LAST_POSITION, TICKS_PER_SIXTEENTH
from engine.midi.messages import ClockRun, ClockStop, ClockTempo
from engine.midi.player.schedule import LATE_LIMIT, DueMessage

TICK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"

Change = ClockRun | ClockTempo | ClockStop


@dataclass(slots=True)
class _Run:
    anchor: float
    interval: float
    first: int
    """The tick of the song that is due at the anchor."""
    count: int = 0
    """The ticks sent since the anchor."""

    @property
    def next_time(self) -> float:
        return self.anchor + self.count * self.interval


class Clock:
    """24 ticks to the quarter, with Start, Stop, Continue and Song Position."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        # The last part tells changes that were planned from those made to catch up.
        self._changes: list[tuple[float, int, Change, bool]] = []
        self._order = itertools.count()

    @property
    def next_time(self) -> float:
        """When the next bytes are due; infinity where the clock stands."""
        return min(self._next_change, self._next_tick)

    @property
    def running(self) -> bool:
        """Whether ticks are being sent."""
        return self._run is not None

    def change(self, message: Change) -> None:
        """Schedule a start, a change of tempo or a stop.

        A change of tempo takes the place of all that were to come later.
        """
        if isinstance(message, ClockTempo):
            self._changes = [
                each
                for each in self._changes
                if not (each[3] and isinstance(each[2], ClockTempo) and each[0] > message.at)
            ]
            heapq.heapify(self._changes)
        self._supersede(message)
        self._push(message, planned=True)

    def _supersede(self, message: Change) -> None:
        # What was to put a late receiver right afterwards was reckoned without it.
        for place, (at, order, other, planned) in enumerate(self._changes):
            late = not planned and at >= message.at
            if late and isinstance(message, ClockTempo) and isinstance(other, ClockRun):
                later = replace(other, interval=message.interval)
                self._changes[place] = (at, order, later, planned)
        if not isinstance(message, ClockTempo):
            self._changes = [each for each in self._changes if each[3] or each[0] < message.at]
            heapq.heapify(self._changes)

    def pop_due(self, now: float) -> list[DueMessage]:
        """Return what is due by ``now``, in order, and counts it as sent.

        Ticks that are hopelessly late are skipped; the receiver is then put right by Song
        Position and Continue at the next sixteenth.
        """
        due: list[DueMessage] = []
        skipped = False
        while (at := self.next_time) <= now:
            if self._next_change <= at:
                _, _, message, planned = heapq.heappop(self._changes)
                if planned:
                    self._supersede(message)
                due.extend(DueMessage(at, data) for data in self._apply(message))
                continue
            run = self._run
            assert run is not None  # Only a running clock has a next tick.
            if now - at > LATE_LIMIT:
                until = min(now, self._next_change)
                run.count = max(run.count + 1, math.ceil((until - run.anchor) / run.interval))
                skipped = True
            else:
                run.count += 1
                due.append(DueMessage(at, TICK))
        if skipped and (resume := self.resume(now)):
            self._push(resume, planned=False)
        return due

    def resume(self, at: float) -> ClockRun | None:
        """Return what continues this run at the first sixteenth from ``at`` on."""
        run = self._run
        if run is None:
            return None
        ticks = run.first + (at - run.anchor) / run.interval
        # A sixteenth that has just begun must not be missed by a rounding error.
        sixteenth = max(0, math.ceil(ticks / TICKS_PER_SIXTEENTH - 1e-9))
        start = run.anchor + (sixteenth * TICKS_PER_SIXTEENTH - run.first) * run.interval
        return ClockRun(start, run.interval, True, sixteenth % (LAST_POSITION + 1))

    def pending(self) -> list[Change]:
        """Return the changes that were planned and have not come yet, in order."""
        return [message for _, _, message, planned in sorted(self._changes) if planned]

    def replay(self, at: float) -> tuple[Change, ...]:
        """Return what lets a clock that stands go as this one does from ``at`` on."""
        other, pending = Clock(), self.pending()
        other._run = self._run and replace(self._run)
        while (start := other.resume(at)) and pending and pending[0].at <= start.at:
            if isinstance(pending[0], ClockRun) and pending[0].at >= at:
                return tuple(pending)
            # What would be over when the other starts is in its start.
            other._apply(pending.pop(0))
        return (*([start] if start else []), *pending)

    @property
    def _next_change(self) -> float:
        return self._changes[0][0] if self._changes else math.inf

    @property
    def _next_tick(self) -> float:
        return self._run.next_time if self._run else math.inf

    def _push(self, message: Change, planned: bool) -> None:
        heapq.heappush(self._changes, (message.at, next(self._order), message, planned))

    def _apply(self, message: Change) -> list[bytes]:
        run = self._run
        if isinstance(message, ClockStop):
            self._run = None
            return [STOP]
        if isinstance(message, ClockTempo):
            if run is not None:
                left = (run.next_time - message.at) / run.interval
                anchor = message.at + left * message.interval
                self._run = _Run(anchor, message.interval, run.first + run.count)
            return []
        # A running receiver ignores Song Position, so it is stopped first.
        before = [STOP] if run is not None else []
        first = message.position * TICKS_PER_SIXTEENTH if message.resume else 0
        self._run = _Run(message.at, message.interval, first)
        if not message.resume:
            return [*before, START]
        place = bytes((0xF2, message.position & 0x7F, message.position >> 7))
        return [*before, place, CONTINUE]
