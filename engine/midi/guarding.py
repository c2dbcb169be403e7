"""Ends what sounds when the player has died, in a process of its own that is already there.

Started as ``python -m engine.midi.guarding TABLE``, with the descriptor of the table of what
sounds, it waits for the end of standard input, which only the player holds. Then it sends an end
for each note that sounds to every port that was played to, and connects the virtual port of the
player's successor, once there is one, to what the player's own was connected to.

Ends are sent through ports of its own, because those of the player died with it. Where a
virtual port led is known under JACK alone, and followed there as long as the player lives.
"""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
import sys
import time
from collections.abc import Iterable

from engine.midi.connections import JACK, Connections
from engine.midi.jack import JackServer
from engine.midi.ports import CLIENT, VIRTUAL, Output
from engine.midi.priority import ask_for_realtime
from engine.midi.silencing import Opened, Silencer
from engine.midi.sounding import SIZE, SoundingRow, rows

PRIORITY = 15
"""Below the player's, which it never has to overtake."""

LOOK = 0.5
"""Seconds between two looks at where the player's ports lead."""

RETURN = 20.0
"""Seconds to wait for the player's successor."""

_RETURN_LOOK = 0.05

_CLIENT = f"{CLIENT}-guard"


def main() -> None:
    """Waits for the end of standard input, then silences what sounds."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # It ends with the player, and neither before it nor otherwise.
        signal.signal(number, signal.SIG_IGN)
    sounding = rows(mmap.mmap(int(sys.argv[1]), SIZE))
    silencer = Silencer(sounding, _opened)
    try:
        connections: Connections | None = Connections(JackServer(f"{CLIENT}-looks-{os.getpid()}"))
    except OSError:
        connections = None
    ask_for_realtime(PRIORITY)
    gc.collect()
    gc.freeze()
    while True:
        if connections is not None:
            there = connections.look(_alive)
            names = _jack(sounding)
            silencer.prepare([*names, *connections.likely(len(names))], there)
        if not _alive(LOOK):
            break
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
    if connections is not None:
        connections.find(count)
        silencer.silence(connections.targets)
    silencer.close()
    until = time.monotonic() + RETURN
    while connections is not None and time.monotonic() < until and not connections.restore():
        time.sleep(_RETURN_LOOK)


def _jack(sounding: Iterable[SoundingRow]) -> list[str]:
    # A virtual port is JACK's, where it is of use here.
    return [row.name for row in sounding if row.name and row.name.startswith((f"{JACK}:", VIRTUAL))]


def _opened(port: str) -> Opened:
    return Output(port, port.partition(":")[0], f"{_CLIENT}-{os.getpid()}")


def _alive(within: float = 0.0) -> bool:
    # Nothing is ever written to it, so what can be read is the end.
    return not select.select([0], [], [], within)[0]


if __name__ == "__main__":
    main()
