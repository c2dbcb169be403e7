"""The least that can be between a key and a note: ``python -m engine.bench.echo CLIENT``.

A bare mido program that opens ``CLIENT:out``, says ``ready``, and sends a note for every key.
"""

from __future__ import annotations

import os
import sys
import tty

import mido

from engine.common.printing import put

CHANNEL, PITCH = 15, 60


def main() -> None:
    """Echo keys until its terminal ends."""
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    with backend.open_output("out", virtual=True, client_name=sys.argv[1]) as port:
        tty.setraw(0)
        put("ready", flush=True)
        while os.read(0, 1):
            port.send(mido.Message("note_on", channel=CHANNEL, note=PITCH, velocity=64))
            port.send(mido.Message("note_off", channel=CHANNEL, note=PITCH))


if __name__ == "__main__":
    main()
