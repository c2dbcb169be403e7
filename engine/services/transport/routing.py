"""Routing: which outlet each track is played to, and what goes to its other ports as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.limits import LAST_OUTLET
from engine.music.routes import Route
from engine.music.song import Song
from engine.music.track import HIGHEST_PITCH, Track
from engine.protocol.base import Event
from engine.protocol.notices import Notice
from engine.protocol.snapshot import PortStatus

Messages = list[m.ToPlayer]


class Routing:
    """Knows which outlet each port of the tracks and routes has, and what became of it.

    Outlet 0 is the song's own, whose port is chosen elsewhere; what names no port uses it.
    """

    def __init__(self, tracks: tuple[Track, ...] = ()) -> None:
        """Take the tracks of the first song, whose ports are opened by `reroute`."""
        self.statuses: dict[str, PortStatus] = {}
        """What became of each port, by the name that tracks and routes give it."""
        self._tracks = tracks
        self._outlets: dict[str, int] = {}
        self._clocked: dict[str, bool] = {}

    def reroute(self, song: Song, now: float) -> Messages:
        """Go on with the routes of a song: open and leave ports, and silence what sounds.

        What comes is to be sent anew after that.
        """
        wanted = {track.port: True for track in song.tracks if track.port}
        for track in song.tracks:
            for route in track.routes:
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
        self._tracks = song.tracks
        return messages + self.programs(now)

    def outlet_of(self, track: int) -> int:
        """Return the outlet that a track is played to, by the track's number."""
        port = self._tracks[track].port if track < len(self._tracks) else ""
        return self._outlets.get(port, 0)

    @property
    def leads_elsewhere(self) -> bool:
        """Whether anything is played to more than the song's own port and channels."""
        return bool(_ways(self._tracks))

    def follow(self, song: Song) -> bool:
        """Go on with the tracks of a song; False where ports or routes are others: `reroute`."""
        same = _ways(song.tracks) == _ways(self._tracks)
        if same:
            self._tracks = song.tracks
        return same

    def programs(self, now: float, outlet: int | None = None) -> Messages:
        """Return the programs of the routes; of one outlet alone, if named."""
        return [
            m.Send(now, bytes((0xC0 | route.channel, route.program)), self._outlet(route))
            for track in self._tracks
            for route in track.routes
            if route.program is not None
            and self._reaches(route)
            and outlet in (None, self._outlet(route))
        ]

    def spread(self, messages: Iterable[m.ToPlayer]) -> Messages:
        """Return messages about the notes of tracks, to the routes of each as well.

        A metronome, which is no track's voice, is heard at the song's own port alone.
        """
        spread: Messages = []
        for message in messages:
            spread.append(message)
            match message:
                case m.Notes(notes, _, voice):
                    spread += [
                        m.Notes(tuple(_routed(notes, r)), self._outlet(r), voice)
                        for r in self._routes(voice)
                    ]
                case m.Prolong(_, pitch, off, _, voice):
                    spread += [
                        m.Prolong(r.channel, pitch + r.transpose, off, self._outlet(r), voice)
                        for r in self._routes(voice)
                        if 0 <= pitch + r.transpose <= HIGHEST_PITCH
                    ]
                case m.Flush(at, cut, outlet, None):
                    others = {*self._outlets.values()} - {outlet}
                    spread += [m.Flush(at, cut, other) for other in sorted(others)]
                case m.Flush(at, cut, outlet, int(voice)):
                    others = {self._outlet(route) for route in self._routes(voice)} - {outlet}
                    spread += [m.Flush(at, cut, other, voice) for other in sorted(others)]
        return spread

    def _routes(self, voice: int) -> tuple[Route, ...]:
        if voice >= len(self._tracks):
            return ()
        open_ = (route for route in self._tracks[voice].routes if self._reaches(route))
        return tuple(open_)

    def _reaches(self, route: Route) -> bool:
        # The ports of the first song are opened when the player is there.
        return not route.port or route.port in self._outlets

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


def _routed(notes: Iterable[m.TimedNote], route: Route) -> Iterator[m.TimedNote]:
    for note in notes:
        pitch = note.pitch + route.transpose
        if 0 <= pitch <= HIGHEST_PITCH:
            yield replace(note, channel=route.channel, pitch=pitch)


def _ways(tracks: Iterable[Track]) -> list[tuple[str, tuple[Route, ...]]]:
    """Return where tracks are played to; those at the end that go nowhere else are left out."""
    ways = [(track.port, track.routes) for track in tracks]
    while ways and ways[-1] == ("", ()):
        ways.pop()
    return ways
