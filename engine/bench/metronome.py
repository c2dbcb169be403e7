"""The steadiest clock a bare process can send: ``python -m engine.bench.metronome CLIENT SECONDS``.

Opens ``CLIENT:out``, says ``ready``, and for every key sends ticks of the MIDI clock for so many
seconds, each at its absolute deadline, with real-time priority where that is permitted. It does
nothing else, and says ``done`` after each run.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
import tty

import rtmidi

from engine.common.printing import put

INTERVAL = 0.5 / 24
"""Seconds between ticks: 24 to the quarter at 120 quarters a minute."""

_SPIN = 0.0005
_PRIORITY = 20
_TICK = b"\xf8"


def main() -> None:
    """Send ticks for a while after each key, until its terminal ends."""
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=sys.argv[1])
    port.open_virtual_port("out")
    with contextlib.suppress(OSError, AttributeError):
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
    tty.setraw(0)
    gc.collect()
    gc.freeze()
    gc.disable()
    put("ready", flush=True)
    while os.read(0, 1):
        began = time.monotonic() + INTERVAL
        for tick in range(round(float(sys.argv[2]) / INTERVAL)):
            due = began + tick * INTERVAL
            time.sleep(max(0.0, due - _SPIN - time.monotonic()))
            while time.monotonic() < due:
                pass
            port.send_message(_TICK)
        put("done", flush=True)


if __name__ == "__main__":
    main()
