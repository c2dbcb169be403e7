"""A fake controller: ``python -m engine.bench.fake_controller CLIENT RATE SECONDS``.

Opens ``CLIENT:out``, says ``ready``, and for every key sweeps eight knobs (the controllers 16 to
23) to and fro for so many seconds, sending ``RATE`` messages a second in all, each at its
absolute deadline. It says ``done`` after each run.
"""

from __future__ import annotations

import os
import sys
import time
import tty

import rtmidi

from engine.common.printing import put

FIRST, KNOBS = 16, 8
_END = 127


def main() -> None:
    """Sweep for a while after each key, until its terminal ends."""
    rate, seconds = float(sys.argv[2]), float(sys.argv[3])
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=sys.argv[1])
    port.open_virtual_port("out")
    tty.setraw(0)
    put("ready", flush=True)
    while os.read(0, 1):
        began = time.monotonic()
        for number in range(round(rate * seconds)):
            turn, knob = divmod(number, KNOBS)
            # Each knob a little further than the one before, so that no two stand alike.
            place = (turn + 13 * knob) % (2 * _END)
            port.send_message(bytes((0xB0, FIRST + knob, min(place, 2 * _END - place))))
            time.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
        put("done", flush=True)


if __name__ == "__main__":
    main()
