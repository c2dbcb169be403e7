"""The player under a real JACK server, heard by clients that know nothing of it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from engine.midi import messages as m
from engine.midi.link import PlayerLink
from engine.midi.ports import child_environment, list_ports
from tests.fakes_player import EventLog
from tests.real.conftest import Heard, JackServer

pytestmark = pytest.mark.real
Hear = Callable[[str], Heard]


@pytest.fixture
def log() -> EventLog:
    return EventLog()


@pytest.fixture
def link(jack: JackServer, log: EventLog) -> Iterator[PlayerLink]:
    assert jack.running
    link = PlayerLink(log)
    yield link
    link.close()


def starts(messages: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    return [(at, data) for at, data in messages if data[0] & 0xF0 == 0x90]


def scale(first: float, step: float, count: int) -> m.Notes:
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    return m.Notes(
        tuple(
            m.TimedNote(first + n * step, first + (n + 0.9) * step, 2, pitches[n % 8], 100)
            for n in range(count)
        )
    )


def test_ports_are_listed_by_name_and_direction(hear: Hear) -> None:
    hear("listener")
    found = {(port.name, port.api, port.direction) for port in list_ports()}
    assert {("jack:listener:in", "jack", "out"), ("virtual", "jack", "out")} <= found


def test_notes_arrive_with_their_pitches_and_intervals(link: PlayerLink, log: EventLog) -> None:
    if shutil.which("jack_midi_dump") is None:
        pytest.skip("jack_midi_dump is missing: apt-get install --no-install-recommends jackd2")
    dump = subprocess.Popen(
        ["stdbuf", "-oL", "jack_midi_dump", "-a"], stdout=subprocess.PIPE, text=True
    )
    with dump:
        log.wait_for(m.PortsSeen, lambda seen: "jack:midi-monitor:input" in seen.outputs)
        link.send(m.OpenPort("midi-monitor"))
        assert log.wait_for(m.PortOpened).name == "jack:midi-monitor:input"
        link.send(scale(time.monotonic() + 0.2, 0.05, 16))
        assert dump.stdout is not None
        frames, pitches = [], []
        for line in dump.stdout:
            if found := re.match(r"\s*(\d+): 92 (\w\w) 64", line):
                frames.append(int(found[1]))
                pitches.append(int(found[2], 16))
            if len(frames) == 16:
                break
        dump.terminate()
    assert pitches == [60, 62, 64, 65, 67, 69, 71, 72] * 2
    steps = [(after - before) / 48 for before, after in itertools.pairwise(frames)]
    assert statistics.median(steps) == pytest.approx(50, abs=2)
    assert (frames[-1] - frames[0]) / 48 == pytest.approx(750, abs=25)


def test_the_clock_is_read_as_its_tempo(link: PlayerLink, log: EventLog) -> None:
    for tool in ("jack_mclk_dump", "jack_connect"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install jackd2 jack-midi-clock")
    link.send(m.OpenPort("virtual"))
    log.wait_for(m.PortOpened, lambda opened: opened.name == "virtual")
    dump = subprocess.Popen(
        ["stdbuf", "-oL", "jack_mclk_dump", "-n", "armonica:out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with dump:
        link.send(m.ClockRun(time.monotonic() + 1.0, 0.5 / 24))
        assert dump.stdout is not None
        tempos = []
        for line in dump.stdout:
            if found := re.search(r"flt:\s*([\d.]+)", line):
                tempos.append(float(found[1]))
            if len(tempos) == 96:
                break
        dump.terminate()
    assert statistics.median(tempos[48:]) == pytest.approx(120, abs=1)


PARENT = """
import sys, time
from engine.midi.link import PlayerLink
from engine.midi.messages import Notes, OpenPort, PortOpened, Send, TimedNote
import threading
opened = threading.Event()
link = PlayerLink(lambda event: opened.set() if isinstance(event, PortOpened) else None)
link.send(OpenPort("jack:listener:in"))
opened.wait(10)
now = time.monotonic()
link.send(Send(now, bytes((0xB1, 64, 127))))
chord = [TimedNote(now + n / 100, now + 60, 1, 48 + n, 90) for n in range(12)]
later = [TimedNote(now + 1 + n / 50, now + 60, 1, 60 + n, 90) for n in range(60)]
link.send(Notes(tuple(chord + later)))
time.sleep(60)
"""


def test_killing_the_application_silences_every_note_at_once(hear: Hear) -> None:
    listener = hear("listener")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], env=child_environment())
    try:
        listener.wait_until(lambda heard: len(starts(heard)) >= 20)
    finally:
        killed = time.monotonic()
        parent.kill()
        parent.wait()
    listener.wait_until(lambda _: not listener.holding())
    listener.wait_until(lambda heard: any(data == b"\xb1\x40\x00" for _, data in heard))
    last = max(at for at, data in listener.messages if data[0] & 0xF0 == 0x80)
    assert last - killed < 0.2
    # Nothing starts afterwards, though more notes were scheduled.
    with pytest.raises(AssertionError):
        listener.wait_until(lambda _: bool(listener.holding()), timeout=0.5)


def test_killing_the_player_leaves_no_note_hanging(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.OpenPort("listener"))
    log.wait_for(m.PortOpened)
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 60, 3, 50, 90),)))
    listener.wait_until(lambda _: listener.holding() == {(3, 50)})
    os.kill(link.pid, signal.SIGKILL)
    assert log.wait_for(m.PlayerLost).restarted
    assert log.wait_for(m.PortOpened).name == "jack:listener:in"
    listener.wait_until(lambda _: not listener.holding())


@pytest.mark.parametrize("name", ["jack:listener:in", "virtual"])
def test_a_server_that_dies_is_noticed_and_its_port_taken_up_again(
    name: str, jack: JackServer, link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.OpenPort(name))
    log.wait_for(m.PortOpened)
    if name == "virtual":
        connect()
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 60, 0, 50, 90),)))
    listener.wait_until(lambda _: listener.holding() == {(0, 50)})

    died = time.monotonic()
    jack.kill()
    assert log.wait_for(m.PortLost).name == name
    assert time.monotonic() - died < 2
    # While it is away time goes on, and nothing that fell due in between is played later.
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 0.05, 0, 70, 90),)))

    listener.close()
    jack.start()
    again = hear("listener")
    assert log.wait_for(m.PortOpened).name == name
    if name == "virtual":
        connect()
    else:
        again.wait_until(lambda heard: (b"\xb0\x7b\x00") in [data for _, data in heard])
    link.send(scale(time.monotonic() + 0.1, 0.05, 8))
    again.wait_until(lambda heard: len(starts(heard)) == 8 and not again.holding())
    assert [data[1] for _, data in starts(again.messages)] == [60, 62, 64, 65, 67, 69, 71, 72]


def test_a_port_that_goes_and_comes_back_is_taken_up_by_name(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    link.send(m.OpenPort("jack:listener:in"))
    assert "no MIDI port called" in log.wait_for(m.PortFailed).reason
    link.send(m.ClockRun(time.monotonic(), 0.5 / 24))
    for _ in range(2):
        listener = hear("listener")
        log.wait_for(m.PortOpened)
        # A receiver that comes in the middle is told the place, then ticked on from there.
        listener.wait_until(lambda heard: [data[0] for _, data in heard].count(0xF8) > 12)
        kinds = [data[0] for _, data in listener.messages]
        assert 0xF2 in kinds
        assert 0xFB in kinds
        listener.close()
        log.wait_for(m.PortLost)


def test_two_matches_ask_for_more_of_the_name(link: PlayerLink, log: EventLog, hear: Hear) -> None:
    hear("listener-one")
    hear("listener-two")
    log.wait_for(m.PortsSeen, lambda seen: len(seen.outputs) == 3)
    link.send(m.OpenPort("listener"))
    assert log.wait_for(m.PortFailed).reason.startswith("2 MIDI ports match 'listener'")


def test_panic_is_heard(link: PlayerLink, log: EventLog, hear: Hear) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.OpenPort("listener"))
    log.wait_for(m.PortOpened)
    now = time.monotonic()
    chord = tuple(m.TimedNote(now, now + 60, channel, 60, 90) for channel in range(4))
    link.send(m.Notes(chord))
    listener.wait_until(lambda _: len(listener.holding()) == 4)
    link.send(m.Panic())
    listener.wait_until(lambda heard: heard[-1][1] == b"\xb3\x78\x00")
    ends = [data for _, data in listener.messages if data[0] & 0xF0 == 0x80]
    assert sorted(ends) == [bytes((0x80 | channel, 60, 0)) for channel in range(4)]


def connect() -> None:
    """Connects our virtual port to the listener, as a user would."""
    deadline = time.monotonic() + 5
    command = ["jack_connect", "armonica:out", "listener:in"]
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, "the virtual port cannot be connected"
        time.sleep(0.05)
