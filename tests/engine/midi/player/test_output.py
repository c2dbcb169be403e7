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


class Rig:
    """Two stations, their ports by name, and what was told of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.told: list[m.FromPlayer] = []
        self.ports: dict[str, list[FakePort]] = {}
        self.refused: set[str] = set()
        self.a, self.b = (Station(n, self.told.append, self._open) for n in (0, 1))
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

    def until(self, end: float) -> None:
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
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch)


def note(on: float, off: float, pitch: int, channel: int = 0) -> m.TimedNote:
    return m.TimedNote(on, off, channel, pitch, 90)


def test_each_port_is_told_of_by_its_number_and_ports_are_told_once(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.refused.add("alsa:B")
    rig.want(1, "alsa:B")
    rig.refused.clear()
    rig.b.outlet.tend()
    assert rig.told[1:] == [
        m.PortOpened("alsa:A"),
        m.PortFailed("alsa:B", "It is busy.", 1),
        m.PortOpened("alsa:B", 1),
    ]
    assert isinstance(rig.told[0], m.PortsSeen)


def test_a_note_goes_to_its_own_port(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.want(1, "alsa:B")
    rig.a.schedule.add([note(101, 102, 60)], 100)
    rig.b.schedule.add([note(101, 103, 72, 2)], 100)
    rig.until(102.5)
    assert rig.sent("alsa:A") == [b"\x90\x3c\x5a", b"\x80\x3c\x00"]
    assert rig.sent("alsa:B") == [b"\x92\x48\x5a"]


def test_a_port_that_returns_is_hushed_and_the_other_plays_on(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.want(1, "alsa:B")
    for station in (rig.a, rig.b):
        station.schedule.add([note(101, 109, 60, 3)], 100)
    rig.until(101)
    rig.sent("alsa:A")
    rig.see(ONE)
    assert rig.told[-1:] == [m.PortLost("alsa:B", 1)]
    rig.a.schedule.add([note(102, 103, 62)], 101)
    rig.until(102)
    assert rig.sent("alsa:A") == [b"\x90\x3e\x5a"]
    rig.see(TWO)
    assert rig.told[-1:] == [m.PortOpened("alsa:B", 1)]
    assert rig.sent("alsa:B") == [b"\xb3\x40\x00", b"\xb3\x7b\x00", b"\xb3\x78\x00"]
    assert rig.sent("alsa:A") == []


def test_the_clock_goes_to_the_ports_that_want_it(rig: Rig) -> None:
    rig.want(0, "alsa:A", clock=False)
    rig.want(1, "alsa:B")
    rig.tick(m.ClockRun(101.0, PACE))
    rig.until(101 + 2.5 * PACE)
    assert rig.sent("alsa:A") == []
    assert rig.sent("alsa:B") == [START, TICK, TICK, TICK]
    rig.want(1, "alsa:B", clock=False)
    rig.until(102.0)
    rig.tick(m.ClockStop(102.0))
    rig.until(103.0)
    assert rig.sent("alsa:B") == []
    assert rig.b.next_time > 1000


def test_a_port_that_joins_a_running_clock_goes_on_with_it_and_disturbs_nobody(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.tick(m.ClockRun(101.0, PACE))
    rig.until(101.1)
    rig.sent("alsa:A")
    rig.want(1, "alsa:B")
    rig.tick(m.ClockTempo(103.0, PACE / 2))
    rig.until(101.001 + 12 * PACE)
    first, second = rig.sent("alsa:A"), rig.sent("alsa:B")
    assert set(first) == {TICK}
    # Six ticks to the sixteenth: it joins at the first one that begins after it came.
    assert second == [b"\xf2\x01\x00", CONTINUE, *[TICK] * 7]
    rig.see(ONE)
    rig.until(102.02)
    rig.see(TWO)
    rig.sent("alsa:A")
    rig.until(102.6)
    assert set(rig.sent("alsa:A")) == {TICK}
    assert CONTINUE in rig.sent("alsa:B")
    rig.until(104.0)
    assert len(rig.sent("alsa:A")) == len(rig.sent("alsa:B")) > 24


def test_at_the_end_both_are_silent_and_only_a_clock_that_was_sent_is_stopped(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.want(1, "alsa:B", clock=False)
    rig.tick(m.ClockRun(100.0, PACE))
    for station in (rig.a, rig.b):
        station.schedule.add([note(100, 109, 60)], 100)
    rig.until(100.0)
    for name in rig.ports:
        rig.sent(name)
    rig.a.finish()
    rig.b.finish()
    first, second = rig.sent("alsa:A"), rig.sent("alsa:B")
    assert first[0] == second[0] == b"\x80\x3c\x00"
    assert (first[-1], STOP in second) == (STOP, False)


def test_no_port_leaves_what_sounded_silent_and_its_clock_standing(rig: Rig) -> None:
    rig.want(0, "alsa:A")
    rig.want(1, "alsa:B")
    rig.tick(m.ClockRun(100.0, PACE))
    rig.b.schedule.add([note(100, 109, 60)], 100)
    rig.until(100.0)
    rig.sent("alsa:B")
    rig.want(1, None)
    assert b"\x80\x3c\x00" in rig.sent("alsa:B")
    assert rig.ports["alsa:B"][-1].closed
    rig.tick(m.ClockTempo(100.5, PACE))
    assert not rig.b.clock.running
