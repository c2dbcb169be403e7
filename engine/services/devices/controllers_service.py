"""The control surfaces: their maps, MIDI learn, the commands that they ask for, and feedback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.jobs import Job, Jobs
from engine.midi import messages as m
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import DeviceMap
from engine.midi.controllers.map_files import BadController, MapFile
from engine.protocol.base import Command, Event
from engine.protocol.devices import CancelLearn, ControllersState, Forget, Learn, SetBinding
from engine.protocol.generation import GenerationState
from engine.protocol.switches import Toggle, Toggled, toggled
from engine.services.base import Service, ServiceContext
from engine.services.devices.controllers import Controllers

LANE = "maps"
"""The lane of the jobs that read and write maps, one after the other."""

MOST_HELD = 10_000
"""How many messages of controllers are held at most while the maps are read."""


@dataclass(eq=False)
class MapReading:
    """The maps as a job reads them, and what came too early for them."""

    maps: Sequence[MapFile] = ()
    wrong: Sequence[BadController] = ()
    over: threading.Event = field(default_factory=threading.Event)
    held: list[Command | m.Listening | m.MidiReceived] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MapsRead(Event):
    """A job has read the maps, or could not."""

    reading: MapReading


class ControllersService(Service):
    """Owns the controllers, and turns over what keys and controls turn over.

    ``generation`` gives the state of generation, which controls move, too. Maps are written by
    jobs; what is bound counts at once. They are read by jobs, too: again when a port comes, whose
    controls are held until then, and so is all that follows a command about the maps.
    """

    commands = (Learn, CancelLearn, Forget, SetBinding, Toggle)
    reports = (MapsRead,)

    def __init__(
        self,
        context: ServiceContext,
        jobs: Jobs,
        generation: Callable[[], GenerationState],
    ) -> None:
        super().__init__(context)
        self._controllers = Controllers(context.publish, write=self._write)
        self._jobs = jobs
        self._generation = generation
        self._reading: MapReading | None = None
        self._commands_held = False
        self._written = threading.Event()
        self._written.set()

    @property
    def shown(self) -> ControllersState:
        """The controllers and their bindings, as they were published last."""
        return self._controllers.shown

    @property
    def reading(self) -> bool:
        """Whether the maps are being read."""
        return self._reading is not None

    def handle(self, command: Command, now: float) -> None:
        """Change what is bound to which control, or turn something over."""
        if isinstance(command, Toggle):
            wanted = toggled(command, self.context.snapshot(), self._generation())
            wanted = replace(wanted, request=command.request)
            self.context.dispatch(wanted, now)
            if command.request:
                self.context.publish(Toggled(wanted))
            return
        assert isinstance(command, Learn | CancelLearn | Forget | SetBinding)
        if self._reading is None and self._controllers.lacks_maps():
            self._read()
        if self._reading is not None:
            self._commands_held = True
            self._reading.held.append(command)
        else:
            self._controllers.handle(command)

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """Dispatch what a control asks for, and see which controllers there are."""
        match report:
            case m.MidiReceived():
                if self._reading is None and self._controllers.lacks_maps():
                    self._read()
                reading = self._reading
                free = self._controllers.knows(report.port) and not self._commands_held
                if reading is None or free:
                    self._on_message(report, now)
                elif len(reading.held) < MOST_HELD:
                    reading.held.append(report)
            case m.Listening(names):
                if self._controllers.lacks_maps(names):
                    self._read()
                if self._reading is not None:
                    self._reading.held.append(report)
                else:
                    self._controllers.seen(names)

    def on_report(self, report: Event, now: float) -> None:
        """Take the maps that were read, and what waited for them."""
        assert isinstance(report, MapsRead)
        if report.reading is self._reading:
            self._on_maps(report.reading, now)

    def next_wake(self) -> float | None:
        """Give when `settle` is due."""
        return self._controllers.wake()

    def close(self, now: float) -> None:
        """Wait for the map that is being written, or is to be once others are read."""
        if self._reading is not None and self._commands_held:
            self._reading.over.wait()
            self._on_maps(self._reading, now)
        self._written.wait()

    def owns(self, heard: m.MidiReceived) -> bool:
        """Return whether a message moves something here, so that it is no playing."""
        return self._controllers.owns(heard)

    def settle(self, now: float) -> None:
        """Dispatch the latest values of what was moved, and show them on the devices."""
        for command in self._controllers.settle(now, self.context.snapshot()):
            self.context.dispatch(command, now)
        self.context.send(self._controllers.spare())
        feeds = self._controllers.feed(now, self.context.snapshot(), self._generation())
        self.context.send(feeds)

    def _on_message(self, heard: m.MidiReceived, now: float) -> None:
        shown = self.context.snapshot()
        command = self._controllers.on_message(heard, shown, self._generation())
        if command is not None:
            self.context.dispatch(command, now)

    def _on_maps(self, reading: MapReading, now: float) -> None:
        self._reading, self._commands_held = None, False
        self._controllers.take_maps(reading.maps, reading.wrong)
        for each in reading.held:
            match each:
                case m.Listening(names):
                    self._controllers.seen(names)
                case m.MidiReceived():
                    self._on_message(each, now)
                case _:
                    self.context.dispatch(each, now)

    def _read(self) -> None:
        # One that goes on may have passed a file that is there by now.
        self._reading = reading = MapReading(held=self._reading.held if self._reading else [])

        def work(_: Job) -> None:
            reading.maps, reading.wrong = map_files.load()

        def ended(job: Job) -> None:
            reading.over.set()
            job.tell(MapsRead(reading))

        self._jobs.start(LANE, "read maps", "reading the maps", work, ended=ended)

    def _write(self, path: Path, changed: DeviceMap) -> None:
        self._written = written = threading.Event()
        self._jobs.start(
            LANE,
            f"write {path}",
            "writing the map",
            lambda _: map_files.write(path, changed),
            ended=lambda _: written.set(),
        )
        if self._reading is not None:
            self._read()
