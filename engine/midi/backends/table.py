"""MIDI systems that other rooms bring, by short name: a module each, imported on use.

Such a module has ``open_output(name, api)``, which opens a port for playing or raises
`PortError`, and ``system(server)``, which returns a `System` that lists its ports; ``server``
tells whether a sound server answers. A row here is all that a new one takes.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from engine.midi.ports import SYNTH_API, MidiOutput

BACKENDS = {SYNTH_API: "engine.audio.synth_backend"}
"""The modules by the short names of their systems."""


class OpenedPort(Protocol):
    """A port that is open for playing."""

    name: str
    api: str

    def send(self, data: bytes) -> None:
        """Send one message; raises PortError where the system says that the port is gone."""
        ...

    def close(self) -> None:
        """Close the port; what was sent before is still delivered."""
        ...


class System(Protocol):
    """A MIDI system that can be asked for its ports."""

    def look(self) -> tuple[list[str], list[str]] | None:
        """Return its own names of outputs and inputs; None where it does not answer."""
        ...


def open_port(name: str, api: str) -> OpenedPort:
    """Open a port of any system for playing; raises PortError where that fails."""
    if api in BACKENDS:
        return cast(OpenedPort, import_module(BACKENDS[api]).open_output(name, api))
    return MidiOutput(name, api)


def systems(server: Callable[[], bool]) -> dict[str, System]:
    """Return the systems of this table by short name."""
    return {api: import_module(module).system(server) for api, module in BACKENDS.items()}
