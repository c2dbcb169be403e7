"""A port that the player plays to: wanted by name, opened, lost and taken up again."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import ArmonicaError, PortError
from engine.midi.backends.table import OpenedPort, open_port
from engine.midi.messages import FromPlayer, PortFailed, PortLost, PortOpened, PortsSeen
from engine.midi.player.sounding_table import SIZE, SoundingRow
from engine.midi.ports import BUILT_IN_SYNTH, VIRTUAL, Census, resolve

Opener = Callable[[str, str], OpenedPort]
"""Opens the port of that name in that system; raises PortError where that fails."""


class ReconnectingPort:
    """Plays to the wanted port whenever it is there, and to nothing whenever it is not."""

    def __init__(
        self,
        report: Callable[[FromPlayer], None],
        opened: Callable[[], None],
        opener: Opener = open_port,
        row: SoundingRow | None = None,
    ) -> None:
        """Make it; ``report`` is given reports of ports, ``row`` what sounds at the port.

        ``opened`` is called when a port has just been opened.
        """
        self._report = report
        self._row = row or SoundingRow(bytearray(SIZE), 0)
        self._opened = opened
        self._opener = opener
        self._wanted: str | None = None
        self._output: OpenedPort | None = None
        self._census: Census | None = None
        self._answer_due = False
        # A closing JACK port waits a second for a server that has died, and so does its
        # destructor: such ports are kept unclosed instead of holding up the time.
        self._dead: list[OpenedPort] = []

    @property
    def name(self) -> str | None:
        """The port that plays now; None for none."""
        return self._output.name if self._output is not None else None

    @property
    def wanted(self) -> str | None:
        """The port that is or would be played to."""
        return self._wanted

    def want(self, name: str | None) -> None:
        """Leave the port at hand for the named one; None is no port."""
        self.close()
        self._wanted = name
        if name is None:
            self._report(PortOpened(None))
            return
        self._answer_due = True
        self.tend()

    def see(self, census: Census) -> None:
        """Follow which ports are there now."""
        self._census = census
        self._report(PortsSeen(census.outputs, census.inputs))
        output = self._output
        if output is not None and not census.holds(output.name, output.api):
            self._lose(output)
        self.tend()

    def see_nothing(self) -> None:
        """Note that nobody knows the ports; a census that came before still stands."""
        if self._census is None:
            self.see(Census({}))

    def tend(self) -> None:
        """Open the wanted port if it can be opened now."""
        # Before the first census nothing can be said about any name.
        if self._output is not None or self._wanted is None or self._census is None:
            return
        try:
            self._output = self._open(self._wanted, self._census)
        except ArmonicaError as error:
            if self._answer_due:
                self._answer_due = False
                self._report(PortFailed(self._wanted, error.line()))
            return
        self._answer_due = False
        self._wanted = self._output.name
        self._row.open(self._output.name)
        self._report(PortOpened(self._output.name))
        self._opened()

    def send(self, data: bytes) -> None:
        """Send one message to the port, if there is one."""
        output = self._output
        if output is not None:
            self._row.sending(data)
            try:
                output.send(data)
            except PortError:
                self._lose(output)
            else:
                self._row.sent(data)

    def close(self) -> None:
        """Close the port at hand; what was sent before is still delivered."""
        if self._output is not None:
            self._output.close()
            self._output = None
            self._row.close()

    def _open(self, wanted: str, census: Census) -> OpenedPort:
        if wanted == VIRTUAL:
            api = census.virtual_api
            if api is None:
                raise PortError(
                    "There is no virtual MIDI port on this machine.",
                    "Start JACK, or choose another port with `armonica ports`.",
                )
            return self._opener(VIRTUAL, api)
        if wanted == BUILT_IN_SYNTH and wanted not in census.outputs:
            raise PortError(
                "The built-in synth has no sound device to play to.",
                "`armonica doctor` says why; sound goes to files with `armonica render`.",
            )
        name = resolve(wanted, census.outputs)
        if name == VIRTUAL:
            return self._open(VIRTUAL, census)
        return self._opener(name, name.partition(":")[0])

    def _lose(self, output: OpenedPort) -> None:
        self._output = None
        self._row.close()
        if self._census is not None and output.api in self._census.ports:
            output.close()
        else:
            self._dead.append(output)
        self._report(PortLost(output.name))
