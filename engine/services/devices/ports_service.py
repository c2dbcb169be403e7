"""The MIDI ports: the one that the song is sent to, the inputs, and who watches both."""

from __future__ import annotations

import logging

from engine.config import Settings, channels
from engine.midi import messages as m
from engine.protocol.base import Command
from engine.protocol.devices import ListenTo, OpenPort, SetThru, WatchMidi
from engine.protocol.facts import MarkInputs, MarkPort
from engine.protocol.snapshot import Snapshot
from engine.services.base import Service, ServiceContext
from engine.services.devices.inputs import Inputs
from engine.services.devices.midi_monitor import MidiMonitor
from engine.services.devices.output_port import Answer, OutputPort

log = logging.getLogger(__name__)


class PortsService(Service):
    """Owns the song's output port, the inputs with thru, and the MIDI monitor.

    The further ports of a song's routes are the transport's.
    """

    commands = (OpenPort, ListenTo, SetThru, WatchMidi)

    def __init__(self, context: ServiceContext, settings: Settings) -> None:
        super().__init__(context)
        channel, only = context.snapshot().row.channel, channels(settings.channels)
        self._output = OutputPort(settings.port)
        self._inputs = Inputs(settings.inputs, settings.thru, channel, only)
        self._monitor = MidiMonitor()
        self._greeted = False

    def start(self, now: float) -> None:
        """Show which inputs are wanted."""
        self.context.apply(MarkInputs(self._inputs.status), now)

    def handle(self, command: Command, now: float) -> None:
        """Tell the player which ports are used, and how."""
        send = self.context.send
        match command:
            case OpenPort(name):
                self._on_output(self._output.choose(name), now)
            case ListenTo(names):
                send(self._inputs.listen(names))
                self.context.apply(MarkInputs(self._inputs.status), now)
            case SetThru(on, only):
                send(self._inputs.pass_on(on, only))
                self.context.apply(MarkInputs(self._inputs.status), now)
            case WatchMidi(on):
                send(self._monitor.watch(on, now))

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Let thru follow the channel of the track."""
        if after.row is not before.row:
            self.context.send(self._inputs.follow(after.row.channel))

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """Note what passes, and take in what became of the ports."""
        self._monitor.on_player(report)
        match report:
            case m.MidiReceived() | m.Sent():
                return
            case m.Rejected(reason):
                log.warning("The player rejected a message: %s", reason)
            case m.PortOpened() | m.PortLost() | m.PortFailed() if report.outlet:
                return
        self._on_output(self._output.on_report(report), now)
        for event in self._inputs.on_report(report):
            self.context.publish(event)
        if self._inputs.status != self.context.snapshot().inputs:
            self.context.apply(MarkInputs(self._inputs.status), now)
        if isinstance(report, m.Ready) and not self._greeted:
            # The first player missed what was sent while it did not listen yet; one that takes
            # the place of another is told by the link to it.
            self._greeted = True
            self.context.send(self._inputs.requests())

    def next_wake(self) -> float | None:
        """Give when the monitor has something to publish, or ends."""
        return self._monitor.wake()

    def tick(self, now: float) -> None:
        """Publish what passed over the ports, where anybody watches."""
        messages, events = self._monitor.tick(now)
        self.context.send(messages)
        for event in events:
            self.context.publish(event)

    def _on_output(self, answer: Answer, now: float) -> None:
        messages, events = answer
        self.context.send(messages)
        if self._output.status != self.context.snapshot().port:
            self.context.apply(MarkPort(self._output.status), now)
        for event in events:
            self.context.publish(event)
