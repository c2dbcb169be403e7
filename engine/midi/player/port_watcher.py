"""Watches which MIDI ports come and go, in a process of its own.

Asking a sound system what it has can print, stall or crash, and none of that may disturb the
process that keeps time. ``python -m engine.midi.player.port_watcher`` writes a census line whenever
something changes, until its standard input ends; ``--once`` writes one and ends.
"""

from __future__ import annotations

import os
import select
import sys
from typing import Any

import rtmidi

from engine.midi.backends import table
from engine.midi.backends.jack import JackPorts
from engine.midi.backends.table import System
from engine.midi.ports import API_CONSTANTS, CLIENT, EARS, HEARING, Census, stable_names

PERIOD = 0.5
_NAME = f"{CLIENT}-watch"
_EARS = (HEARING, EARS)


class RtMidiSystem:
    """A system asked through RtMidi; its clients stay open, because opening one costs."""

    def __init__(self, constant: int) -> None:
        self._constant = constant
        self._clients: tuple[Any, Any] | None = None

    def look(self) -> tuple[list[str], list[str]] | None:
        """Return its own names of outputs and inputs; None where it does not answer."""
        try:
            if self._clients is None:
                self._clients = (
                    rtmidi.MidiOut(self._constant, name=_NAME),
                    rtmidi.MidiIn(self._constant, name=_NAME),
                )
            outputs, inputs = (list(client.get_ports()) for client in self._clients)
        except rtmidi.RtMidiError:
            self._clients = None
            return None
        # Clients are ports too in some systems, and our own are nobody's business.
        return [_ for _ in outputs if _NAME not in _], [_ for _ in inputs if _NAME not in _]


def systems() -> dict[str, System]:
    """Return every MIDI system that this build can speak to, by its short name."""
    compiled = rtmidi.get_compiled_api()
    found: dict[str, System] = {}
    for api, name in API_CONSTANTS.items():
        constant = getattr(rtmidi, name)
        if constant not in compiled:
            continue
        if api == "jack":
            try:
                # JACK names a client's socket after the client alone: two watchers of one name,
                # even on two servers, are taken for each other.
                found[api] = JackPorts(f"{_NAME}-{os.getpid()}")
            except OSError:
                continue
        else:
            found[api] = RtMidiSystem(constant)
    jack = found.get("jack")
    # Asked last: then it is known whether JACK, which brings a sound device, has answered.
    return found | table.systems(lambda: isinstance(jack, JackPorts) and jack.running)


def take_census(of: dict[str, System]) -> Census:
    """Ask each system what it has now."""
    ports = {}
    for api, system in of.items():
        if (seen := system.look()) is not None:
            outputs, inputs = seen
            # What we hear with is no place to play to: that would never end.
            outputs = [name for name in outputs if not any(own in name for own in _EARS)]
            ports[api] = (
                tuple(stable_names(api, outputs)),
                tuple(stable_names(api, inputs)),
            )
    return Census(ports)


def main() -> None:
    """Write census lines to standard output."""
    # MIDI libraries print on both, and nothing of that is a census.
    out = os.dup(1)
    for standard in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), standard)
    known = systems()
    last = None
    while True:
        census = take_census(known)
        if census != last:
            os.write(out, census.line())
            last = census
        if "--once" in sys.argv[1:]:
            return
        readable, _, _ = select.select([0], [], [], PERIOD)
        if readable and not os.read(0, 4096):
            return


if __name__ == "__main__":
    main()
