"""What sounds is known to whoever outlives the player, note by note."""

from __future__ import annotations

import mmap
import os

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.guarding import Connections, ends
from engine.midi.messages import LAST_OUTLET
from engine.midi.schedule import hush
from engine.midi.sounding import SIZE, SoundingRow, rows, shared_table

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

    def look(self) -> None:
        """Has nothing to do."""

    def connections(self) -> dict[str, tuple[str, ...]]:
        """Gives what is left."""
        found = dict(self.leads)
        for name in self.dies:
            self.leads.pop(name, None)
        return found

    def connect(self, source: str, target: str) -> None:
        """Connects."""
        self.leads[source] = (*self.leads[source], target)


def test_a_successor_is_connected_as_the_player_was() -> None:
    server = FakeServer(armonica=("synth:in", "drums:in"), keys=("armonica-in:in",))
    connections = Connections(server)
    connections.look(lambda: True)
    del server.leads["armonica:out"]
    # A look that meets the death is no news of where anything leads.
    connections.look(lambda: False)
    connections.find(1)
    assert connections.targets == ("synth:in", "drums:in")
    assert not connections.restore()
    server.leads["armonica:out"] = ()
    assert connections.restore()
    assert server.leads["armonica:out"] == ("synth:in", "drums:in")


def test_the_ports_of_another_player_are_let_be() -> None:
    server = FakeServer(armonica=("synth:in",), armonica_01=("drums:in",))
    connections = Connections(server)
    connections.look(lambda: True)
    server.dies = {"armonica-01:out"}
    connections.find(1)
    assert connections.targets == ("drums:in",)
    assert not connections.restore()
    # Under whatever name it comes back.
    server.dies = set()
    server.leads["armonica-02:out"] = ()
    assert connections.restore()
    assert server.leads == {"armonica:out": ("synth:in",), "armonica-02:out": ("drums:in",)}
