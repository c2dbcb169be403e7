"""The player process: it keeps time, owns the MIDI ports, and does nothing else.

Started as ``python -m engine.midi.player.process``, it reads messages from standard input and
writes messages to standard output. It has one thread, so nothing inside it can hold up a note. It
ends, and silences everything first, when its input ends, when its parent has gone, on Quit and on
SIGTERM.
"""

from __future__ import annotations

import contextlib
import gc
import heapq
import importlib
import math
import os
import select
import signal
import time
from collections import deque

from engine.common.child_process import ChildProcess, Process, child_command, start
from engine.common.line_pipe import LineReader, PipeWriter
from engine.common.watchdog import end_when_stuck
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.player.feedback_supervisor import Feeder
from engine.midi.player.guard_supervisor import Guard
from engine.midi.player.input_supervisor import Inlet
from engine.midi.player.lateness import LatenessMeter
from engine.midi.player.output import Addressed, Station
from engine.midi.player.realtime import ask_for_realtime, hasten_the_end
from engine.midi.player.sent_log import SentLog
from engine.midi.player.thru import MidiThru
from engine.midi.ports import Census

_PRIORITY = 20
_SPIN_REALTIME, _SPIN = 0.0005, 0.001
"""Seconds before a deadline that are spent awake, because waking up takes up to as long."""

_HOUSEKEEPING = 1.0
_PARENT_CHECK = 0.05
_QUIET_GAP = 0.005
"""Seconds without a deadline that housekeeping wants for itself."""

_WATCHER_PAUSE = 5.0
"""Seconds before a watcher that ended is started again."""

_DELIVERY = 0.05
"""Seconds given to the last messages: more than two of the longest usual JACK periods."""

_OUTBOX = 262_144
_READ = 65_536


