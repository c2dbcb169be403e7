"""Routing: what is sent to the song's own port goes to the other ports of its routes as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.limits import LAST_OUTLET
from engine.music.routes import Route
from engine.music.song import Song
from engine.protocol.base import Event
from engine.protocol.notices import Notice
from engine.protocol.snapshot import PortStatus

Messages = list[m.ToPlayer]


class Routing:
    """Knows which outlet each port of the routes has, and what became of it.

    Outlet 0 is the song's own, whose port is chosen elsewhere; routes without a port use it.
    """

    def __init__(self) -> None:
        self.statuses: dict[str, PortStatus] = {}
        """What became of each port, by the name that the routes give it."""
        self._routes: tuple[Route, ...] = ()
        self._outlets: dict[str, int] = {}
        self._clocked: dict[str, bool] = {}

    def reroute(self, song: Song, now: float) -> Messages:
        """Go on with the routes of a song: open and leave ports, and silence what sounds.

        What comes is to be sent anew after that.
        """
        wanted: dict[str, bool] = {}
        for route in song.routes:
            if route.port:
                wanted[route.port] = route.clock or wanted.get(route.port, False)
        messages: Messages = [m.Flush(now, True, outlet) for outlet in (0, *self._outlets.values())]
        for port in [each for each in self._outlets if each not in wanted]:
            messages.append(m.UsePort(None, outlet=self._outlets.pop(port)))
            del self.statuses[port], self._clocked[port]
        for port, clock in wanted.items():
            if self._clocked.get(port) == clock:
                continue
            if port not in self._outlets:
                # There are as many outlets as there are routes at most, beside the first.
                taken = self._outlets.values()
                free = (n for n in range(1, LAST_OUTLET + 1) if n not in taken)
                self._outlets[port] = next(free)
            self._clocked[port] = clock
            self.statuses[port] = PortStatus(port, "opening")
            messages.append(m.UsePort(port, True, self._outlets[port], clock))
        self._routes = song.routes
        return messages + self.programs(now)

    def programs(self, now: float, outlet: int | None = None) -> Messages:
        """Return the programs of the routes; of one outlet alone, if named."""
        return [
            m.Send(now, bytes((0xC0 | route.channel, route.program)), self._outlet(route))
            for route in self._routes
            if route.program is not None and outlet in (None, self._outlet(route))
        ]

    def spread(self, messages: Iterable[m.ToPlayer], channel: int) -> Messages:
        """Return messages about the song's notes, those on its ``channel``, to every route as well.

        A metronome, which has a channel of its own, is heard at the song's own port alone.
        """
        spread: Messages = []
        for message in messages:
            spread.append(message)
            match message:
                case m.Notes(notes, 0):
                    own = [note for note in notes if note.channel == channel]
                    spread += [
                        m.Notes(tuple(_routed(n, r) for n in own), self._outlet(r))
                        for r in self._routes
                        if own
                    ]
                case m.Prolong(on, pitch, off, 0) if on == channel:
                    spread += [
                        m.Prolong(r.channel, pitch + r.transpose, off, self._outlet(r))
                        for r in self._routes
                    ]
                case m.Flush(at, cut, 0):
                    spread += [m.Flush(at, cut, outlet) for outlet in self._outlets.values()]
        return spread

    def on_port(self, report: m.PortOpened | m.PortLost | m.PortFailed, now: float) -> Reaction:
        """Take in what became of a port: gives what to send, and what to publish."""
        port = next((p for p, outlet in self._outlets.items() if outlet == report.outlet), None)
        if port is None:
            return [], []
        was, name = self.statuses[port], report.name or port
        notices: list[Event] = []
        match report:
            case m.PortOpened(None):
                return [], []
            case m.PortOpened():
                self.statuses[port] = PortStatus(name, "open")
                if was.state == "lost":
                    notices.append(Notice(f"The MIDI port {name} is back."))
                return self.programs(now, report.outlet), notices
            case m.PortLost():
                self.statuses[port] = PortStatus(name, "lost")
                text = f"The MIDI port {name} has gone; it is taken up again when it returns."
            case m.PortFailed(_, reason):
                self.statuses[port] = PortStatus(name, "failed", reason)
                text = f"The MIDI port {name} is not open: {reason}"
        return [], [Notice(text, "warning")]

    def _outlet(self, route: Route) -> int:
        return self._outlets[route.port] if route.port else 0


Reaction = tuple[Messages, list[Event]]
"""What the player is sent, and the events to publish."""


def _routed(note: m.TimedNote, route: Route) -> m.TimedNote:
    return replace(note, channel=route.channel, pitch=note.pitch + route.transpose)
