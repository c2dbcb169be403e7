"""Which ports are heard, as they come and go."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine.errors import PortError
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.player.input_process import InputListener
from engine.midi.player.input_supervisor import wanted
from engine.midi.ports import Census

KEYS, PADS = "alsa:Keys", "jack:pads:out"
STUDIO = Census(
    {
        "jack": ((), (PADS, "jack:armonica:out")),
        "alsa": ((), (KEYS, "alsa:Midi Through")),
    }
)


def test_everything_is_all_but_our_own_echo() -> None:
    assert wanted(m.Listen(everything=True), STUDIO) == ("virtual:jack", PADS, KEYS)


def test_a_part_of_a_name_is_enough_and_nothing_is_nothing() -> None:
    assert wanted(m.Listen(("keys",)), STUDIO) == (KEYS,)
    assert wanted(m.Listen(("virtual", "pads")), STUDIO) == ("virtual:jack", PADS)
    assert wanted(m.Listen(), STUDIO) == ()
    assert wanted(m.Listen(everything=True), Census({})) == ()


class InputHarness:
    """A listener with ports that can be played on, and what it wrote."""

    def __init__(self) -> None:
        self.lines: list[m.Message] = []
        self.open: dict[str, Callable[[bytes], None]] = {}
        self.refuse: set[str] = set()
        self.listener = InputListener(lambda line: self.lines.append(wire.decode(line)), self._open)

    def _open(self, name: str, api: str, hear: Callable[[bytes], None]) -> Port:
        if name in self.refuse:
            raise PortError("It is busy.")
        self.open[name] = hear
        return Port(self, name, api)

    def last(self) -> m.Message:
        """Return the last message that was written."""
        return self.lines[-1]


class Port:
    """An open port."""

    def __init__(self, harness: InputHarness, name: str, api: str) -> None:
        self.harness, self.name, self.api = harness, name, api

    def close(self) -> None:
        """Can be played on no more."""
        del self.harness.open[self.name]


def test_what_is_played_on_an_open_port_is_heard_under_its_name() -> None:
    harness = InputHarness()
    harness.listener.want((KEYS, "virtual:jack"))
    assert harness.last() == m.Listening((KEYS, "virtual"))
    harness.open[KEYS](b"\x90\x3c\x40")
    harness.open["virtual"](b"\xf8")
    *_, note, tick = harness.lines
    assert isinstance(note, m.MidiReceived)
    assert isinstance(tick, m.MidiReceived)
    assert (note.port, note.data) == (KEYS, b"\x90\x3c\x40")
    assert (tick.port, tick.data) == ("virtual", b"\xf8")
    assert 0 <= tick.at - note.at < 60


def test_noise_on_a_cable_is_not_heard() -> None:
    harness = InputHarness()
    harness.listener.want((KEYS,))
    count = len(harness.lines)
    for noise in (b"", b"\x3c", b"\x90", b"\xf0\x00", b"\xf0" + b"\x01" * 2000 + b"\xf7", b"\xfd"):
        harness.open[KEYS](noise)
    assert len(harness.lines) == count


def test_a_port_that_is_busy_is_said_and_tried_again() -> None:
    harness = InputHarness()
    harness.refuse = {PADS}
    harness.listener.want((KEYS, PADS))
    assert harness.last() == m.Listening((KEYS,), (f"{PADS}: It is busy.",))
    assert harness.listener.incomplete
    harness.listener.retry()
    assert len(harness.lines) == 1
    harness.refuse.clear()
    harness.listener.retry()
    assert harness.last() == m.Listening((KEYS, PADS))
    assert not harness.listener.incomplete


def test_ports_that_go_are_closed() -> None:
    harness = InputHarness()
    harness.listener.want((KEYS, PADS))
    harness.listener.want((PADS,))
    assert list(harness.open) == [PADS]
    harness.listener.close()
    assert harness.open == {}


def test_a_line_is_shorter_than_what_a_pipe_takes_whole() -> None:
    harness = InputHarness()
    name = "jack:" + "é" * 200
    harness.listener.want((name,))
    lines: list[bytes] = []
    listener = InputListener(lines.append, harness._open)
    listener.want((name,))
    harness.open[name](b"\xf0" + b"\x01" * 1022 + b"\xf7")
    assert json.loads(lines[-1])["type"] == "MidiReceived"
    assert len(lines[-1]) < 4096
