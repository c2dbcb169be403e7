"""One player to the engine, several in truth: its own, and one beside each who attached."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import ArmonicaError
from engine.midi import messages as m
from engine.midi.client import Player, PlayerLink
from engine.midi.player_mirror import PlayerMirror, PlayerPlan, Standing
from engine.remote.port_reports import PortReports
from engine.services.transport.sequencer import LOOK_AHEAD, RESENT

FAR_AHEAD = 3.0
"""How far ahead of their time notes are sent over a line, in seconds: a packet that is lost and
sent again is late by a few tenths."""

MOST_DELAY = 1.5
"""The longest delay in seconds that a line is granted for its changes."""

QUIET = 2.5
"""Seconds after which one who plays and says nothing is not counted on: shorter than what was
sent ahead, so that the engine's own player goes on before that has been played. Whoever plays
asks for the time several times as often."""

_SLACK = 0.05
"""Seconds after which what a player of this machine is sent begins."""

_LISTENING_TO_NOTHING = (m.Listen(), m.Thru(False), m.ExcludeFromThru(), m.Monitor(False))

Report = Callable[[m.FromPlayer], None]
PlayerFactory = Callable[[Report], Player]


@dataclass(eq=False, slots=True)
class Seat:
    """One who plays: the way there, and the latest reports of its ports.

    One with screens ``leads``: its ports are those that are chosen, its controllers are heard.
    ``delay`` is None before the line was measured; from then on it is sent what goes on.
    ``quiet`` is one from whom nothing came for a while: it is sent all the same, but others
    do not rest for it.
    """

    put: Callable[[m.ToPlayer | PlayerPlan], None]
    leads: bool
    delay: float | None = None
    quiet: bool = False
    ports: PortReports = field(default_factory=PortReports)

    @property
    def plays(self) -> bool:
        """Whether the music sounds there, as far as is known."""
        return self.delay is not None and not self.quiet


class PlayerRouter:
    """Passes what the engine plays to all who listen, and the reports of one of them back.

    That is the newest with screens, or without any the engine's own player. While somebody
    plays elsewhere the engine's own player rests: the music is where the player is. It goes on
    at once when that line ends. Safe to call from any thread.
    """

    def __init__(
        self, own: PlayerFactory = PlayerLink, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make_own = own
        self._clock = clock
        self._lock = threading.RLock()
        self._report: Report = lambda _message: None
        self._own: Player | None = None
        self._own_ports = PortReports()
        self._rests = False
        self._seats: dict[str, Seat] = {}
        self._mirror = PlayerMirror()
        self._led: Seat | None = None
        self._reach = m.Reach(LOOK_AHEAD)

    def __call__(self, report: Report) -> Player:
        """Start the engine's own player; an engine calls this once."""
        self._report = report
        try:
            self._own = self._make_own(self._on_own_report)
        except ArmonicaError as error:
            # Those who attach play all the same.
            report(m.PlayerLost(error.line(), restarted=False))
        return self

    # From the engine

    def send(self, message: m.ToPlayer) -> None:
        """Pass a message on to whoever it is for."""
        with self._lock:
            self._mirror.apply(message, self._clock())
            if isinstance(message, m.UsePort | m.SendFeedback | Standing):
                self._to(self._leader(), message)
                return
            for seat in self._seats.values():
                if seat.delay is not None:
                    seat.put(message)
            if self._own is not None and not self._rests:
                self._own.send(message)

    def close(self) -> None:
        """Silence everybody and ends the engine's own player."""
        with self._lock:
            for seat in self._seats.values():
                seat.put(m.SilenceAll())
            self._seats.clear()
        if self._own is not None:
            self._own.close()

    # From those who are attached

    def sit(
        self, place: str, put: Callable[[m.ToPlayer | PlayerPlan], None], leads: bool = True
    ) -> None:
        """Return a place to one who wants to play."""
        with self._lock:
            # The newest leads, also who comes again.
            self._seats.pop(place, None)
            self._seats[place] = Seat(put, leads)

    def measured(self, place: str, delay: float, anew: bool = False) -> None:
        """Take how far away a place is; at first, or ``anew``, it is sent what is going on."""
        with self._lock:
            seat = self._seats.get(place)
            if seat is None:
                return
            first = seat.delay is None
            seat.delay = min(max(delay, 0.0), MOST_DELAY)
            self._arrange()
            if first or anew:
                self._send_plan(seat)

    def on_report(self, place: str, message: m.FromPlayer) -> None:
        """Take a report of a player elsewhere."""
        with self._lock:
            seat = self._seats.get(place)
            if seat is None or isinstance(message, m.Ready | m.Reach):
                return
            seat.ports.add(message)
            if self._leader() is seat:
                self._report(message)

    def on_reach(self, place: str, lately: bool) -> None:
        """Take whether anything came from a place in the last `QUIET` seconds."""
        with self._lock:
            seat = self._seats.get(place)
            if seat is not None and seat.quiet == lately:
                seat.quiet = not lately
                self._arrange()
                if seat.plays:
                    # Changes that reached it too late are put right.
                    self._send_plan(seat)

    def leave(self, place: str) -> None:
        """Take note that a line has ended: who is left plays on at once."""
        with self._lock:
            if self._seats.pop(place, None) is not None:
                self._arrange()

    @property
    def playing(self) -> int:
        """How many play elsewhere."""
        return len(self._seats)

    @property
    def far(self) -> bool:
        """Whether the music sounds elsewhere."""
        return any(seat.plays for seat in self._seats.values())

    def _arrange(self) -> None:
        """Bring the engine and its own player to who is there now."""
        seats = [seat for seat in self._seats.values() if seat.plays]
        delay = max((seat.delay or 0.0 for seat in seats), default=0.0)
        far = self._leader() is not None
        reach = m.Reach(FAR_AHEAD, delay, far) if seats else m.Reach(LOOK_AHEAD)
        if reach != self._reach:
            self._reach = reach
            self._report(reach)
        self._hand_over()
        if bool(seats) != self._rests:
            self._rests = bool(seats)
            self._rest() if self._rests else self._wake()

    def _send_plan(self, seat: Seat) -> None:
        """Send a seat whose delay is known what is going on."""
        now = self._clock()
        # Also where it is lost on the way, and sent again.
        at = now + 2 * (seat.delay or 0.0) + RESENT
        seat.put(self._mirror.plan(now, at))

    def _hand_over(self) -> None:
        """Let whoever leads now listen to the controllers, and show their ports."""
        leader = self._leader()
        if leader is self._led:
            return
        before, self._led = self._led, leader
        # Two on one machine would listen to the same keyboard.
        for listening in _LISTENING_TO_NOTHING:
            self._to(before, listening)
        # The ports of routes are opened where the leader is; it chooses the song's own itself.
        routes = (port for port in self._mirror.ports if port.outlet)
        for message in (*self._mirror.standing, *routes):
            self._to(leader, message)
        ports = leader.ports if leader else self._own_ports
        for report in ports.latest:
            self._report(report)
        if leader is None and not ports.chosen:
            # What is shown is the port of whoever led before.
            self._report(m.PortOpened(None))

    def _to(self, seat: Seat | None, message: m.ToPlayer) -> None:
        if seat is not None:
            seat.put(message)
        elif self._own is not None:
            self._own.send(message)

    def _rest(self) -> None:
        if self._own is not None:
            # Its clock may be waiting to start, and would then stop first.
            now = self._clock()
            self._own.send(m.SilenceAll())
            if self._mirror.clock(now, now):
                self._own.send(m.ClockStop(now))

    def _wake(self) -> None:
        if self._own is None:
            return
        now = self._clock()
        for message in self._mirror.plan(now, now + _SLACK).messages:
            self._own.send(message)

    def _leader(self) -> Seat | None:
        seats = [each for each in self._seats.values() if each.leads and each.plays]
        return seats[-1] if seats else None

    def _on_own_report(self, message: m.FromPlayer) -> None:
        with self._lock:
            self._own_ports.add(message)
            if self._leader() is None:
                self._report(message)
