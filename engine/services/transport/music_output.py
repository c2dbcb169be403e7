"""What the player is sent of the music: notes by every route, and the values of controllers."""

from __future__ import annotations

from engine.midi import messages as m
from engine.midi.player_mirror import Messages
from engine.music.song import Song
from engine.protocol.facts import MarkRoutes
from engine.services.base import ServiceContext
from engine.services.transport.cc_output import AHEAD, GAP, CcOutput, Coming
from engine.services.transport.routing import Routing
from engine.services.transport.sequencer import Sequencer


class MusicOutput:
    """Sends the sequencer's messages on, to the ports of the song's routes as well.

    Beside the notes it keeps the MIDI controllers at the gauges of the slot that is heard.
    """

    def __init__(self, context: ServiceContext, sequencer: Sequencer, routing: Routing) -> None:
        self._context = context
        self._sequencer = sequencer
        self._routing = routing
        self._cc = CcOutput(routing.outlet_of)

    def send(self, messages: Messages) -> None:
        """Send messages about the notes of tracks to their ports and to every route."""
        self._context.send(self._routing.spread(messages))

    def send_programs(self, now: float, outlet: int | None = None) -> None:
        """Send the programs of the routes; those of one outlet alone, if it is named."""
        self.send(self._routing.programs(now, outlet))

    def follow_routes(self, now: float) -> None:
        """Go on with the tracks of the song, and reroute where they are played to others."""
        if not self._routing.follow(self._context.snapshot().song):
            self.reroute(now)

    def open_routes(self, now: float) -> None:
        """Open the ports of tracks and routes, for a player that has just begun."""
        if self._routing.leads_elsewhere:
            self.reroute(now)

    def reroute(self, now: float) -> None:
        """Go on with the routes of the song as it is now, and send the notes again."""
        self._context.send(self._routing.reroute(self._context.snapshot().song, now))
        self.send(self._sequencer.again(now))
        self._mark_routes(now)

    def on_route_port(self, report: m.PortOpened | m.PortLost | m.PortFailed, now: float) -> None:
        """Take in what became of the port of a route."""
        messages, events = self._routing.on_port(report, now)
        if isinstance(report, m.PortOpened) and report.name is not None:
            messages = [*self._sequencer.program(now, report.outlet), *messages]
        self.send(messages)
        for event in events:
            self._context.publish(event)
        self._mark_routes(now)

    def set_delay(self, delay: float) -> None:
        """Send the values of the next slot earlier, to a player ``delay`` seconds away."""
        self._cc.ahead = AHEAD + 2 * delay

    def update_controllers(self, now: float) -> None:
        """Send the values of controllers that have changed."""
        self.send(self._cc.update(*self._course(now)))

    def resend_controllers(self, now: float) -> None:
        """Send the values of all controllers, to a port that knows none."""
        self.send(self._cc.resend(*self._course(now)))

    def next_wake(self) -> float | None:
        """Give when `tick` is due next."""
        return self._cc.next_wake()

    def tick(self, now: float) -> None:
        """Send the values of controllers that are due."""
        wake = self._cc.next_wake()
        if wake is not None and now >= wake:
            self.update_controllers(now)

    def close(self, now: float) -> None:
        """Leave no instrument out of tune."""
        self.send(self._cc.close(now))

    def _course(self, now: float) -> tuple[Song, int, Coming | None, float]:
        # What begins in a moment has begun: a prediction is never quite the same twice.
        shown = self._context.snapshot()
        slot, coming = self._sequencer.course(now + GAP) or (shown.selected, None)
        return shown.song, slot, coming, now

    def _mark_routes(self, now: float) -> None:
        statuses = tuple(self._routing.statuses.items())
        if statuses != self._context.snapshot().routed:
            self._context.apply(MarkRoutes(statuses), now)
