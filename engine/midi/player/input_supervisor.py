"""The ports that are listened to, chosen by name from those that there are, as they come and go."""

from __future__ import annotations

from collections.abc import Callable

from engine.common.child_process import ChildProcess, Process, child_command, start
from engine.midi import wire
from engine.midi.messages import FromPlayer, Listen, Listening
from engine.midi.ports import VIRTUAL, Census

ECHOES = ("midi through", "armonica")
"""Parts of the names of ports that would give back what we send ourselves."""

_PAUSE = 5.0


def wanted(listen: Listen, census: Census) -> tuple[str, ...]:
    """Return the whole names of the ports to listen to, the virtual one with its system."""
    names = [
        name
        for name in census.inputs
        if not any(echo in name.casefold() for echo in ECHOES)
        and (listen.everything or any(part.casefold() in name.casefold() for part in listen.names))
    ]
    api = census.virtual_api
    if api is not None and (listen.everything or VIRTUAL in listen.names):
        names.insert(0, f"{VIRTUAL}:{api}")
    return tuple(names)


class Inlet(ChildProcess):
    """Has a process listen to the wanted ports, and starts it again should it end."""

    def __init__(self, report: Callable[[FromPlayer], None]) -> None:
        """Make it; ``report`` gets what becomes of the ports."""
        super().__init__(start_input_process, _PAUSE)
        self._report = report
        self._listen = Listen()
        self._census: Census | None = None
        self._opened: tuple[str, ...] = ()

    @property
    def listened(self) -> tuple[str, ...]:
        """The names of the ports that the process listens to."""
        return self._opened

    def want(self, listen: Listen) -> None:
        """Receive other ports from now on."""
        self._listen = listen
        self.tend()

    def see(self, census: Census) -> None:
        """Follow which ports are there now."""
        self._census = census
        self.tend()

    def tend(self) -> None:
        """Bring the process to what is wanted; one that has nothing to do is not started."""
        if self._census is None:
            return
        names = wanted(self._listen, self._census)
        if names and self.start():
            self._opened = ()
        if names != self._opened and self.outbox is not None:
            self._opened = names
            self.outbox.put(wire.encode(Listen(names)))

    def forget_process(self) -> None:
        """Note the end of the process; another is started after a pause."""
        if self.close() and self._opened:
            self._report(Listening(()))


def start_input_process() -> Process:
    """Start the process that listens to the inputs."""
    return start(child_command("engine.midi.player.input_process"), stderr=None)
