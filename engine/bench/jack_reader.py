"""An independent JACK client: prints each MIDI message with the moment at which it arrived.

``python -m engine.bench.jack_reader CLIENT`` opens ``CLIENT:in``, says ``ready``, and prints lines
of seconds (of the monotonic clock) and bytes (in hexadecimal) until its standard input ends.
"""

from __future__ import annotations

import os
import sys
import time

import rtmidi

from engine.common.printing import put


def main() -> None:
    """Open the port and prints what arrives there."""
    # JACK's library prints to standard output too, and that is no message.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=sys.argv[1])
    port.ignore_types(sysex=False, timing=False, active_sense=False)
    port.set_callback(
        lambda event, _: put(f"{time.monotonic()} {bytes(event[0]).hex()}", file=out, flush=True)
    )
    port.open_virtual_port("in")
    put("ready", file=out, flush=True)
    sys.stdin.read()
    # A client that leaves without a word holds up the server.
    port.close_port()
    port.delete()


if __name__ == "__main__":
    main()
