"""Keeping the clock of another machine: which one, and what the transport does for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from engine.errors import UserError
from engine.midi import messages as m
from engine.midi.clock import CONTINUE, START, STOP, TICK
from engine.midi.player.input_supervisor import ECHOES
from engine.midi.player_mirror import Messages
from engine.midi.sync.clock_tracker import Follower
from engine.midi.sync.pulse_filter import PULSES
from engine.protocol.snapshot import ClockStatus
from engine.protocol.transport import ClockSyncMeasured
from engine.services.transport.loop_notes import LATE
from engine.services.transport.sequencer import Sequencer

OWN, ANY = "own", "any"
"""Words of the setting."""

TURN = 0.1
"""How often what is followed is looked at while no pulse comes, in seconds."""

PUBLISH = 0.25
"""Seconds between two events of tempo and drift."""

GIVEN_UP = 2.0
"""Seconds of silence after which another input's clock may be taken."""

_MOST = 32
_DRIFT_OVER = PULSES
_SONG_POSITION = 0xF2


class NoClock(UserError):
    """A clock that cannot be followed."""

    title = "Clock"


class ClockSync:
    """Hears the clock of every input, and drives the sequencer by the one that is chosen.

    A source that runs is followed to its place in the song. Where the music was started here,
    and the source sends pulses alone, it is brought to the nearest pulse, and keeps that phase.
    """

    def __init__(self, sequencer: Sequencer, configured: str = OWN, offset: float = 0.0) -> None:
        """Take the setting, and the milliseconds by which the music is to be later."""
        self.status = ClockStatus(None if configured == OWN else _part(configured))
        self._sequencer = sequencer
        self._offset = offset / 1000
        self._followers: dict[str, Follower] = {}
        # Which of the source's starts was joined; the music is its own while `_tied`.
        self._joined = 0
        self._tied = False
        self._bound = False
        self._drift: float | None = None
        self._published = 0.0
        self._turned = 0.0

    @property
    def on(self) -> bool:
        """Whether another's clock is to be kept."""
        return self.status.follow is not None

    def next_wake(self) -> float | None:
        """Return when `turn` is due next; None where only a message can change anything."""
        idle = self.status.lock == "silent" and not self._sequencer.playing
        return None if not self.on or idle else self._turned + TURN

    def follow(self, source: str) -> None:
        """Keep the clock of such an input; raises `NoClock` for one that is our own echo."""
        if any(echo in source.casefold() for echo in ECHOES):
            raise NoClock(
                f"{source} gives back what Armonica sends: it would follow itself.",
                "Name the input that another machine or program sends its clock to.",
            )
        self.status = ClockStatus(source)
        self._joined, self._tied, self._bound = 0, False, False
        self._drift = None
        self._port()

    def lead(self, now: float) -> Messages:
        """Keep our own tempo again."""
        self.status = ClockStatus()
        self._tied = self._bound = False
        return self._sequencer.lead(now)

    def receive(self, message: m.MidiReceived) -> bool:
        """Take in a message; tells whether it concerns the clock that is followed."""
        data = message.data
        if data not in (TICK, START, CONTINUE, STOP) and data[0] != _SONG_POSITION:
            return False
        follower = self._followers.get(message.port)
        if follower is None:
            if len(self._followers) >= _MOST:
                return False
            follower = self._followers[message.port] = Follower()
        follower.receive(message.at, data)
        if not self.on or self._port() != message.port:
            return False
        if data == TICK:
            self._measure(follower)
        return True

    def play(self, now: float, slot: int, once: bool = False) -> Messages:
        """Start the music because it was asked for here: in step, where there is a clock.

        By its own tempo it may sound ``once``; a clock goes on, and so does what follows it.
        """
        follower = self._follower
        self._tied = self._bound = False
        self._drift = None
        if follower is not None and follower.rolls(now):
            return self._join(follower, now)
        if follower is None or follower.lock(now) not in ("locked", "locking"):
            return self._sequencer.play(now, slot, once=once)
        self._bound = True
        soonest = follower.beat(now + self._sequencer.soonest - self._offset)
        time = follower.due(math.ceil(soonest * PULSES) / PULSES) + self._offset
        return self._sequencer.join(now, time, self._sequencer.start_of(slot), follower.pace)

    def turn(self, now: float) -> tuple[Messages, bool | None]:
        """Do what the clock asks for now: messages, and whether the music plays if it changed."""
        self._turned = now
        follower = self._follower
        if follower is None:
            return [], None
        self.status = replace(self.status, port=self._port(), lock=follower.lock(now))
        rolls = follower.rolls(now)
        if rolls and follower.starts != self._joined:
            return self._join(follower, now), True
        if not self._sequencer.playing:
            self._tied = False
            return [], None
        if self._tied and not rolls:
            if follower.running:
                # Out of range for now: it is joined again when it comes back.
                self._joined = 0
            self._tied = False
            return self._sequencer.stop(now), False
        return self._keep(follower, now), None

    def measured(self, now: float) -> ClockSyncMeasured | None:
        """Give what is to be published of the clock, now and then."""
        follower = self._follower
        if follower is None or self.status.lock == "silent" or now < self._published + PUBLISH:
            return None
        self._published = now
        drift = self._drift if self._sequencer.playing else None
        return ClockSyncMeasured(follower.tempo, drift, follower.jitter * 1000)

    @property
    def _follower(self) -> Follower | None:
        return self._followers.get(self.status.port) if self.on else None

    def _join(self, follower: Follower, now: float) -> Messages:
        self._joined, self._tied = follower.starts, True
        self._drift = None
        position, shift = follower.begun, self._offset
        if follower.when(position) + shift < now - LATE:
            position = follower.position(now + self._sequencer.soonest - shift)
        time = follower.when(position) + shift
        return self._sequencer.join(now, time, position, follower.pace)

    def _keep(self, follower: Follower, now: float) -> Messages:
        self._bound |= self._tied or self.status.lock == "locked"
        if not self._bound or self.status.lock in ("too slow", "too fast"):
            return []
        beat = follower.beat(now)
        position = beat - self._start(follower, now)
        return self._sequencer.follow(
            now, follower.due(beat) + self._offset, position, follower.pace
        )

    def _start(self, follower: Follower, now: float) -> float:
        """Return the beat of position 0: the source's, or by the pulse that is nearest now."""
        at = self._sequencer.at(now + self._offset)
        if self._tied or at is None:
            return follower.start
        return round((follower.beat(now) - at) * PULSES) / PULSES

    def _measure(self, follower: Follower) -> None:
        at, beat = follower.last
        due = self._sequencer.due(beat - self._start(follower, at))
        if due is None or not self._bound:
            return
        late = (due - self._offset - at) * 1000
        before = self._drift
        self._drift = late if before is None else before + (late - before) / _DRIFT_OVER

    def _port(self) -> str:
        """Return the input that is followed: the same as long as it sends, else one that fits."""
        wanted, current = (self.status.follow or "").casefold(), self.status.port
        now = max((f.last[0] for f in self._followers.values()), default=0.0)
        held = self._followers.get(current)
        if held is not None and now - held.last[0] <= GIVEN_UP:
            return current
        fitting: Callable[[str], bool] = lambda name: wanted in name.casefold()  # noqa: E731
        lively = [
            name
            for name, each in self._followers.items()
            if fitting(name) and now - each.last[0] <= GIVEN_UP
        ]
        port = lively[0] if lively else current
        if port != current:
            self._joined, self._tied = 0, False
            self.status = replace(self.status, port=port)
        return port


def _part(configured: str) -> str:
    return "" if configured == ANY else configured
