"""The player under a real JACK server, heard by clients that know nothing of it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from engine.midi import messages as m
from engine.midi.client import PlayerLink
from engine.midi.ports import list_ports
from tests.support.fake_player import EventLog
from tests.support.jack import STRETCHES, JackServer, NoteReader, scale

pytestmark = pytest.mark.real
Hear = Callable[[str], NoteReader]
ARMONICA = "from engine.cli.main import script; script()"


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
        link.send(m.UsePort("midi-monitor"))
        assert log.wait_for(m.PortOpened).name == "jack:midi-monitor:input"
        assert dump.stdout is not None
        for _ in range(STRETCHES):
            link.send(scale(time.monotonic() + 0.2, 0.05, 16))
            frames, pitches = [], []
            for line in dump.stdout:
                if found := re.match(r"\s*(\d+): 92 (\w\w) 64", line):
                    frames.append(int(found[1]))
                    pitches.append(int(found[2], 16))
                if len(frames) == 16:
                    break
            assert pitches == [60, 62, 64, 65, 67, 69, 71, 72] * 2
            steps = [(after - before) / 48 for before, after in itertools.pairwise(frames)]
            if abs((frames[-1] - frames[0]) / 48 - 750) <= 25:
                break
        dump.terminate()
    assert statistics.median(steps) == pytest.approx(50, abs=2)
    assert (frames[-1] - frames[0]) / 48 == pytest.approx(750, abs=25)


def test_the_clock_is_read_as_its_tempo(link: PlayerLink, log: EventLog) -> None:
    for tool in ("jack_mclk_dump", "jack_connect"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install jackd2 jack-midi-clock")
    link.send(m.UsePort("virtual"))
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
            # The first quarters go by until the reader's filter has settled.
            if len(tempos) >= 96 and len(tempos) % 48 == 0:
                read = statistics.median(tempos[-48:])
                if abs(read - 120) <= 1 or len(tempos) == 48 * (STRETCHES + 1):
                    break
        dump.terminate()
    assert read == pytest.approx(120, abs=1)


def test_two_matches_ask_for_more_of_the_name(link: PlayerLink, log: EventLog, hear: Hear) -> None:
    hear("listener-one")
    hear("listener-two")
    both = {"jack:listener-one:in", "jack:listener-two:in"}
    log.wait_for(m.PortsSeen, lambda seen: both <= set(seen.outputs))
    link.send(m.UsePort("listener"))
    assert log.wait_for(m.PortFailed).reason.startswith("2 MIDI ports match 'listener'")


def test_panic_is_heard(link: PlayerLink, log: EventLog, hear: Hear) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.UsePort("listener"))
    log.wait_for(m.PortOpened)
    now = time.monotonic()
    chord = tuple(m.TimedNote(now, now + 60, channel, 60, 90) for channel in range(4))
    link.send(m.Notes(chord))
    listener.wait_until(lambda _: len(listener.holding()) == 4)
    link.send(m.SilenceAll())
    listener.wait_until(lambda messages: messages[-1][1] == b"\xb3\x78\x00")
    ends = [data for _, data in listener.messages if data[0] & 0xF0 == 0x80]
    assert sorted(ends) == [bytes((0x80 | channel, 60, 0)) for channel in range(4)]


def test_ports_that_come_and_go_are_told_line_by_line(jack: JackServer, hear: Hear) -> None:
    assert jack.running
    watch = subprocess.Popen(
        [sys.executable, "-c", ARMONICA, "ports", "--watch", "--json"], stdout=subprocess.PIPE
    )
    assert watch.stdout is not None
    there = {port["name"] for port in json.loads(watch.stdout.readline())["ports"]}
    assert "virtual" in there
    for _ in range(3):
        for change in ("appeared", "vanished"):
            if change == "appeared":
                listener = hear("listener")
            else:
                listener.close()
            line = json.loads(watch.stdout.readline())
            seen = (line["change"], line["name"], line["direction"])
            assert seen == (change, "jack:listener:in", "out")
    watch.send_signal(signal.SIGINT)
    assert watch.wait(30) == 0
    watch.stdout.close()
