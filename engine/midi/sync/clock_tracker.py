"""Where another machine's music is, told from its MIDI clock: tempo, place, and whether it runs.

Pure: it is told what arrived and when, and asked about any time. A pulse is a twenty-fourth
of a quarter note; positions are in quarter notes from the start of the song.
"""

from __future__ import annotations

import math
from typing import Literal

from engine.midi.clock import CONTINUE, START, STOP, TICK
from engine.midi.limits import TICKS_PER_SIXTEENTH
from engine.midi.sync.pulse_filter import PULSES, Pulses

SLOWEST, FASTEST = 20.0, 400.0
"""Tempos that are followed, in quarter notes a minute."""

SILENT = PULSES // 2
"""Pulses that must be overdue before the clock is said to be silent: half a quarter."""

_FRESH = 2.5
"""Intervals since the last pulse within which the next can be foretold."""

_SONG_POSITION = 0xF2

Lock = Literal["silent", "locking", "locked", "free-wheeling", "too slow", "too fast"]
"""How far the clock can be trusted now.

``free-wheeling`` is a clock that ran and is silent: its last tempo goes on.
"""


class Follower:
    """Follows the clock of one source: Start, Stop, Continue, Song Position and pulses.

    ``running`` is whether the source said that its music runs; a source that sends pulses
    alone has a tempo and does not run. ``starts`` counts what it started and continued. Beats
    are quarters of pulses, counted from the first on whether it runs or not.
    """

    def __init__(self, tempo: float = 120.0) -> None:
        """Take the tempo that is assumed until pulses tell another."""
        self.running = False
        self.starts = 0
        self._pulses = Pulses(60 / tempo / PULSES)
        # Running: the pulse with this number is the one at this place, in pulses.
        self._number = 0
        self._place = 0
        self._awaited = False
        self._heard = False

    def receive(self, at: float, data: bytes) -> None:
        """Take a message that arrived at ``at`` seconds; what is no message of a clock is none."""
        if not math.isfinite(at):
            return
        if data == TICK:
            self._pulse(at)
        elif data == START:
            self._start(at, 0)
        elif data == CONTINUE and not self.running:
            self._start(at, self._place)
        elif data == STOP and self.running:
            self._place = self._next
            self.running = False
        elif len(data) == 3 and data[0] == _SONG_POSITION and not self.running:
            # A source that runs has no business to send it, and is where its pulses say.
            self._place = ((data[2] & 0x7F) << 7 | data[1] & 0x7F) * TICKS_PER_SIXTEENTH

    @property
    def tempo(self) -> float:
        """Quarter notes a minute, as estimated."""
        return 60 / self.pace

    @property
    def pace(self) -> float:
        """Seconds of a quarter note, as estimated."""
        return self._pulses.interval * PULSES

    @property
    def jitter(self) -> float:
        """How far a pulse is off the line of the others on average, in seconds."""
        return self._pulses.spread

    @property
    def last(self) -> tuple[float, float]:
        """When the last pulse arrived, in seconds, and its beat."""
        return self._pulses.last, self._pulses.heard / PULSES

    @property
    def start(self) -> float:
        """The beat at which the song began, or would have, had it not been started within."""
        return (self._number - self._place) / PULSES

    @property
    def begun(self) -> float:
        """The position at which the music that runs was started or continued."""
        return self._place / PULSES

    def beat(self, now: float) -> float:
        """Return the beat that it is; finite once it was heard."""
        since = (now - self._pulses.time) / self._pulses.interval
        return (self._pulses.number + since) / PULSES

    def due(self, beat: float) -> float:
        """Return when a beat is, in seconds; finite once it was heard."""
        return self._pulses.when(beat * PULSES)

    def lock(self, now: float) -> Lock:
        """Describe how far the clock can be trusted."""
        quiet = now - self._pulses.last > SILENT * self._pulses.interval
        if not self._heard or (quiet and not self.running):
            return "silent"
        if not SLOWEST <= self.tempo <= FASTEST:
            return "too slow" if self.tempo < SLOWEST else "too fast"
        if quiet:
            return "free-wheeling"
        return "locked" if self._pulses.settled else "locking"

    def rolls(self, now: float) -> bool:
        """Whether the music is to sound: the source runs, and where it is can be told."""
        if not self.running or self.lock(now) in ("silent", "too slow", "too fast"):
            return False
        return not self._awaited or (self._pulses.settled and self._fresh(now))

    def position(self, now: float) -> float:
        """Return where the music is; where it stands, the position of the pulse that is next."""
        if not self.running or not self._heard:
            return self.begun
        return max(self.beat(now) - self.start, 0.0)

    def when(self, position: float) -> float:
        """Return when the music that runs is at a position, in seconds; finite once it rolls."""
        return self.due(position + self.start)

    @property
    def _next(self) -> int:
        if not self.running or self._awaited:
            return self._place
        return self._place + self._pulses.heard + 1 - self._number

    def _fresh(self, now: float) -> bool:
        return now - self._pulses.last <= _FRESH * self._pulses.interval

    def _start(self, at: float, place: int) -> None:
        if not self._fresh(at):
            self._pulses.begin()
        self.running, self._awaited = True, True
        self.starts += 1
        self._place, self._number = place, self._pulses.heard + 1

    def _pulse(self, at: float) -> None:
        if not self.running and at - self._pulses.last > SILENT * self._pulses.interval:
            self._pulses.begin()
        self._pulses.receive(at)
        self._heard = True
        if self._awaited:
            # Whatever was lost between Start and this pulse: this is where the music begins.
            self._awaited = False
            self._number = self._pulses.heard
