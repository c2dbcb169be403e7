"""Two ports at once under a real JACK server: each hears its own, and one that goes is alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from engine.midi import messages as m
from engine.midi.client import PlayerLink
from tests.support.fake_player import EventLog
from tests.support.jack import NoteReader, note_starts

pytestmark = pytest.mark.real
Hear = Callable[[str], NoteReader]


def opened(link: PlayerLink, log: EventLog, *names: str, clock: tuple[int, ...] = (0, 1)) -> None:
    """Open a port for each outlet, and wait until they play."""
    ports = {f"jack:{name}:in" for name in names}
    log.wait_for(m.PortsSeen, lambda seen: ports <= set(seen.outputs))
    for outlet, name in enumerate(names):
        link.send(m.UsePort(f"jack:{name}:in", True, outlet, outlet in clock))
        event = log.wait_for(m.PortOpened)
        assert (event.name, event.outlet) == (f"jack:{name}:in", outlet)


def note(on: float, off: float, pitch: int) -> m.TimedNote:
    """Return a note on channel 1."""
    return m.TimedNote(on, off, 0, pitch, 90)


def test_two_ports_are_played_to_at_once(link: PlayerLink, log: EventLog, hear: Hear) -> None:
    low, high = hear("low"), hear("high")
    opened(link, log, "low", "high", clock=(1,))
    start = time.monotonic() + 0.3
    for outlet, pitch in ((0, 48), (1, 72)):
        steps = [note(start + n / 10, start + n / 10 + 0.08, pitch + n) for n in range(8)]
        link.send(m.Notes(tuple(steps), outlet))
    link.send(m.ClockRun(start, 0.5 / 24))
    for listener, pitch in ((low, 48), (high, 72)):
        listener.wait_until(lambda messages: len(note_starts(messages)) == 8)
        assert [data[1] for _, data in note_starts(listener.messages)] == [
            pitch + n for n in range(8)
        ]
    together = zip(note_starts(low.messages), note_starts(high.messages), strict=True)
    # Both are sent before the next period of JACK, give or take one.
    assert sorted(abs(a - b) for (a, _), (b, _) in together)[4] < 0.02
    high.wait_until(lambda messages: any(data == b"\xf8" for _, data in messages))
    assert not [data for _, data in low.messages if data[0] >= 0xF0]


def test_a_port_that_goes_and_returns_is_taken_up_while_the_other_plays_on(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    stays, goes = hear("stays"), hear("goes")
    opened(link, log, "stays", "goes")
    now = time.monotonic()
    for outlet in (0, 1):
        link.send(m.Notes((note(now, now + 60, 50),), outlet))
    goes.wait_until(lambda _: goes.holding() == {(0, 50)})
    goes.close()
    lost = log.wait_for(m.PortLost)
    assert (lost.name, lost.outlet) == ("jack:goes:in", 1)
    now = time.monotonic()
    link.send(m.Notes((note(now, now + 0.1, 60),)))
    stays.wait_until(lambda messages: any(data[1] == 60 for _, data in note_starts(messages)))
    assert (0, 50) in stays.holding()
    again = hear("goes")
    back = log.wait_for(m.PortOpened)
    assert (back.name, back.outlet) == ("jack:goes:in", 1)
    again.wait_until(lambda messages: b"\xb0\x7b\x00" in [data for _, data in messages])
    assert not [data for _, data in stays.messages if data[:2] == b"\xb0\x7b"][1:]


def test_a_player_that_is_killed_leaves_both_silent_and_its_successor_opens_both(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    first, second = hear("first"), hear("second")
    opened(link, log, "first", "second")
    now = time.monotonic()
    for outlet in (0, 1):
        link.send(m.Notes((note(now, now + 60, 50),), outlet))
    for listener in (first, second):
        listener.wait_until(lambda messages: len(note_starts(messages)) == 1)
    os.kill(link.pid, signal.SIGKILL)
    assert log.wait_for(m.PlayerLost).restarted
    assert {log.wait_for(m.PortOpened).outlet, log.wait_for(m.PortOpened).outlet} == {0, 1}
    first.wait_until(lambda _: not first.holding())
    second.wait_until(lambda _: not second.holding())
    now = time.monotonic()
    link.send(m.Notes((note(now, now + 60, 62),), 1))
    second.wait_until(lambda _: second.holding() == {(0, 62)})
    link.close()
    second.wait_until(lambda _: not second.holding())
