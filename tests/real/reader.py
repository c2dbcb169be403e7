"""An independent JACK client: prints each MIDI message with the moment at which it arrived."""

from __future__ import annotations

import sys
import time

import rtmidi


def main() -> None:
    """Opens ``CLIENT:in`` and prints until standard input ends."""
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=sys.argv[1])
    port.ignore_types(sysex=False, timing=False, active_sense=False)
    port.set_callback(lambda event, _: print(time.monotonic(), bytes(event[0]).hex(), flush=True))
    port.open_virtual_port("in")
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
