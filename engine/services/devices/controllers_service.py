"""The control surfaces: their maps, MIDI learn, the commands that they ask for, and feedback."""

from __future__ import annotations

from collections.abc import Callable

from engine.midi import messages as m
from engine.protocol.base import Command
from engine.protocol.devices import CancelLearn, ControllersState, Forget, Learn, SetBinding
from engine.protocol.generation import GenerationState
from engine.services.base import Service, ServiceContext
from engine.services.devices.controllers import Controllers


class ControllersService(Service):
    """Owns the controllers.

    ``generation`` gives the state of generation, which controls move, too; ``play_ahead`` sends
    the player its notes further ahead, before a map is written.
    """

    commands = (Learn, CancelLearn, Forget, SetBinding)

    def __init__(
        self,
        context: ServiceContext,
        controllers: Controllers,
        generation: Callable[[], GenerationState],
        play_ahead: Callable[[float], None],
    ) -> None:
        super().__init__(context)
        self._controllers = controllers
        self._generation = generation
        self._play_ahead = play_ahead

    @property
    def shown(self) -> ControllersState:
        """The controllers and their bindings, as they were published last."""
        return self._controllers.shown

    def handle(self, command: Command, now: float) -> None:
        """Change what is bound to which control."""
        assert isinstance(command, Learn | CancelLearn | Forget | SetBinding)
        # A slow disk holds up this thread, but not the music.
        self._play_ahead(now)
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

    def settle(self, now: float) -> None:
        """Dispatch the latest values of what was moved, and show them on the devices."""
        for command in self._controllers.settle(now, self.context.snapshot()):
            self.context.dispatch(command, now)
        self.context.send(self._controllers.spare())
        feeds = self._controllers.feed(now, self.context.snapshot(), self._generation())
        self.context.send(feeds)
