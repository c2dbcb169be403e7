"""Commands and events of MIDI ports, controllers and the MIDI monitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import OutOfRange
from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.targets import Target
from engine.protocol.base import Event, Overtaking

Way = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class MidiLine:
    """One MIDI message that came in or went out over a port, at ``at`` seconds since 1970.

    ``late`` is in milliseconds; None for what came in.
    """

    at: float
    way: Way
    port: str
    data: bytes
    late: float | None = None


@dataclass(frozen=True, slots=True)
class MidiTraffic(Event):
    """The MIDI messages since the last telling, told to whoever watches.

    The latest are there; ``missed_in`` and ``missed_out`` count those that were passed over.
    """

    lines: tuple[MidiLine, ...]
    missed_in: int = 0
    missed_out: int = 0

    def then(self, later: MidiTraffic, most: int) -> MidiTraffic:
        """Return this telling and a later one as one, with ``most`` messages at most."""
        lines = self.lines + later.lines
        over, kept = lines[:-most], lines[-most:]
        came = sum(line.way == "in" for line in over)
        return MidiTraffic(
            kept,
            self.missed_in + later.missed_in + came,
            self.missed_out + later.missed_out + len(over) - came,
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding, where its control stands (0 to 1; None: not known), and whether it has hold."""

    binding: Binding
    place: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class ControllerState:
    """A controller: its name, the port it is at (empty: not there), and the file of its map.

    A map that ships is not written to: what is learned goes to a file of the user's own.
    """

    device: str
    port: str = ""
    file: str = ""
    shipped: bool = False
    note: str = ""
    bindings: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class ControllersState(Event):
    """All controllers and what they move, and the target that waits for a control, if one does."""

    devices: tuple[ControllerState, ...] = ()
    learning: Target | None = None


@dataclass(frozen=True, slots=True)
class ControlLearned(Event):
    """A control was bound; ``replaced`` says what gave way."""

    device: str
    binding: Binding
    replaced: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenPort(Overtaking):
    """Sends to the MIDI port called ``name`` from now on (None: to no port)."""

    name: str | None


@dataclass(frozen=True, slots=True)
class ListenTo(Overtaking):
    """Hears the MIDI ports whose names contain one of ``names`` from now on (None: all)."""

    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SetThru(Overtaking):
    """Passes what is played on to the instrument, or not.

    ``only`` are the channels (0-15) whose playing counts; empty: all.
    """

    on: bool
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for channel in self.only:
            if not 0 <= channel <= 15:
                raise OutOfRange(f"A channel lies from 0 to 15; {channel} does not.")


@dataclass(frozen=True, slots=True)
class WatchMidi(Overtaking):
    """Has what passes over the MIDI ports told (see `MidiTraffic`), or no longer.

    It ends by itself (see `engine.services.devices.midi_monitor.LEASE`): whoever goes on watching
    asks again.
    """

    on: bool


@dataclass(frozen=True, slots=True)
class Learn(Overtaking):
    """Binds the next control that moves decisively to a target."""

    target: Target


@dataclass(frozen=True, slots=True)
class CancelLearn(Overtaking):
    """Waits for no control any more."""


@dataclass(frozen=True, slots=True)
class Forget(Overtaking):
    """Takes what moves a target out of the map of a device (empty: of every device)."""

    target: Target
    device: str = ""


@dataclass(frozen=True, slots=True)
class SetBinding(Overtaking):
    """Puts a binding into the map of a device, in the place of the one of its control."""

    device: str
    binding: Binding
