"""Ends what sounds when the player has died, in a process of its own that is already there.

Started as ``python -m engine.midi.player.guard_process TABLE``, with the descriptor of the table of
what sounds, it waits for the player's end: that of standard input, which nobody else holds, or,
sooner on a busy machine, that of the thread which started it. Then it sends an end for each note
that sounds to every port that was played to, and connects the virtual port of the player's
successor, once there is one, to what the player's own was connected to.

Ends are sent through ports of its own, because those of the player died with it. Where a
virtual port led is known under JACK alone, and followed there as long as the player lives.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable

from engine.common.watchdog import STUCK, end_when_stuck
from engine.midi.backends.jack import JackPorts
from engine.midi.player.jack_connections import JACK, Connections
from engine.midi.player.realtime import ask_for_realtime
from engine.midi.player.silencer import Opened, Silencer
from engine.midi.player.sounding_table import SIZE, SoundingRow, rows
from engine.midi.ports import CLIENT, VIRTUAL, MidiOutput

PRIORITY = 15
"""Below the player's, which it never has to overtake."""

LOOK = 0.5
"""Seconds between two looks at where the player's ports lead."""

RETURN = 20.0
"""Seconds to wait for the player's successor."""

NOTICED = 2.0
"""Seconds that a JACK server is given to notice that one of its clients has died."""

_TIMES = 4
"""How often the ends are sent again: a server may lose some while its clients change."""

_RETURN_LOOK = 0.05

_CLIENT = f"{CLIENT}-guard"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Wait for the end of standard input, then silences what sounds."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # It ends with the player, and neither before it nor otherwise.
        signal.signal(number, signal.SIG_IGN)
    alive = _watch_parent()
    sounding = rows(mmap.mmap(int(sys.argv[1]), SIZE))
    silencer = Silencer(sounding, _opened)
    try:
        connections: Connections | None = Connections(JackPorts(f"{CLIENT}-looks-{os.getpid()}"))
    except OSError:
        connections = None
    ask_for_realtime(PRIORITY)
    gc.collect()
    gc.freeze()
    while True:
        end_when_stuck()
        if connections is not None:
            there = connections.look(alive)
            names = _jack(sounding)
            silencer.prepare([*names, *connections.likely(len(names))], there)
        if not alive(LOOK):
            break
    end_when_stuck(NOTICED + RETURN + STUCK)
    _survive(sounding, silencer, connections)
    # Not the usual way out: a port of a dead JACK server would wait for it.
    os._exit(0)


def _survive(
    sounding: Iterable[SoundingRow], silencer: Silencer, connections: Connections | None
) -> None:
    names = [row.name for row in sounding if row.name is not None]
    if not names:
        # The player has ended in order, and silenced everything itself.
        return
    count = len(_jack(sounding))
    silencer.silence([*names, *(() if connections is None else connections.likely(count))])
    # Until a JACK server has noticed the death, it passes nothing on to whom the dead one played.
    until = time.monotonic() + NOTICED
    while connections is not None and not connections.find(count) and time.monotonic() < until:
        silencer.again()
    if connections is not None:
        silencer.silence(connections.targets)
    for _ in range(_TIMES):
        silencer.again()
    silencer.close()
    until = time.monotonic() + RETURN
    while connections is not None and time.monotonic() < until and not connections.restore():
        time.sleep(_RETURN_LOOK)


def _jack(sounding: Iterable[SoundingRow]) -> list[str]:
    # A virtual port is JACK's, where it is of use here.
    return [row.name for row in sounding if row.name and row.name.startswith((f"{JACK}:", VIRTUAL))]


def _opened(port: str) -> Opened:
    return MidiOutput(port, port.partition(":")[0], f"{_CLIENT}-{os.getpid()}")


def _watch_parent() -> Callable[..., bool]:
    """Return what tells whether the player lives, at once or within so many seconds."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: None)
    if sys.platform == "linux":
        # Pipes close with the last thread of a process, which those of the sound system's are
        # that have no priority; the thread that keeps time has one, and is gone at once.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGUSR1))

    def alive(within: float = 0.0) -> bool:
        # Nothing is ever written to standard input, so what can be read there is its end.
        return not select.select([0, wake], [], [], within)[0]

    return alive


if __name__ == "__main__":
    main()
