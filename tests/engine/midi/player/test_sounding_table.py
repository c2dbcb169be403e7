"""What sounds is known to whoever outlives the player, note by note."""

from __future__ import annotations

import mmap
import os

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PortError
from engine.midi.limits import LAST_OUTLET
from engine.midi.player.jack_connections import Connections
from engine.midi.player.schedule import hush
from engine.midi.player.silencer import Silencer, ends
from engine.midi.player.sounding_table import SIZE, SoundingRow, rows, shared_table

SYNTH = "jack:synth:in"
CHANNELS, PITCHES = st.integers(0, 15), st.integers(0, 127)
MESSAGES = st.builds(
    lambda kind, channel, pitch, velocity: bytes((kind | channel, pitch, velocity)),
    st.sampled_from([0x80, 0x90, 0xB0]),
    CHANNELS,
    PITCHES,
    st.sampled_from([0, 1, 127]),
)


def play(row: SoundingRow, *messages: bytes) -> None:
    for data in messages:
        row.sending(data)
        row.sent(data)


@given(st.lists(MESSAGES, max_size=40))
def test_the_ends_are_those_of_the_notes_that_sound(messages: list[bytes]) -> None:
    row = rows(bytearray(SIZE))[LAST_OUTLET]
    row.open(SYNTH)
    play(row, *messages)
    sounding: set[tuple[int, int]] = set()
    for data in messages:
        note = (data[0] & 0x0F, data[1])
        if data[0] & 0xF0 == 0x90 and data[2]:
            sounding.add(note)
        elif data[0] & 0xF0 != 0xB0:
            sounding.discard(note)
    used = sorted({data[0] & 0x0F for data in messages})
    off = [bytes((0x80 | channel, pitch, 0)) for channel, pitch in sorted(sounding)]
    assert row.silence() == off + hush(used)


def test_a_note_counts_as_sounding_from_before_its_start_until_after_its_end() -> None:
    row = rows(bytearray(SIZE))[0]
    row.sending(b"\x90\x3c\x64")
    assert row.silence()[0] == b"\x80\x3c\x00"
    row.sent(b"\x90\x3c\x64")
    row.sending(b"\x80\x3c\x00")
    assert row.silence()[0] == b"\x80\x3c\x00"
    row.sent(b"\x80\x3c\x00")
    assert row.silence() == hush([0])


def test_what_has_no_channel_marks_nothing() -> None:
    row = rows(bytearray(SIZE))[0]
    play(row, b"\xf8", b"\xfa", b"\xf2\x00\x00", b"\xf0\x7e\xf7")
    assert row.silence() == []


def test_another_process_reads_what_was_written() -> None:
    descriptor, table = shared_table()
    row = rows(table)[1]
    row.open("alsa:Größe")
    play(row, b"\x91\x40\x64")
    there = rows(mmap.mmap(descriptor, SIZE))
    assert [each.name for each in there[:3]] == [None, "alsa:Größe", None]
    assert there[1].silence()[0] == b"\x81\x40\x00"
    assert there[0].silence() == there[2].silence() == []
    row.open(SYNTH)
    assert (there[1].name, there[1].silence()) == (SYNTH, [])
    row.close()
    assert there[1].name is None
    os.close(descriptor)


def test_each_port_gets_the_ends_of_its_own_notes() -> None:
    sounding = rows(bytearray(SIZE))
    for row, name, note in zip(
        sounding,
        ("virtual", SYNTH, "alsa:box"),
        (b"\x90\x3c\x64", b"\x91\x3d\x64", b"\x92\x3e\x64"),
        strict=False,
    ):
        row.open(name)
        play(row, note)
    of = {
        port: [d for d in ends(sounding, port) if d[0] < 0x90]
        for port in (SYNTH, "alsa:box", "jack:other:in")
    }
    # Where the virtual port leads, one that is played to by its name may be, too.
    assert of[SYNTH] == [b"\x80\x3c\x00", b"\x81\x3d\x00"]
    assert of["alsa:box"] == [b"\x80\x3c\x00", b"\x82\x3e\x00"]
    assert of["jack:other:in"] == [b"\x80\x3c\x00", b"\x81\x3d\x00", b"\x82\x3e\x00"]