class PlayerProcess:
    """Reads, waits, plays."""

    def __init__(self, realtime: bool, wake: int, out: int, watcher: ChildProcess) -> None:
        """Make it; ``realtime`` says whether it has real-time priority.

        Signals write to the descriptor ``wake``; messages are written to ``out``.
        """
        self._spin = _SPIN_REALTIME if realtime else _SPIN
        self._wake = wake
        self._parent = os.getppid()
        self._guard = Guard()
        self._main = self._new_station(0)
        self._stations = {0: self._main}
        self._meter = LatenessMeter()
        self._sent = SentLog()
        self._inlet = Inlet(self._report)
        self._feeder = Feeder()
        self._passage = MidiThru()
        self._lines = LineReader()
        self._input_lines = LineReader()
        self._input_inbox: deque[bytes] = deque()
        self._census_lines = LineReader()
        self._inbox: deque[bytes] = deque()
        self._outbox = PipeWriter(out, _OUTBOX)
        self._census: Census | None = None
        self._watcher = watcher
        self._housekeeping_at = 0.0
        self._ending = False
        self._report(m.Ready(os.getpid(), realtime))

    def run(self) -> None:
        """Play until the end, then silences everything."""
        try:
            while not self._ending:
                self._play()
                if self._inbox:
                    # One line, then back to what is due: a long queue holds up no note.
                    self._receive(self._inbox.popleft())
                    continue
                if self._input_inbox:
                    self._pass_on(self._input_inbox.popleft())
                    continue
                self._keep_house()
                self._report_sent()
                self._wait()
        finally:
            self._finish()

    def end(self) -> None:
        """End the run at its next turn."""
        self._ending = True

    def _play(self) -> None:
        # Worked out ahead of the deadline, so that at the deadline only the sending is left.
        horizon = time.monotonic() + self._spin
        if self._deadline() > horizon:
            return
        sources = [each for s in self._stations.values() for each in s.pop_due(horizon)]
        for due, station in heapq.merge(*sources, key=_ready):
            while time.monotonic() < due.ready:
                pass
            station.outlet.send(due.data)
            late = time.monotonic() - due.ready
            self._meter.add(late)
            self._sent.note(due.ready + late, late, station.outlet.name, due.data)

    def _deadline(self) -> float:
        return min(station.next_time for station in self._stations.values())

    def _wait(self) -> None:
        deadline, now = self._deadline(), time.monotonic()
        sounding = any(each.schedule.sounding for each in self._stations.values())
        idle = _HOUSEKEEPING if deadline == math.inf and not sounding else None
        pause = max(0.0, min(deadline - self._spin - now, idle or _PARENT_CHECK))
        if self._sent.reportable(pause):
            pause = 0.0
        sources: list[int] = [0, self._wake]
        helpers = (self._watcher.descriptor, self._inlet.descriptor)
        sources += [each for each in helpers if each is not None]
        sinks = [self._outbox.descriptor] if self._outbox.waiting else []
        end_when_stuck()
        readable, writable, _ = select.select(sources, sinks, [], pause)
        if writable:
            self._outbox.flush()
        for descriptor in readable:
            self._read(descriptor)

    def _read(self, descriptor: int) -> None:
        data = os.read(descriptor, _READ)
        if descriptor == 0:
            if not data:
                self.end()
            self._inbox.extend(self._lines.feed(data))
        elif descriptor == self._inlet.descriptor:
            if not data:
                self._close_inputs()
            self._input_inbox.extend(self._input_lines.feed(data))
        elif descriptor != self._wake:
            if not data:
                self._close_watcher()
            for line in self._census_lines.feed(data):
                with contextlib.suppress(ValueError):
                    census = Census.read(line)
                    self._census = census
                    for station in self._stations.values():
                        station.outlet.see(census)
                    self._inlet.see(census)

    def _close_watcher(self) -> None:
        self._watcher.close()
        # Whoever waits for a port is answered, even where no port can be looked for.
        for station in self._stations.values():
            station.outlet.see_nothing()

    def _close_inputs(self) -> None:
        self._inlet.forget_process()
        self._input_lines = LineReader()
        self._now_send(self._passage.release())

    def _pass_on(self, line: bytes) -> None:
        # First the music; what only the engine wants to know is not even read here.
        if self._passage.open:
            with contextlib.suppress(wire.BadMessage):
                match wire.decode(line):
                    case m.MidiReceived(_, port, data):
                        self._now_send(self._passage.pass_on(port, data))
                    case m.Listening(names):
                        self._now_send(self._passage.release(but=names))
        self._outbox.put(line + b"\n")

    def _now_send(self, data: list[bytes]) -> None:
        now = time.monotonic()
        for each in data:
            self._main.schedule.send(now, each, now)

    def _receive(self, line: bytes) -> None:
        try:
            self._obey(wire.decode(line))
        except wire.BadMessage as error:
            self._report(m.Rejected(error.message))

    def _obey(self, message: m.Message) -> None:
        now = time.monotonic()
        match message:
            case m.Notes(notes, outlet, voice):
                self._station(outlet).schedule.add(notes, now, voice)
            case m.Flush(at, cut, outlet, voice):
                self._station(outlet).schedule.flush(at, cut, now, voice)
            case m.Prolong(channel, pitch, off, outlet, voice):
                self._station(outlet).schedule.prolong(channel, pitch, off, voice)
            case m.Send(at, data, outlet):
                self._station(outlet).schedule.send(at, data, now)
            case m.ClockRun() | m.ClockTempo() | m.ClockStop():
                for station in self._stations.values():
                    station.change(message, leading=station is self._main)
            case m.UsePort():
                if message.name is not None:
                    self._guard.start()
                self._station(message.outlet).want(message, self._main.clock)
            case m.Listen():
                self._inlet.want(message)
            case m.ExcludeFromThru(controls):
                self._passage.spare(controls)
            case m.SendFeedback():
                self._feeder.feed(message)
            case m.Thru():
                self._now_send(self._passage.set(message))
            case m.SilenceAll():
                self._passage.release()
                for station in self._stations.values():
                    station.send(station.schedule.silence())
            case m.Monitor(on):
                self._sent.switch(on)
            case m.Quit():
                self.end()
            case _:
                self._report(m.Rejected(f"{type(message).__name__} is not for the player."))

    def _station(self, outlet: int) -> Station:
        if outlet not in self._stations:
            self._stations[outlet] = station = self._new_station(outlet)
            if self._census is not None:
                station.outlet.see(self._census)
        return self._stations[outlet]

    def _new_station(self, outlet: int) -> Station:
        row = self._guard.rows[outlet]
        return Station(outlet, self._report, note=self._note_sent, row=row)

    def _keep_house(self) -> None:
        now = time.monotonic()
        if os.getppid() != self._parent:
            self.end()
        late = now - self._housekeeping_at
        if late < 0 or (self._deadline() - now < _QUIET_GAP and late < _HOUSEKEEPING):
            return
        self._housekeeping_at = now + _HOUSEKEEPING
        for station in self._stations.values():
            station.outlet.tend()
        self._inlet.tend()
        self._feeder.keep(self._inlet.listened)
        self._feeder.tend()
        self._guard.tend()
        if self._watcher.start():
            self._census_lines = LineReader()
        if report := self._meter.report(sum(s.schedule.dropped for s in self._stations.values())):
            self._report(report)
        # What was made since the start is little; the rest is frozen.
        gc.collect()

    def _report_sent(self) -> None:
        for sent in self._sent.pop(self._deadline() - self._spin - time.monotonic()):
            self._report(sent)

    def _report(self, message: m.FromPlayer) -> None:
        if isinstance(message, m.PortOpened) and message.name is not None:
            hasten_the_end()
        try:
            line = wire.encode(message)
        except wire.BadMessage as error:
            line = wire.encode(m.Rejected(error.message))
        self._outbox.put(line)

    def _note_sent(self, port: str | None, data: bytes) -> None:
        self._sent.note(time.monotonic(), 0.0, port, data)

    def _finish(self) -> None:
        self._inlet.kill()
        for station in self._stations.values():
            station.finish()
        self._feeder.close()
        time.sleep(_DELIVERY)
        for station in self._stations.values():
            station.outlet.close()


def main() -> None:
    """Run the player on standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    # Before the priority changes, which the watcher must not share.
    watcher = ChildProcess(start_watcher, _WATCHER_PAUSE)
    watcher.start()
    # What MIDI libraries print on standard output is not taken for a message.
    out = os.dup(1)
    os.dup2(2, 1)
    # Here rather than at the first opening, when notes may be due.
    with contextlib.suppress(ImportError):
        importlib.import_module("rtmidi")
    process = PlayerProcess(ask_for_realtime(_PRIORITY), wake, out, watcher)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.end())
    gc.collect()
    gc.freeze()
    gc.disable()
    end_when_stuck()
    process.run()
    # Not the usual way out: a port of a dead JACK server would wait for it.
    os._exit(0)


def start_watcher() -> Process:
    """Start the process that says which ports there are."""
    return start(child_command("engine.midi.player.port_watcher"), stderr=None)


def _ready(what: Addressed) -> float:
    return what[0].ready


if __name__ == "__main__":
    main()
