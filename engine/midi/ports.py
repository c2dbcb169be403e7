"""MIDI ports by name: listing, finding and opening them, on machines with any or none.

A name is the system's short word, a colon and what the system calls the port, as in
``jack:fluidsynth-midi:midi_00``; ``virtual`` is our own port that others connect to; None is
no port at all, which is as normal as having eight.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.common.child_process import child_command, child_environment
from engine.errors import PortError, UnknownName, UserError

VIRTUAL = "virtual"
SYNTH_API = "preview"
"""The short name of the built-in synth as a system of its own."""
BUILT_IN_SYNTH = f"{SYNTH_API}:built-in synth"
"""The port of the built-in synth."""
CLIENT = "armonica"
HEARING = f"{CLIENT}-in"
"""The name of our own port that others can play to."""
EARS = f"{CLIENT}-hears"
"""Our name beside the ports of others that we hear."""
SPEAKING = f"{CLIENT}-says"
"""The client by which devices are spoken back to."""

VIRTUAL_OUT, NAMED_OUT = "out", "to"
"""What the virtual port is called behind the client's name, and those that play to a named port."""

# In the order in which a virtual port is looked for.
API_CONSTANTS = {
    "jack": "API_UNIX_JACK",
    "alsa": "API_LINUX_ALSA",
    "coremidi": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}
_WITH_VIRTUAL = ("jack", "alsa", "coremidi")

Direction = Literal["in", "out"]


