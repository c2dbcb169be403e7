"""Kills the player while notes sound, again and again, and times the end of each note.

``python -m tests.kills [--trials N]`` prints, for a named and a virtual port under a JACK server
of its own, how long after the kill the last note-off came to an independent client, and how many
notes never had one.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence

from engine.bench.jack import JackListener, Message
from engine.midi import messages as m
from engine.midi.client import PlayerLink
from tests.support.fake_player import EventLog
from tests.support.jack import PERIOD, JackServer, Note, guards, strike
from tests.support.waiting import wait_until

CHORD: frozenset[Note] = frozenset((channel, pitch) for channel in range(3) for pitch in (40, 44))

_A_SERVER = 5
"""Kills under one server."""

PATIENCE = 4.0
"""Seconds after which a note without its end counts as hung."""


def ended(messages: Sequence[Message], since: float) -> dict[Note, float]:
    """Return when each note was first ended by a note-off of its own since a moment."""
    first: dict[Note, float] = {}
    for at, data in messages:
        if at >= since and data[0] & 0xF0 == 0x80:
            first.setdefault((data[0] & 0x0F, data[1]), at)
    return first


def kill_once(name: str, jack: JackServer, listener: JackListener) -> tuple[float, int] | None:
    """Return the seconds from a player's kill to the last note-off, and the notes left hanging.

    The notes are waited for `PATIENCE` seconds. None where the notes were not heard at all.
    """
    log = EventLog()
    link = PlayerLink(log)
    try:
        log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
        others = guards(jack)
        link.send(m.UsePort(name))
        log.wait_for(m.PortOpened, lambda opened: opened.name == name)
        if name == "virtual":
            jack.connect("armonica:out", "listener:in")
        wait_until(lambda: guards(jack) - others)
        if not strike(listener, link, CHORD):
            return None
        killed = time.monotonic()
        os.kill(link.pid, signal.SIGKILL)
        listener.wait_for(lambda messages: ended(messages, killed).keys() >= CHORD, PATIENCE)
        ends = ended(listener.messages, killed)
        return max(ends.values(), default=killed) - killed, len(CHORD - ends.keys())
    finally:
        link.close()


def kill_often(name: str, trials: int, in_step: bool) -> Iterator[tuple[float, int] | None]:
    """Yield what came of each kill, a few under one server, each with a reader of its own.

    A JACK server that has seen a client killed may never call the others again; a second reader
    then hears what the first does not. Such a trial gives None, and another is made of it.
    """
    while trials > 0:
        with JackServer("armonica-kills", PERIOD, in_step=in_step) as jack:
            os.environ |= jack.variables
            for _ in range(min(trials, _A_SERVER)):
                with JackListener("listener", jack) as listener:
                    if (came := kill_once(name, jack, listener)) is None:
                        yield None
                        break
                    yield came
                    trials -= 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the trials and prints a line for each kind of port."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--trials", type=int, default=30, help="kills for each kind of port")
    parser.add_argument("--in-step", action="store_true", help="a server that waits for clients")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ["ARMONICA_HOME"] = home
        for name in ("jack:listener:in", "virtual"):
            came = list(kill_often(name, given.trials, given.in_step))
            trials = [each for each in came if each is not None]
            times = sorted(1000 * seconds for seconds, _ in trials)
            hung = sum(left for _, left in trials)
            late = sum(each > 200 for each in times)
            print(
                f"{name}: {len(trials)} kills, last note-off after {times[len(times) // 2]:.0f} ms"
                f" (median), {times[-1]:.0f} ms at worst, {late} later than 200 ms; "
                f"{hung} of {len(trials) * len(CHORD)} notes without one; "
                f"{len(came) - len(trials)} times the server called its clients no more",
                flush=True,
            )


if __name__ == "__main__":
    main()
