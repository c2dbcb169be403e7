"""The engine's end of the line: it never blocks, and a dead player is replaced once."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.midi import messages as m
from engine.midi.client import PlayerError, PlayerLink
from tests.support.fake_player import EventLog


@pytest.fixture
def log() -> EventLog:
    return EventLog()


@pytest.fixture
def link(log: EventLog) -> Iterator[PlayerLink]:
    link = PlayerLink(log)
    yield link
    link.close()


def test_it_carries_messages_both_ways(link: PlayerLink, log: EventLog) -> None:
    assert log.wait_for(m.Ready).pid == link.pid
    link.send(m.UsePort(None))
    assert log.wait_for(m.PortOpened).name is None
    now = time.monotonic()
    many = tuple(m.TimedNote(now, now + 0.01 + n / 1e5, 0, n % 128, 90) for n in range(2000))
    link.send(m.Notes(many))
    assert log.wait_for(m.Lateness).count > 0
    link.close()
    link.close()
    link.send(m.SilenceAll())


def test_a_dead_player_is_replaced_once_with_its_port_and_clock(
    link: PlayerLink, log: EventLog
) -> None:
    link.send(m.UsePort(None))
    link.send(m.ClockRun(time.monotonic(), 0.5 / 24))
    first = log.wait_for(m.Ready).pid
    log.wait_for(m.Lateness)
    os.kill(first, signal.SIGKILL)
    lost = log.wait_for(m.PlayerLost)
    assert lost == m.PlayerLost("The player process ended by signal 9.", restarted=True)
    log.events.clear()
    second = log.wait_for(m.Ready, lambda ready: ready.pid != first).pid
    # Ticks go by again, though nobody asked the new player for them.
    assert log.wait_for(m.Lateness).count > 3
    os.kill(second, signal.SIGKILL)
    assert not log.wait_for(m.PlayerLost).restarted
    link.send(m.SilenceAll())


DIES_OF_PANIC = """
import json, sys
for line in sys.stdin:
    if "SilenceAll" in line:
        sys.exit(1)
    print(json.dumps({"type": "Rejected", "reason": line.strip()}), flush=True)
"""


@pytest.mark.parametrize("watched", [True, False])
def test_a_player_that_takes_the_place_of_another_tells_what_it_sends(
    log: EventLog, *, watched: bool
) -> None:
    link = PlayerLink(log, [sys.executable, "-c", DIES_OF_PANIC])
    for on in (True, watched):
        link.send(m.Monitor(on))
        assert json.loads(log.wait_for(m.Rejected).reason)["on"] is on
    link.send(m.SilenceAll())
    assert log.wait_for(m.PlayerLost).restarted
    # Once more, as it was said last.
    again = log.wait_for(m.Rejected, lambda echo: "Monitor" in echo.reason)
    assert json.loads(again.reason)["on"] is watched
    link.close()


def test_a_player_that_hangs_holds_nobody_up(link: PlayerLink, log: EventLog) -> None:
    pid = log.wait_for(m.Ready).pid
    os.kill(pid, signal.SIGSTOP)
    notes = tuple(m.TimedNote(float(n), n + 1.0, 0, 60, 90) for n in range(64))
    slowest = 0.0
    for _ in range(400):
        start = time.monotonic()
        link.send(m.Notes(notes))
        slowest = max(slowest, time.monotonic() - start)
    # One that waited would wait for ever.
    assert slowest < 10
    link.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_player_that_takes_nothing_for_megabytes_is_replaced(
    link: PlayerLink, log: EventLog
) -> None:
    pid = log.wait_for(m.Ready).pid
    os.kill(pid, signal.SIGSTOP)
    data = b"\xf0" + bytes(16_000) + b"\xf7"
    for _ in range(200):
        link.send(m.Send(0.0, data))
    assert log.wait_for(m.PlayerLost).restarted


def test_noise_from_the_other_side_is_reported(tmp_path: Path, log: EventLog) -> None:
    script = tmp_path / "noisy.py"
    script.write_text("print('hello'); print('{\"type\":\"SilenceAll\"}')\n")
    link = PlayerLink(log, [sys.executable, str(script)])
    assert "not JSON" in log.wait_for(m.Rejected).reason
    assert "said SilenceAll" in log.wait_for(m.Rejected).reason
    assert log.wait_for(m.PlayerLost).restarted
    assert not log.wait_for(m.PlayerLost).restarted
    link.close()


def test_a_player_that_cannot_be_started_is_told(tmp_path: Path, log: EventLog) -> None:
    with pytest.raises(PlayerError, match="cannot be started"):
        PlayerLink(log, [str(tmp_path / "nothing")])
