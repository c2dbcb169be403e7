"""The player's vocabulary survives its line, and nothing else gets through."""

from __future__ import annotations

import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.common.line_pipe import MAX_LINE
from engine.errors import OutOfRange
from engine.midi import messages as m
from engine.midi import wire

times = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)
names = st.text(max_size=40)
intervals = st.floats(60 / (6000 * 24), 60 / 24)
data = st.one_of(
    st.builds(
        lambda status, one, two: bytes((status, one, two)),
        st.integers(0x80, 0xBF),
        st.integers(0, 127),
        st.integers(0, 127),
    ),
    st.binary(max_size=60).map(
        lambda body: b"\xf0" + bytes(byte & 0x7F for byte in body) + b"\xf7"
    ),
    st.sampled_from([b"\xf8", b"\xc3\x07", b"\xf2\x00\x01", b"\xe0\x00\x40"]),
)
notes = st.builds(
    lambda on, length, channel, pitch, velocity: m.TimedNote(
        on, on + length, channel, pitch, velocity
    ),
    times,
    st.floats(1.0, 100.0),
    st.integers(0, 15),
    st.integers(0, 127),
    st.integers(1, 127),
)
outlets = st.integers(0, 7)
messages: st.SearchStrategy[m.Message] = st.one_of(
    st.builds(m.Notes, st.lists(notes, max_size=20).map(tuple), outlets),
    st.builds(m.Flush, times, st.booleans(), outlets),
    st.builds(m.Prolong, st.integers(0, 15), st.integers(0, 127), times, outlets),
    st.builds(m.Send, times, data, outlets),
    st.builds(m.ClockRun, times, intervals, st.booleans(), st.integers(0, 16_383)),
    st.builds(m.ClockTempo, times, intervals),
    st.builds(m.ClockStop, times),
    st.builds(m.UsePort, st.none() | names, st.booleans(), outlets, st.booleans()),
    st.builds(m.PortOpened, st.none() | names, outlets),
    st.builds(m.PortLost, names, outlets),
    st.builds(m.Listen, st.lists(names, max_size=5).map(tuple), st.booleans()),
    st.builds(
        m.Thru,
        st.booleans(),
        st.none() | st.integers(0, 15),
        st.lists(st.integers(0, 15), max_size=3).map(tuple),
    ),
    st.builds(m.Listening, st.lists(names, max_size=5).map(tuple)),
    st.builds(m.MidiReceived, times, names, data),
    st.just(m.SilenceAll()),
    st.just(m.Quit()),
    st.builds(m.Monitor, st.booleans()),
    st.builds(m.Sent, times, times, names, data, st.integers(0, 10**6)),
    st.builds(m.PortsSeen, st.lists(names, max_size=5).map(tuple)),
    st.builds(m.PortFailed, names, names, outlets),
    st.builds(m.Lateness, times, times, times, st.integers(0, 10**6)),
    st.builds(m.Ready, st.integers(1, 10**6), st.booleans()),
)


@given(messages)
def test_a_message_comes_back_from_its_line(message: m.Message) -> None:
    line = wire.encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert wire.decode(line) == message


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)
kinds = [kind.__name__ for kind in typing.get_args(m.Message)]
fields = ["at", "notes", "data", "interval", "position", "name", "cut", "resume", "count"]


@given(st.sampled_from(kinds) | anything, st.dictionaries(st.sampled_from(fields), anything))
def test_a_wrong_object_is_refused_in_words(kind: object, body: dict[str, object]) -> None:
    line = json.dumps({"type": kind, **body}).encode()
    try:
        message = wire.decode(line)
    except wire.BadMessage:
        return
    assert wire.decode(wire.encode(message)) == message


@given(st.binary(max_size=200))
def test_noise_is_refused_in_words(line: bytes) -> None:
    with pytest.raises(wire.BadMessage):
        wire.decode(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"Flush","at":NaN}',
        b'{"type":"Flush","at":1e999}',
        b'{"type":"Flush","at":true}',
        b'{"type":"Flush"}',
        b'{"type":"Flush","at":1,"more":2}',
        b'{"type":"Notes","notes":[[1,1,0,60,90]]}',
        b'{"type":"Notes","notes":[[1,2,16,60,90]]}',
        b'{"type":"Notes","notes":[[1,2,0,60.5,90]]}',
        b'{"type":"Notes","notes":[[1,2,0,60]]}',
        b'{"type":"Send","at":1,"data":"90 3c"}',
        b'{"type":"Send","at":1,"data":"f07f"}',
        b'{"type":"Send","at":1,"data":""}',
        b'{"type":"Send","at":1,"data":"zz"}',
        b'{"type":"ClockRun","at":1,"interval":0}',
        b'{"type":"ClockRun","at":1,"interval":0.02,"position":16384}',
        b'{"type":"Notes","notes":[],"outlet":8}',
        b'{"type":"Send","at":1,"data":"f8","outlet":-1}',
        b'{"type":"UsePort","name":null,"outlet":true}',
        b'{"type":"TimedNote"}',
        b"[" * 60_000,
        b'{"type":"SilenceAll"}' + b" " * MAX_LINE,
    ],
)
def test_what_would_do_harm_is_refused(line: bytes) -> None:
    with pytest.raises(wire.BadMessage):
        wire.decode(line)


def test_a_message_out_of_range_cannot_be_made() -> None:
    with pytest.raises(OutOfRange):
        m.TimedNote(2.0, 1.0, 0, 60, 90)
    with pytest.raises(OutOfRange):
        m.Send(1.0, b"\x90\x3c")


def test_more_notes_than_a_line_holds_are_refused_before_they_are_sent() -> None:
    many = tuple(m.TimedNote(float(n), n + 1.0, 0, 60, 90) for n in range(5000))
    with pytest.raises(wire.BadMessage):
        wire.encode(m.Notes(many))