class FakeServer:
    """A JACK server by its outputs and where they lead; ``dies`` go when it is next asked."""

    def __init__(self, **leads: tuple[str, ...]) -> None:
        self.leads = {f"{name.replace('_', '-')}:out": targets for name, targets in leads.items()}
        self.dies: set[str] = set()

    def look(self) -> tuple[list[str], list[str]]:
        """Return the ports that can be played to, and no others."""
        return ["synth:in", "drums:in"], []

    def connections(self) -> dict[str, tuple[str, ...]]:
        """Return what is left."""
        found = dict(self.leads)
        for name in self.dies:
            self.leads.pop(name, None)
        return found

    def connect(self, source: str, target: str) -> None:
        """Connect."""
        self.leads[source] = (*self.leads[source], target)


def test_a_successor_is_connected_as_the_player_was() -> None:
    server = FakeServer(armonica=("synth:in", "drums:in"), keys=("armonica-in:in",))
    connections = Connections(server)
    connections.look(lambda: True)
    del server.leads["armonica:out"]
    # A look that meets the death is no news of where anything leads.
    connections.look(lambda: False)
    assert connections.likely(1) == ("jack:synth:in", "jack:drums:in")
    assert connections.find(1)
    assert connections.targets == ("jack:synth:in", "jack:drums:in")
    assert not connections.restore()
    server.leads["armonica:out"] = ()
    assert connections.restore()
    assert server.leads["armonica:out"] == ("synth:in", "drums:in")


def test_the_ports_of_another_player_are_let_be() -> None:
    server = FakeServer(armonica=("synth:in",), armonica_01=("drums:in",))
    connections = Connections(server)
    connections.look(lambda: True)
    assert connections.likely(1) == ()
    assert not connections.find(1)
    server.dies = {"armonica-01:out"}
    server.connections()
    assert connections.find(1)
    assert connections.targets == ("jack:drums:in",)
    assert not connections.restore()
    # Under whatever name it comes back.
    server.dies = set()
    server.leads["armonica-02:out"] = ()
    assert connections.restore()
    assert server.leads == {"armonica:out": ("synth:in",), "armonica-02:out": ("drums:in",)}


class FakeOpened:
    """A port that keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        """Keep it."""
        self.sent.append(data)

    def close(self) -> None:
        """Remember that."""
        self.closed = True


def test_ports_are_opened_ahead_as_they_come_and_go() -> None:
    opened: list[tuple[str, FakeOpened]] = []

    def opener(name: str) -> FakeOpened:
        if name == "alsa:gone":
            raise PortError("It has gone.")
        opened.append((name, FakeOpened()))
        return opened[-1][1]

    sounding = rows(bytearray(SIZE))
    for row, name in zip(sounding, (SYNTH, "alsa:box", "alsa:gone"), strict=False):
        row.open(name)
        play(row, b"\x90\x3c\x64")
    silencer = Silencer(sounding, opener)
    silencer.prepare([SYNTH, "virtual"], [SYNTH])
    silencer.prepare([SYNTH, "virtual"], [])
    assert opened[0][1].closed
    # Back again, then a server that dies: that port is not closed, which would wait.
    silencer.prepare([SYNTH], [SYNTH])
    silencer.prepare([SYNTH], None)
    silencer.prepare([SYNTH], [SYNTH])
    assert [name for name, _ in opened] == [SYNTH] * 3
    assert not opened[1][1].closed
    silencer.silence(["virtual", "alsa:gone", "alsa:box", SYNTH])
    silencer.again()
    silencer.close()
    silencer.silence([SYNTH])
    assert [name for name, _ in opened[3:]] == ["alsa:box"]
    for _, port in opened[2:]:
        assert port.sent == 2 * [b"\x80\x3c\x00", *hush([0])]
        assert port.closed
