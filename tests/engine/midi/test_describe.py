"""MIDI messages in words, as the standard has them."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.midi.describe import controller, decode
from engine.midi.messages import Send


@pytest.mark.parametrize(
    ("data", "kind", "channel", "text"),
    [
        ("90 3C 64", "note", 1, "note on  C4 vel 100"),
        ("9F 00 01", "note", 16, "note on  C-1 vel 1"),
        ("83 7F 40", "note", 4, "note off G9 vel 64"),
        ("91 3D 00", "note", 2, "note off C#4 (on, vel 0)"),
        ("A0 45 11", "note", 1, "pressure A4 17"),
        ("B2 01 40", "controller", 3, "CC 1 modulation 64"),
        ("B0 21 05", "controller", 1, "CC 33 modulation LSB 5"),
        ("B0 40 7F", "controller", 1, "CC 64 sustain 127 on"),
        ("B0 40 3F", "controller", 1, "CC 64 sustain 63 off"),
        ("B0 4A 40", "controller", 1, "CC 74 brightness 64"),
        ("B0 66 02", "controller", 1, "CC 102 undefined 2"),
        ("B9 7B 00", "controller", 10, "CC 123 all notes off 0"),
        ("C0 00", "controller", 1, "program 1"),
        ("D5 7F", "controller", 6, "pressure 127"),
        ("E0 00 40", "controller", 1, "pitch bend 0"),
        ("E0 00 00", "controller", 1, "pitch bend -8192"),
        ("E0 7F 7F", "controller", 1, "pitch bend +8191"),
        ("F1 25", "pulse", None, "time code, seconds low 5"),
        ("F2 04 01", "clock", None, "song position 132 sixteenths"),
        ("F3 02", "system", None, "song 3"),
        ("F6", "system", None, "tune request"),
        ("F8", "pulse", None, "clock"),
        ("FA", "clock", None, "start"),
        ("FB", "clock", None, "continue"),
        ("FC", "clock", None, "stop"),
        ("FE", "pulse", None, "active sensing"),
        ("FF", "system", None, "reset"),
        ("F0 41 10 42 12 F7", "system", None, "sysex Roland, 6 bytes: 10 42 12"),
        ("F0 00 20 29 02 F7", "system", None, "sysex Novation, 6 bytes: 02"),
        ("F0 00 7A 7B F7", "system", None, "sysex of maker 00 7A 7B, 5 bytes"),
        ("F0 66 01 F7", "system", None, "sysex of maker 66, 4 bytes: 01"),
        ("F0 7E 7F 06 01 F7", "system", None, "sysex identity request, 6 bytes: 7F 06 01"),
        ("F0 7F 00 06 02 F7", "system", None, "sysex machine control, 6 bytes: 00 06 02"),
        ("F0 7E 00 33 F7", "system", None, "sysex universal, 5 bytes: 00 33"),
        (
            "F0 43" + " 05" * 9 + " F7",
            "system",
            None,
            "sysex Yamaha, 12 bytes: 05 05 05 05 05 05 05 05 …",
        ),
    ],
)
def test_the_standard_in_words(data: str, kind: str, channel: int | None, text: str) -> None:
    decoded = decode(bytes.fromhex(data))
    assert (decoded.kind, decoded.channel, decoded.text) == (kind, channel, text)
    assert decoded.whole


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "no bytes"),
        ("40 7F", "data without a status: 40 7F"),
        ("90 3C", "note on, cut short by 1 byte"),
        ("90", "note on, cut short by 2 bytes"),
        ("C0 01 02", "program, too long by 1 byte"),
        ("B0 07 90", "CC, with a status byte inside"),
        ("F8 01", "clock, too long by 1 byte"),
        ("F0", "sysex of nobody, 1 byte, without an end"),
        ("F0 F7", "sysex of nobody, 2 bytes"),
        ("F0 41 10", "sysex Roland, 3 bytes, without an end: 10"),
        ("F0 41 90 F7", "sysex Roland, 4 bytes, with a status byte inside: 90"),
        ("F0 00 20 F7", "sysex of maker 00 20, 4 bytes"),
    ],
)
def test_what_breaks_the_standard_is_said(data: str, text: str) -> None:
    decoded = decode(bytes.fromhex(data))
    assert decoded.text == text
    assert not decoded.whole or data in ("F0 F7", "F0 00 20 F7")


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda data: b"\xf0" + data))
def test_any_bytes_are_put_into_words(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.text.isprintable()
    assert decoded.text
    assert decoded.channel is None or 1 <= decoded.channel <= 16
    # What may be sent is what is whole, but for the undefined.
    try:
        Send(0.0, data)
    except OutOfRange:
        assert not decoded.whole or data[0] in (0xF4, 0xF5, 0xF7, 0xF9, 0xFD)
    else:
        assert decoded.whole


@given(st.integers(0, 127), st.integers(0, 127), st.integers(0, 15))
def test_notes_and_controllers_are_those_of_another_reader(a: int, b: int, channel: int) -> None:
    for kind in ("note_on", "control_change", "pitchwheel"):
        values = {
            "note_on": {"note": a, "velocity": b},
            "control_change": {"control": a, "value": b},
            "pitchwheel": {"pitch": a + 128 * b - 8192},
        }[kind]
        message = mido.Message(kind, channel=channel, **values)
        decoded = decode(bytes(message.bytes()))
        assert decoded.whole
        assert decoded.channel == channel + 1
        if kind == "control_change":
            assert decoded.text.startswith(f"CC {a} {controller(a)} {b}")
        if kind == "pitchwheel":
            assert int(decoded.text.removeprefix("pitch bend ")) == message.pitch
