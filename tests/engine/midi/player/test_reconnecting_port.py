"""The wanted port is opened, lost and taken up again, whatever the systems do."""

from __future__ import annotations

from engine.errors import PortError
from engine.midi.messages import (
    FromPlayer,
    PortFailed,
    PortLost,
    PortOpened,
    PortsSeen,
)
from engine.midi.player.reconnecting_port import ReconnectingPort
from engine.midi.player.sounding_table import SIZE, SoundingRow
from engine.midi.ports import Census
from tests.support.fake_midi import FakePort

SYNTH = Census({"jack": (("jack:synth:in",), ())})
BARE = Census({"jack": ((), ())})


class PortHarness:
    """An outlet with what it reported and opened; ``refuse`` makes opening fail."""

    def __init__(self) -> None:
        self.row = SoundingRow(bytearray(SIZE), 0)
        self.reports: list[FromPlayer] = []
        self.ports: list[FakePort] = []
        self.refuse = False
        self.greeted = 0
        self.outlet = ReconnectingPort(self._report, self._greet, self._open, self.row)

    def _report(self, message: FromPlayer) -> None:
        if not isinstance(message, PortsSeen):
            self.reports.append(message)

    def _greet(self) -> None:
        self.greeted += 1

    def _open(self, name: str, api: str) -> FakePort:
        if self.refuse:
            raise PortError("It is busy.")
        self.ports.append(FakePort(name, api))
        return self.ports[-1]


def test_a_port_wanted_before_the_first_census_waits_for_it() -> None:
    harness = PortHarness()
    harness.outlet.want("synth")
    assert harness.reports == []
    harness.outlet.see(SYNTH)
    harness.outlet.send(b"\xf8")
    assert harness.reports == [PortOpened("jack:synth:in")]
    assert (harness.ports[0].sent, harness.greeted) == ([b"\xf8"], 1)


def test_a_port_that_vanishes_is_closed_and_taken_up_by_its_whole_name() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.outlet.want("synth")
    harness.outlet.see(BARE)
    harness.outlet.send(b"\xf8")
    both = Census({"jack": (("jack:synth:in", "jack:synth 2:in"), ())})
    harness.outlet.see(both)
    name = "jack:synth:in"
    assert harness.reports == [PortOpened(name), PortLost(name), PortOpened(name)]
    assert harness.ports[0].closed
    assert harness.ports[0].sent == []


def test_a_port_of_a_dead_system_is_not_closed_because_that_would_wait() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.outlet.want("virtual")
    harness.outlet.see(Census({}))
    assert harness.reports == [PortOpened("virtual"), PortLost("virtual")]
    assert not harness.ports[0].closed


def test_a_port_that_raises_is_lost_and_tried_again() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.outlet.want("synth")
    harness.ports[0].broken = True
    harness.outlet.send(b"\xf8")
    harness.outlet.send(b"\xf8")
    harness.outlet.tend()
    name = "jack:synth:in"
    assert harness.reports == [PortOpened(name), PortLost(name), PortOpened(name)]


def test_a_failure_is_told_once_and_mended_when_it_can_be() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.refuse = True
    harness.outlet.want("synth")
    harness.outlet.tend()
    harness.refuse = False
    harness.outlet.tend()
    assert harness.reports == [PortFailed("synth", "It is busy."), PortOpened("jack:synth:in")]


def test_no_port_is_a_port_too() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.outlet.want("synth")
    harness.outlet.want(None)
    harness.outlet.see(SYNTH)
    harness.outlet.send(b"\xf8")
    assert harness.reports == [PortOpened("jack:synth:in"), PortOpened(None)]
    assert harness.ports[0].closed


def test_without_a_system_there_is_no_virtual_port_and_a_remedy() -> None:
    harness = PortHarness()
    harness.outlet.want("virtual")
    harness.outlet.see_nothing()
    (failed,) = harness.reports
    assert isinstance(failed, PortFailed)
    assert failed.reason.startswith("There is no virtual MIDI port on this machine. Start JACK")


def test_what_sounds_is_known_outside_while_its_port_is_open() -> None:
    harness = PortHarness()
    harness.outlet.see(SYNTH)
    harness.outlet.send(b"\x90\x3c\x64")
    harness.outlet.want("synth")
    assert (harness.row.name, harness.row.silence()) == ("jack:synth:in", [])
    harness.outlet.send(b"\x90\x3c\x64")
    assert harness.row.silence()[0] == b"\x80\x3c\x00"
    harness.outlet.see(BARE)
    assert (harness.row.name, harness.row.silence()) == (None, [])
    harness.outlet.see(SYNTH)
    assert harness.row.name == "jack:synth:in"
    harness.outlet.close()
    assert harness.row.name is None
