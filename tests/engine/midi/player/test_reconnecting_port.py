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


class Desk:
    """An outlet with what it told and opened; ``refuse`` makes opening fail."""

    def __init__(self) -> None:
        self.row = SoundingRow(bytearray(SIZE), 0)
        self.told: list[FromPlayer] = []
        self.ports: list[FakePort] = []
        self.refuse = False
        self.greeted = 0
        self.outlet = ReconnectingPort(self._tell, self._greet, self._open, self.row)

    def _tell(self, message: FromPlayer) -> None:
        if not isinstance(message, PortsSeen):
            self.told.append(message)

    def _greet(self) -> None:
        self.greeted += 1

    def _open(self, name: str, api: str) -> FakePort:
        if self.refuse:
            raise PortError("It is busy.")
        self.ports.append(FakePort(name, api))
        return self.ports[-1]


def test_a_port_wanted_before_the_first_census_waits_for_it() -> None:
    desk = Desk()
    desk.outlet.want("synth")
    assert desk.told == []
    desk.outlet.see(SYNTH)
    desk.outlet.send(b"\xf8")
    assert desk.told == [PortOpened("jack:synth:in")]
    assert (desk.ports[0].sent, desk.greeted) == ([b"\xf8"], 1)


def test_a_port_that_vanishes_is_closed_and_taken_up_by_its_whole_name() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.outlet.want("synth")
    desk.outlet.see(BARE)
    desk.outlet.send(b"\xf8")
    both = Census({"jack": (("jack:synth:in", "jack:synth 2:in"), ())})
    desk.outlet.see(both)
    name = "jack:synth:in"
    assert desk.told == [PortOpened(name), PortLost(name), PortOpened(name)]
    assert desk.ports[0].closed
    assert desk.ports[0].sent == []


def test_a_port_of_a_dead_system_is_not_closed_because_that_would_wait() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.outlet.want("virtual")
    desk.outlet.see(Census({}))
    assert desk.told == [PortOpened("virtual"), PortLost("virtual")]
    assert not desk.ports[0].closed


def test_a_port_that_raises_is_lost_and_tried_again() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.outlet.want("synth")
    desk.ports[0].broken = True
    desk.outlet.send(b"\xf8")
    desk.outlet.send(b"\xf8")
    desk.outlet.tend()
    name = "jack:synth:in"
    assert desk.told == [PortOpened(name), PortLost(name), PortOpened(name)]


def test_a_failure_is_told_once_and_mended_when_it_can_be() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.refuse = True
    desk.outlet.want("synth")
    desk.outlet.tend()
    desk.refuse = False
    desk.outlet.tend()
    assert desk.told == [PortFailed("synth", "It is busy."), PortOpened("jack:synth:in")]


def test_no_port_is_a_port_too() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.outlet.want("synth")
    desk.outlet.want(None)
    desk.outlet.see(SYNTH)
    desk.outlet.send(b"\xf8")
    assert desk.told == [PortOpened("jack:synth:in"), PortOpened(None)]
    assert desk.ports[0].closed


def test_without_a_system_there_is_no_virtual_port_and_a_remedy() -> None:
    desk = Desk()
    desk.outlet.want("virtual")
    desk.outlet.see_nothing()
    (failed,) = desk.told
    assert isinstance(failed, PortFailed)
    assert failed.reason.startswith("There is no virtual MIDI port on this machine. Start JACK")


def test_what_sounds_is_known_outside_while_its_port_is_open() -> None:
    desk = Desk()
    desk.outlet.see(SYNTH)
    desk.outlet.send(b"\x90\x3c\x64")
    desk.outlet.want("synth")
    assert (desk.row.name, desk.row.silence()) == ("jack:synth:in", [])
    desk.outlet.send(b"\x90\x3c\x64")
    assert desk.row.silence()[0] == b"\x80\x3c\x00"
    desk.outlet.see(BARE)
    assert (desk.row.name, desk.row.silence()) == (None, [])
    desk.outlet.see(SYNTH)
    assert desk.row.name == "jack:synth:in"
    desk.outlet.close()
    assert desk.row.name is None
