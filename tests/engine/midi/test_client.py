"""The engine's end of the line: it never blocks, and a dead player is replaced once."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.midi import messages as m
from engine.midi import wire
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


DIES_OF_FEEDBACK = """
import json, os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.001)
print(json.dumps({"type": "Ready", "pid": 1, "realtime": False}), flush=True)
for line in sys.stdin:
    if "SendFeedback" in line:
        sys.exit(1)
    print(json.dumps({"type": "Rejected", "reason": line.strip()}), flush=True)
"""


def test_a_player_that_takes_the_place_of_another_is_sent_all_that_it_should_hold(
    tmp_path: Path, log: EventLog
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    link = PlayerLink(log, [sys.executable, "-c", DIES_OF_FEEDBACK, str(gate)])
    now = time.monotonic()
    over = m.TimedNote(now - 2, now - 1, 0, 59, 90)
    notes = tuple(m.TimedNote(now + 60 + n, now + 61 + n, 0, 60, 90) for n in range(100))
    last = m.Notes(notes[:1], 1)
    sent = (m.Notes((over, *notes)), m.UsePort("synth", outlet=1), m.Monitor(True))
    settings = (m.Monitor(False), m.Send(now, b"\xc0\x05"), m.Send(now, b"\xc0\x07"))
    for message in (*sent, *settings, last):
        link.send(message)

    def echoed(event: m.Rejected) -> m.Message:
        return wire.decode(event.reason.encode())

    log.wait_for(m.Rejected, lambda event: echoed(event) == last)
    log.events.clear()
    gate.unlink()
    link.send(m.SendFeedback("knobs", b"\xb0\x07\x10"))
    assert log.wait_for(m.PlayerLost).restarted
    # What comes before the other is ready counts, too.
    link.send(m.Flush(now + 130.5))
    gate.touch()
    log.wait_for(m.Ready)
    log.wait_for(m.Rejected, lambda event: echoed(event) == last)
    again = [echoed(event) for event in log.events if isinstance(event, m.Rejected)]
    assert again[:2] == [m.UsePort("synth", hush=True, outlet=1), m.Monitor(False)]
    assert isinstance(again[2], m.Send)
    assert again[2].data == b"\xc0\x07"
    # A line has few notes, so that it is read quickly.
    assert again[3:] == [m.Notes(notes[:64]), m.Notes(notes[64:71])]
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