class SeveralMatch(UserError):
    """A part of a name that more than one port carries."""

    title = "MIDI port"


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A port of this machine: its name here, its system, and whether we play to it or hear it."""

    name: str
    api: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Census:
    """The MIDI systems that answer, and the ports that each has: (outputs, inputs) by system."""

    ports: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names that can be played to, the virtual port first."""
        virtual = (VIRTUAL,) if self.virtual_api else ()
        return virtual + tuple(name for outputs, _ in self.ports.values() for name in outputs)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names that can be heard."""
        return tuple(name for _, inputs in self.ports.values() for name in inputs)

    @property
    def virtual_api(self) -> str | None:
        """The system that a virtual port would be made in."""
        return next((api for api in _WITH_VIRTUAL if api in self.ports), None)

    @property
    def found(self) -> tuple[PortInfo, ...]:
        """The ports of all systems, the virtual port first."""
        api = self.virtual_api
        ports = [PortInfo(VIRTUAL, api, "out")] if api else []
        for api, (outputs, inputs) in self.ports.items():
            ports += [PortInfo(name, api, "out") for name in outputs]
            ports += [PortInfo(name, api, "in") for name in inputs]
        return tuple(ports)

    def holds(self, name: str, api: str) -> bool:
        """Whether the port that was opened in this system is there still."""
        return api in self.ports and (name == VIRTUAL or name in self.ports[api][0])

    def line(self) -> bytes:
        """Return the census as one line of JSON."""
        return json.dumps(self.ports, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Census:
        """Read what ``line`` gave; raises ValueError for anything else."""
        body = json.loads(line)
        try:
            return cls(
                {
                    str(api): (tuple(map(str, outputs)), tuple(map(str, inputs)))
                    for api, (outputs, inputs) in body.items()
                }
            )
        except (AttributeError, TypeError) as error:
            raise ValueError(f"not a census: {error}") from None


def list_ports(timeout: float = 10.0) -> tuple[PortInfo, ...]:
    """Return the ports of this machine; nothing where it has no MIDI.

    The looking is done in a short-lived process, because MIDI libraries print to standard
    error, and a stuck sound server would hold up whoever asks it.
    """
    try:
        seen = subprocess.run(
            child_command("engine.midi.player.port_watcher", "--once"),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=True,
        )
        return Census.read(seen.stdout).found
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def resolve(name: str, known: Iterable[str]) -> str:
    """Return the one known name that is meant: itself, or the only one that contains it.

    Raises UnknownName where there is none, PortError where there are no ports at all, and
    SeveralMatch where the part is not enough.
    """
    names = list(dict.fromkeys(known))
    if not names:
        raise PortError(
            f"There is no MIDI port called {name!r}, nor any other on this machine.",
            "Plug one in, or start JACK.",
        )
    if name in names:
        return name
    matches = [each for each in names if name.casefold() in each.casefold()]
    if not matches:
        raise UnknownName("MIDI port", name, names)
    if len(matches) > 1:
        shown = ", ".join(matches[:6]) + (", ..." if len(matches) > 6 else "")
        raise SeveralMatch(
            f"{len(matches)} MIDI ports match {name!r}: {shown}.", "Give more of the name."
        )
    return matches[0]


def stable_names(api: str, raw: Sequence[str]) -> list[str]:
    """Return our names for a system's own, in order, without what changes at each plugging.

    ALSA ends its names with client and port numbers; equal names are told apart by a count.
    """
    names: list[str] = []
    for each in raw:
        base = re.sub(r" \d+:\d+$", "", each) if api == "alsa" else each
        name = base = f"{api}:{base}"
        count = 1
        while name in names:
            count += 1
            name = f"{base} ({count})"
        names.append(name)
    return names


class Input:
    """A port that is open for hearing; what it hears is handed over on a thread of its own."""

    def __init__(self, name: str, api: str, on_data: Callable[[bytes], None]) -> None:
        """Open a port of that system by its full name; raises PortError where that fails."""
        import rtmidi

        self.name = name
        try:
            virtual = name == VIRTUAL
            client = HEARING if virtual else EARS
            self._in: Any = rtmidi.MidiIn(getattr(rtmidi, API_CONSTANTS[api]), name=client)
            with _given_back_on_failure(self._in):
                self._in.ignore_types(sysex=False, timing=False, active_sense=True)
                self._in.set_callback(lambda event, _: on_data(bytes(event[0])))
                if virtual:
                    self._in.open_virtual_port(HEARING if api == "coremidi" else "in")
                else:
                    self._in.open_port(_place(name, api, self._in.get_ports()), name="in")
        except rtmidi.RtMidiError as error:
            raise PortError(
                f"The MIDI port {name!r} cannot be heard: {error}",
                "Close what else uses it.",
            ) from None

    def close(self) -> None:
        """Close the port."""
        self._in.close_port()
        self._in.delete()


class MidiOutput:
    """A port that is open for playing."""

    def __init__(self, name: str, api: str, client: str = CLIENT) -> None:
        """Open a port of that system by its full name; raises PortError where that fails."""
        import rtmidi

        self.name = name
        self.api = api
        self._error: type[Exception] = rtmidi.RtMidiError
        try:
            self._out: Any = rtmidi.MidiOut(getattr(rtmidi, API_CONSTANTS[api]), name=client)
            with _given_back_on_failure(self._out):
                if name == VIRTUAL:
                    # CoreMIDI shows the port's name alone, the others the client's before it.
                    self._out.open_virtual_port(CLIENT if api == "coremidi" else VIRTUAL_OUT)
                else:
                    # Not called as the virtual one is: only that one's connections are the user's.
                    self._out.open_port(_place(name, api, self._out.get_ports()), name=NAMED_OUT)
        except self._error as error:
            raise PortError(
                f"The MIDI port {name!r} cannot be opened: {error}",
                "Close what else uses it, or choose another with `armonica ports`.",
            ) from None

    def send(self, data: bytes) -> None:
        """Send one message; raises PortError where the system says that the port is gone."""
        try:
            self._out.send_message(data)
        except self._error as error:
            raise PortError(f"The MIDI port {self.name!r} does not answer: {error}") from None

    def close(self) -> None:
        """Close the port; what was sent before is still delivered."""
        self._out.close_port()
        self._out.delete()


@contextlib.contextmanager
def _given_back_on_failure(client: Any) -> Iterator[None]:
    # Left to itself it goes on being one of JACK's clients, of which there is a last.
    try:
        yield
    except BaseException:
        client.delete()
        raise


def _place(name: str, api: str, raw: Sequence[str]) -> int:
    names = stable_names(api, raw)
    if name not in names:
        raise PortError(f"The MIDI port {name!r} has gone.", "Plug it in again.")
    return names.index(name)
