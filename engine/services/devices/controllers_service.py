"""The control surfaces: their maps, MIDI learn, the commands that they ask for, and feedback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.jobs import Jobs
from engine.midi import messages as m
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import DeviceMap
from engine.protocol.base import Command
from engine.protocol.devices import CancelLearn, ControllersState, Forget, Learn, SetBinding
from engine.protocol.generation import GenerationState
from engine.protocol.switches import Toggle, toggled
from engine.services.base import Service, ServiceContext
from engine.services.devices.controllers import Controllers


class ControllersService(Service):
    """Owns the controllers, and turns over what keys and controls turn over.

    ``generation`` gives the state of generation, which controls move, too. Maps are written by
    jobs; what is bound counts at once.
    """

    commands = (Learn, CancelLearn, Forget, SetBinding, Toggle)

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
        self._written = threading.Event()
        self._written.set()

    @property
    def shown(self) -> ControllersState:
        """The controllers and their bindings, as they were published last."""
        return self._controllers.shown

    def handle(self, command: Command, now: float) -> None:
        """Change what is bound to which control, or turn something over."""
        if isinstance(command, Toggle):
            wanted = toggled(command, self.context.snapshot(), self._generation())
            self.context.dispatch(replace(wanted, request=command.request), now)
            return
        assert isinstance(command, Learn | CancelLearn | Forget | SetBinding)
        self._controllers.handle(command)

    def on_player(self, report: m.FromPlayer, now: float) -> None:
        """Dispatch what a control asks for, and see which controllers there are."""
        match report:
            case m.MidiReceived():
                shown = self.context.snapshot()
                command = self._controllers.on_message(report, shown, self._generation())
                if command is not None:
                    self.context.dispatch(command, now)
            case m.Listening(names):
                self._controllers.seen(names)

    def next_wake(self) -> float | None:
        """Give when `settle` is due."""
        return self._controllers.wake()

    def close(self, now: float) -> None:
        """Wait for the map that is being written."""
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

    def _write(self, path: Path, changed: DeviceMap) -> None:
        self._written = written = threading.Event()
        self._jobs.start(
            "maps",
            f"write {path}",
            "writing the map",
            lambda _: map_files.write(path, changed),
            ended=lambda _: written.set(),
        )
