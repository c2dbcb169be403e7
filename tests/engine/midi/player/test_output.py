"""Several outlets: what happens to one port touches no other."""

from __future__ import annotations

import time

import pytest

from engine.errors import PortError
from engine.midi import messages as m
from engine.midi.clock import CONTINUE, START, STOP, TICK
from engine.midi.player.output import Station
from engine.midi.ports import Census
from tests.support.fake_midi import FakePort

TWO = Census({"alsa": (("alsa:A", "alsa:B"), ())})
ONE = Census({"alsa": (("alsa:A",), ())})
PACE = 1 / 24


class StationsHarness:
    """Two stations, their ports by name, and what they reported."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.reports: list[m.FromPlayer] = []
        self.ports: dict[str, list[FakePort]] = {}
        self.refused: set[str] = set()
        self.a, self.b = (Station(n, self.reports.append, self._open) for n in (0, 1))
        self.see(TWO)

    def _open(self, name: str, api: str) -> FakePort:
        if name in self.refused:
            raise PortError("It is busy.")
        port = FakePort(name, api)
        self.ports.setdefault(name, []).append(port)
        return port

    def see(self, census: Census) -> None:
        for station in (self.a, self.b):
            station.outlet.see(census)

    def want(self, number: int, name: str | None, clock: bool = True) -> None:
        station = (self.a, self.b)[number]
        station.want(m.UsePort(name, outlet=number, clock=clock), self.a.clock)

    def tick(self, message: m.ClockRun | m.ClockTempo | m.ClockStop) -> None:
        self.a.change(message, leading=True)
        self.b.change(message, leading=False)

    def advance_to(self, end: float) -> None:
        """Move time on in steps that no note is late for."""
        while self.now < end:
            self.now = min(end, self.now + 0.01)
            self._play()
        self._play()

    def _play(self) -> None:
        for station in (self.a, self.b):
            for source in station.pop_due(self.now):
                for due, where in source:
                    where.outlet.send(due.data)

    def sent(self, name: str) -> list[bytes]:
        """Return what a port was sent since it was last asked, the newest of that name."""
        port = self.ports[name][-1]
        found, port.sent = port.sent, []
        return found


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> StationsHarness:
    return StationsHarness(monkeypatch)


def note(on: float, off: float, pitch: int, channel: int = 0) -> m.TimedNote:
    return m.TimedNote(on, off, channel, pitch, 90)


def test_each_port_is_told_of_by_its_number_and_ports_are_told_once(
    harness: StationsHarness,
) -> None:
    harness.want(0, "alsa:A")
    harness.refused.add("alsa:B")
    harness.want(1, "alsa:B")
    harness.refused.clear()
    harness.b.outlet.tend()
    assert harness.reports[1:] == [
        m.PortOpened("alsa:A"),
        m.PortFailed("alsa:B", "It is busy.", 1),
        m.PortOpened("alsa:B", 1),
    ]
    assert isinstance(harness.reports[0], m.PortsSeen)


def test_a_note_goes_to_its_own_port(harness: StationsHarness) -> None:
    harness.want(0, "alsa:A")
    harness.want(1, "alsa:B")
    harness.a.schedule.add([note(101, 102, 60)], 100)
    harness.b.schedule.add([note(101, 103, 72, 2)], 100)
    harness.advance_to(102.5)
    assert harness.sent("alsa:A") == [b"\x90\x3c\x5a", b"\x80\x3c\x00"]
    assert harness.sent("alsa:B") == [b"\x92\x48\x5a"]


def test_a_port_that_returns_is_hushed_and_the_other_plays_on(harness: StationsHarness) -> None:
    harness.want(0, "alsa:A")
    harness.want(1, "alsa:B")
    for station in (harness.a, harness.b):
        station.schedule.add([note(101, 109, 60, 3)], 100)
    harness.advance_to(101)
    harness.sent("alsa:A")
    harness.see(ONE)
    assert harness.reports[-1:] == [m.PortLost("alsa:B", 1)]
    harness.a.schedule.add([note(102, 103, 62)], 101)
    harness.advance_to(102)
    assert harness.sent("alsa:A") == [b"\x90\x3e\x5a"]
    harness.see(TWO)
    assert harness.reports[-1:] == [m.PortOpened("alsa:B", 1)]
    assert harness.sent("alsa:B") == [b"\xb3\x40\x00", b"\xb3\x7b\x00", b"\xb3\x78\x00"]
    assert harness.sent("alsa:A") == []


def test_the_clock_goes_to_the_ports_that_want_it(harness: StationsHarness) -> None:
    harness.want(0, "alsa:A", clock=False)
    harness.want(1, "alsa:B")
    harness.tick(m.ClockRun(101.0, PACE))
    harness.advance_to(101 + 2.5 * PACE)
    assert harness.sent("alsa:A") == []
    assert harness.sent("alsa:B") == [START, TICK, TICK, TICK]
    harness.want(1, "alsa:B", clock=False)
    harness.advance_to(102.0)
    harness.tick(m.ClockStop(102.0))
    harness.advance_to(103.0)
    assert harness.sent("alsa:B") == []
    assert harness.b.next_time > 1000


def test_a_port_that_joins_a_running_clock_goes_on_with_it_and_disturbs_nobody(
    harness: StationsHarness,
) -> None:
    harness.want(0, "alsa:A")
    harness.tick(m.ClockRun(101.0, PACE))
    harness.advance_to(101.1)
    harness.sent("alsa:A")
    harness.want(1, "alsa:B")
    harness.tick(m.ClockTempo(103.0, PACE / 2))
    harness.advance_to(101.001 + 12 * PACE)
    first, second = harness.sent("alsa:A"), harness.sent("alsa:B")
    assert set(first) == {TICK}
    # Six ticks to the sixteenth: it joins at the first one that begins after it came.
    assert second == [b"\xf2\x01\x00", CONTINUE, *[TICK] * 7]
    harness.see(ONE)
    harness.advance_to(102.02)
    harness.see(TWO)
    harness.sent("alsa:A")
    harness.advance_to(102.6)
    assert set(harness.sent("alsa:A")) == {TICK}
    assert CONTINUE in harness.sent("alsa:B")
    harness.advance_to(104.0)
    assert len(harness.sent("alsa:A")) == len(harness.sent("alsa:B")) > 24


def test_at_the_end_both_are_silent_and_only_a_clock_that_was_sent_is_stopped(
    harness: StationsHarness,
) -> None:
    harness.want(0, "alsa:A")
    harness.want(1, "alsa:B", clock=False)
    harness.tick(m.ClockRun(100.0, PACE))
    for station in (harness.a, harness.b):
        station.schedule.add([note(100, 109, 60)], 100)
    harness.advance_to(100.0)
    for name in harness.ports:
        harness.sent(name)
    harness.a.finish()
    harness.b.finish()
    first, second = harness.sent("alsa:A"), harness.sent("alsa:B")
    assert first[0] == second[0] == b"\x80\x3c\x00"
    assert (first[-1], STOP in second) == (STOP, False)


def test_no_port_leaves_what_sounded_silent_and_its_clock_standing(
    harness: StationsHarness,
) -> None:
    harness.want(0, "alsa:A")
    harness.want(1, "alsa:B")
    harness.tick(m.ClockRun(100.0, PACE))
    harness.b.schedule.add([note(100, 109, 60)], 100)
    harness.advance_to(100.0)
    harness.sent("alsa:B")
    harness.want(1, None)
    assert b"\x80\x3c\x00" in harness.sent("alsa:B")
    assert harness.ports["alsa:B"][-1].closed
    harness.tick(m.ClockTempo(100.5, PACE))
    assert not harness.b.clock.running
