"""The player beside the player: what an engine far away plays sounds here, in its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from engine.midi import messages as m
from engine.midi.client import Player, PlayerLink
from engine.midi.player_mirror import PlayerMirror, PlayerPlan
from engine.remote.clock_offset import ClockMap, Offset
from engine.remote.port_reports import PortReports
from engine.remote.protocol import Measured
from engine.services.devices.output_port import OutputPort

ENOUGH, A_FEW = 16, 3
"""Round trips after which the engine's time is known well enough to play by, and those on a line
that is back, after which it is still known."""

AGAIN = 0.25
"""The share by which the delay must change before the engine is sent it again."""

_TIMES = ("at", "on", "off")

PlayerFactory = Callable[[Callable[[m.FromPlayer], None]], Player]


class PlayerBridge:
    """One local player process at the end of a line; all but ``on_report`` is on one thread.

    ``on_report`` is given the player's reports, on the player's thread. While the line is down it
    plays what it has; when that is over the clock stops and everything is silenced.
    """

    def __init__(
        self,
        on_report: Callable[[m.FromPlayer], None],
        port: str = "",
        player: PlayerFactory = PlayerLink,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._output_port = OutputPort(port)
        self._offset = Offset()
        self._map: ClockMap | None = None
        self._mirror = PlayerMirror()
        self._slope = 1.0
        self._ready = self._down = False
        # The delay that the engine knows.
        self._measured: float | None = None
        self._answers = 0
        self._anew = False
        self._ports = PortReports()
        self._player = player(on_report)

    def on_echo(self, sent: float, there: float) -> None:
        """Take the engine's time, asked for at ``sent``."""
        now = self._clock()
        self._offset.add(sent, there, now)
        self._answers += 1
        if self._map is None:
            return
        if self._stands(now):
            # Nothing is to come whose time would move: no need to get there by and by.
            self._map, self._slope = ClockMap(self._offset.value(now)), 1.0
        elif not self._map.aim(self._offset.value(now), there):
            # Nothing that was converted holds any more: begin anew, and ask for everything.
            self._forget()
            self._offset.forget()
            self._offset.add(sent, there, now)

    def measurement(self) -> Measured | None:
        """Return what the engine should know of the line now; None where it does."""
        if not self._ready or self._offset.count < ENOUGH or self._answers < A_FEW:
            return None
        delay = self._offset.delay
        if self._measured is not None and abs(delay - self._measured) < AGAIN * self._measured:
            return None
        if self._map is None:
            self._map = ClockMap(self._offset.value(self._clock()))
        self._measured = delay
        anew, self._anew = self._anew, False
        return Measured(delay, anew)

    def play(self, message: m.ToPlayer) -> None:
        """Send the player what the engine plays."""
        if isinstance(message, m.UsePort) and message.outlet:
            self._player.send(message)
        elif isinstance(message, m.UsePort):
            for each in self._output_port.choose(message.name)[0]:
                self._player.send(each)
        elif self._map is not None and not isinstance(message, m.Quit):
            self._mirror.apply(message, self._map.engine(self._clock()))
            self._player.send(self._here(message))

    def keep_to(self, plan: PlayerPlan) -> None:
        """Bring the player to what it should hold: after a break little of it is new."""
        if self._map is None:
            return
        now = self._map.engine(self._clock())
        for message in self._mirror.diff(plan, now):
            self.play(message)

    def convert(self, report: m.FromPlayer) -> m.FromPlayer | None:
        """Take a report of the local player; gives what the engine is to know of it."""
        if m.outlet_of(report):
            # The engine itself sees to the ports of routes.
            return report
        for each in self._output_port.on_report(report)[0]:
            self._player.send(each)
        self._ports.add(report)
        match report:
            case m.Ready():
                self._ready = True
                return None
            case m.PortOpened() if self._map is not None:
                for each in self._mirror.program(self._map.engine(self._clock())):
                    self._player.send(self._here(each))
        return self._there(report)

    def ports(self) -> tuple[m.FromPlayer, ...]:
        """Return what the engine is to know of the ports when a line has been opened."""
        return self._ports.latest

    def attached(self, anew: bool) -> None:
        """Go on over a line that is there (again); ``anew`` where another engine answers."""
        self._down = False
        self._measured = None
        self._answers = 0
        if anew:
            self._forget()
            self._offset.forget()

    def broken(self) -> None:
        """Take note that the line is down."""
        self._down = True

    def tick(self) -> None:
        """Follow the engine's clock; falls silent when what came before a break is over."""
        if self._map is None:
            return
        now = self._map.engine(self._clock())
        if self._down:
            if self._mirror.end <= now:
                self._silence(now)
            return
        slope = self._map.slope(now)
        interval = self._mirror.interval(now)
        if slope != self._slope and interval is not None:
            self._player.send(m.ClockTempo(self._map.local(now), interval * slope))
        self._slope = slope

    def close(self) -> None:
        """Silence everything and ends the player."""
        self._player.close()

    def _stands(self, now: float) -> bool:
        assert self._map is not None  # Only then there is something that could run.
        there = self._map.engine(now)
        return self._mirror.interval(there) is None and self._mirror.end <= there

    def _silence(self, now: float) -> None:
        if self._mirror.interval(now) is not None:
            self.play(m.ClockStop(now))
        self._player.send(m.SilenceAll())
        self._mirror.apply(m.SilenceAll(), now)
        self._down = False

    def _forget(self) -> None:
        if self._map is not None:
            self._silence(self._map.engine(self._clock()))
        self._map = self._measured = None
        self._anew = True
        self._mirror = PlayerMirror()
        self._slope = 1.0

    def _there(self, report: m.FromPlayer) -> m.FromPlayer:
        """Return a report with its time by the engine's clock, where it has one."""
        timed: Any = report
        if self._map is not None and hasattr(report, "at"):
            timed = replace(timed, at=self._map.engine(timed.at))
        converted: m.FromPlayer = timed
        return converted

    def _here(self, message: Any) -> Any:
        """Return a message with its times by our clock."""
        assert self._map is not None  # Nothing is played before the time is known.
        changed: dict[str, Any] = {}
        for part in fields(message):
            value = getattr(message, part.name)
            if part.name in _TIMES and isinstance(value, float):
                changed[part.name] = self._map.local(value)
            elif part.name == "interval":
                changed[part.name] = value * self._map.slope(message.at)
            elif part.name == "notes":
                changed[part.name] = tuple(self._here(note) for note in value)
        return replace(message, **changed)
