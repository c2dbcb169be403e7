"""A device that appears and vanishes a hundred times while a song plays to it and it is heard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.common.child_process import child_environment
from engine.config import Settings
from engine.midi.client import PlayerLink
from engine.midi.messages import FromPlayer
from engine.protocol.devices import MidiTraffic, WatchMidi
from engine.protocol.edit import SetTempo
from engine.protocol.notices import Notice
from engine.protocol.transport import Play
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fakes import FakeModel
from tests.support.jack import JackServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real

TURNS = 100

DEVICE = """
import faulthandler, random, select, sys, time, rtmidi

faulthandler.enable()
API = rtmidi.API_UNIX_JACK
chance = random.Random(7)

def plug():
    out, into = rtmidi.MidiOut(API, name="device-keys"), rtmidi.MidiIn(API, name="device-synth")
    out.open_virtual_port("out")
    into.open_virtual_port("in")
    return out, into

def play(out, into, seconds):
    heard, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        out.send_message([0x90, 60, 100])
        while into.get_message() is not None:
            heard += 1
        time.sleep(0.01)
        out.send_message([0x80, 60, 0])
    return heard

def unplug(ports):
    for port in ports:
        port.close_port()
        port.delete()

ports = plug()
while True:
    print(play(*ports, 0.1), flush=True)
    if select.select([0], [], [], 0)[0]:
        turns = int(sys.stdin.readline())
        for turn in range(turns):
            unplug(ports)
            # Most are back before anybody has looked, and some stay away.
            time.sleep(chance.choice((0.0, 0.0, 0.0, 0.02, 0.3)))
            ports = plug()
            print(play(*ports, chance.choice((0.0, 0.0, 0.0, 0.02, 0.6))), flush=True)
        print("done", flush=True)
"""


LOOKS = """
import json, time, rtmidi
from engine.midi.backends.jack import JackPorts

def plug():
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="device")
    port.open_virtual_port("in")
    return port

server, other = JackPorts("looks"), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="other")
other.open_virtual_port("in")
server.look()
device = plug()
print(json.dumps(server.look()[0]))
device.close_port()
device.delete()
device = plug()
time.sleep(0.3)
for look in range(2):
    print(json.dumps(server.look()[0]))
"""


def test_a_port_that_is_back_before_a_look_is_seen_to_have_gone(jack: JackServer) -> None:
    assert jack.running
    done = subprocess.run(
        [sys.executable, "-c", LOOKS], env=child_environment(), capture_output=True, check=True
    )
    both, other = ["other:in", "device:in"], ["other:in"]
    assert [sorted(json.loads(line)) for line in done.stdout.splitlines()] == [
        sorted(both), other, sorted(both),
    ]  # fmt: skip


class Device:
    """A keyboard with a synthesiser, and how many messages it heard in each stretch.

    A client of JACK that is opened while another closes may never come back from it, or be called
    by the server no more. A device of which either is so is pulled out for good, and another of
    its name goes on with its turns.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self.done = False
        self.pulled = 0
        self._last = 0
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", DEVICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "done\n":
                self.done = True
            else:
                self.received.append(int(line))

    def come_and_go(self, times: int) -> None:
        """Vanish and appears so often, from now on."""
        assert self._process.stdin is not None
        self.done, self._last = False, len(self.received) + times
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()

    def replace(self) -> None:
        """Vanish for good, and leave what remains of its turns to another."""
        self.close()
        self.pulled += 1
        self._start()
        self.come_and_go(max(1, self._last - len(self.received)))

    def hears_another(self, jack: JackServer) -> bool:
        """Return whether a client that has no part in the test reaches it."""
        count = len(self.received)
        return jack.reaches("device-synth:in", lambda: sum(self.received[count:]) > 0)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._thread.join()


def family(pid: int) -> list[int]:
    """Return a process and those it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *sorted(map(int, children))]


def memory(pid: int) -> int:
    """Return the bytes that a process has for itself, the JACK server's left out."""
    _, pages, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    return (pages - shared) * os.sysconf("SC_PAGE_SIZE")


def files(pid: int) -> int:
    """Return how many files a process has open; each JACK client of its own is several."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_a_device_comes_and_goes_a_hundred_times_and_nothing_hangs(jack: JackServer) -> None:
    assert jack.running
    links: list[PlayerLink] = []

    def linked(on_event: Callable[[FromPlayer], None]) -> PlayerLink:
        links.append(PlayerLink(on_event))
        return links[-1]

    listener = Listener()
    made = Engine(FakeModel, linked, settings=Settings(port="device-synth", inputs="device-keys"))
    made.subscribe(listener)
    made.start()
    device = Device()

    def is_played_to() -> bool:
        stretches, deadline = len(device.received), time.monotonic() + 15
        while sum(device.received[stretches:]) <= 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        return sum(device.received[stretches:]) > 4

    def plays_and_is_heard() -> None:
        while not is_played_to():
            # What no independent client reaches either has been left by the server, not by us.
            assert not device.hears_another(jack), "it is not played to"
            device.replace()
            assert device.pulled <= 3, "no device is played to"
        before = len(listener.events)
        made.send(WatchMidi(True))
        wait_until(lambda: came_in(before), because="it is not heard")

    def came_in(since: int) -> bool:
        passed = [each for each in listener.events[since:] if isinstance(each, MidiTraffic)]
        lines = [line for each in passed for line in each.lines]
        return any((line.way, line.port) == ("in", "jack:device-keys:out") for line in lines)

    try:
        made.send(Play())
        plays_and_is_heard()
        # The player, its guard, who watches, and who hears.
        processes = family(links[0].pid)
        assert len(processes) == 4
        before = [*map(memory, processes)], [*map(files, processes)]
        stretches = len(device.received)
        device.come_and_go(TURNS)
        tempo = made.snapshot.song.tempo
        while not device.done:
            # All the while the engine is there for whoever asks something of it.
            tempo = 120.0 if tempo == 121.0 else 121.0
            made.send(SetTempo(tempo))
            made.send(WatchMidi(True))
            wait_until(lambda: made.snapshot.song.tempo == tempo, because="the engine is stuck")  # noqa: B023
            count, deadline = len(device.received), time.monotonic() + 10
            while len(device.received) <= count + 5 and not device.done:
                time.sleep(0.02)
                if time.monotonic() > deadline:
                    device.replace()
                    assert device.pulled <= 3, "no device comes back"
                    deadline = time.monotonic() + 10
        assert len(device.received) >= stretches + TURNS
        plays_and_is_heard()
        now = family(links[0].pid)
        # A helper whose JACK client does not come back spins, is ended by the system and started
        # anew; the player and its guard go on, and nobody is left over.
        assert now[:2] == processes[:2]
        assert len(now) == len(processes)
        assert len({*now} - {*processes}) <= 1
        processes = now
        after = [*map(memory, processes)], [*map(files, processes)]
        assert max(b - a for a, b in zip(before[0], after[0], strict=True)) < 8 << 20
        # A helper that was just started anew holds more for as long as its client connects.
        wait_until(
            lambda: max(files(p) - a for a, p in zip(before[1], processes, strict=True)) <= 3,
            because="files are left open",
        )
        texts = [event.text for event in listener.events if isinstance(event, Notice)]
        assert sum("has gone" in text for text in texts) >= 3
        assert not any("player process ended" in text for text in texts)
    finally:
        device.close()
        made.close()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes),
        because="one is left over",
    )
