"""Bytes of a controller in, movements out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.midi.controllers.controls import LAST, Control, ControlReader, Movement
from engine.midi.controllers.relative_encoders import ENCODINGS, NEAR, Encoding, detected, steps

KNOB = Control("cc", 0, 16)


def cc(number: int, value: int, channel: int = 0) -> bytes:
    return bytes((0xB0 | channel, number, value))


def read(reader: ControlReader, *data: bytes) -> list[Movement]:
    moved = (reader.read(float(at), each) for at, each in enumerate(data))
    return [movement for movement in moved if movement is not None]


def test_a_knob_goes_from_one_end_to_the_other() -> None:
    moved = read(ControlReader(), cc(16, 0), cc(16, 127), cc(16, 127, channel=9))
    assert [(each.control, each.value) for each in moved] == [
        (KNOB, 0.0),
        (KNOB, 1.0),
        (Control("cc", 9, 16), 1.0),
    ]


def test_pads_bends_pressure_and_programs_are_controls() -> None:
    moved = read(
        ControlReader(),
        bytes((0x99, 36, 127)),
        bytes((0x99, 36, 0)),
        bytes((0x89, 36, 64)),
        bytes((0xE1, 0, 0)),
        bytes((0xE1, 127, 127)),
        bytes((0xD0, 127)),
        bytes((0xC2, 5)),
    )
    assert [(str(each.control), each.value, each.pressed) for each in moved] == [
        ("note 36, channel 10", 1.0, True),
        ("note 36, channel 10", 0.0, True),
        ("note 36, channel 10", 0.0, True),
        ("bend, channel 2", 0.0, False),
        ("bend, channel 2", 1.0, False),
        ("pressure, channel 1", 1.0, False),
        ("program 5, channel 3", 1.0, True),
    ]


def test_clocks_sensing_and_sysex_move_nothing() -> None:
    others = (
        b"\xf8",
        b"\xfe",
        b"\xf0\x7e\xf7",
        b"\xf2\x01\x01",
        b"\xa0\x24\x40",
        b"",
        b"\x01\x02\x03",
    )
    assert read(ControlReader(), *others) == []


def test_a_pair_is_two_knobs_until_the_map_says_that_it_is_one() -> None:
    both = cc(1, 64), cc(33, 32)
    assert [str(each.control) for each in read(ControlReader(), *both)] == [
        "cc 1, channel 1",
        "cc 33, channel 1",
    ]
    pair = Control("cc14", 0, 1)
    coarse, fine = read(ControlReader({pair: "absolute"}), *both)
    assert coarse.control == fine.control == pair
    assert fine.value == (64 << 7 | 32) / 16_383
    assert abs(coarse.value - fine.value) < 1 / 127


@pytest.mark.parametrize("kind", ["cc14", "nrpn"])
def test_coarse_halves_alone_reach_both_ends(kind: str) -> None:
    if kind == "cc14":
        reader, number = ControlReader({Control("cc14", 0, 7): "absolute"}), 7
    else:
        reader, number = ControlReader(), 6
        read(reader, cc(99, 2), cc(98, 1))
    low, high = read(reader, cc(number, 0), cc(number, 127))
    assert (low.control.kind, low.value, high.value) == (kind, 0.0, 1.0)


def test_an_nrpn_is_chosen_set_and_stepped() -> None:
    reader = ControlReader()
    read(reader, cc(99, 2), cc(98, 1))
    moved = read(reader, cc(6, 127), cc(38, 127), cc(96, 0), cc(97, 0))
    assert {each.control for each in moved} == {Control("nrpn", 0, 257)}
    assert [(each.value, each.steps) for each in moved[1:]] == [(1.0, None), (0.0, 1), (0.0, -1)]


def test_another_nrpn_takes_over_and_none_is_left_after_the_null() -> None:
    reader = ControlReader()
    read(reader, cc(99, 2), cc(98, 1), cc(6, 10), cc(99, 2), cc(98, 7))
    assert read(reader, cc(6, 10))[0].control == Control("nrpn", 0, 258 + 5)
    read(reader, cc(99, 127), cc(98, 127))
    assert read(reader, cc(6, 10))[0].control == Control("cc", 0, 6)


def test_the_range_of_the_bend_is_not_taken_for_an_nrpn() -> None:
    reader = ControlReader()
    read(reader, cc(99, 2), cc(98, 1), cc(101, 0), cc(100, 0))
    assert read(reader, cc(6, 2))[0].control == Control("cc", 0, 6)


def test_sliders_that_carry_the_numbers_of_nrpns_stay_sliders() -> None:
    bound: dict[Control, Encoding] = {Control("cc", 0, n): "absolute" for n in (6, 98, 99)}
    reader = ControlReader(bound)
    moved = read(reader, cc(99, 1), cc(98, 1), cc(6, 1))
    assert [each.control.number for each in moved] == [99, 98, 6]


@pytest.mark.parametrize(
    ("encoding", "right", "left"),
    [
        ("twos-complement", (1, 1, 2, 1), (127, 127, 126, 127)),
        ("binary-offset", (65, 65, 66, 65), (63, 63, 62, 63)),
        ("sign-bit", (1, 1, 2, 1), (65, 65, 66, 65)),
    ],
)
def test_knobs_without_ends_are_told_by_what_they_send(
    encoding: Encoding, right: tuple[int, ...], left: tuple[int, ...]
) -> None:
    assert detected(right + left) == encoding
    assert [steps(encoding, value) for value in right] == [1, 1, 2, 1]
    assert [steps(encoding, value) for value in left] == [-1, -1, -2, -1]
    # Turned to the right alone it is taken for one that counts the same way there.
    assert [steps(detected(right) or "absolute", value) for value in right] == [1, 1, 2, 1]
    assert detected((*right, left[0])) == encoding
    moved = read(ControlReader({KNOB: encoding}), *(cc(16, value) for value in right + left))
    assert [each.steps for each in moved] == [1, 1, 2, 1, -1, -1, -2, -1]


def test_a_sign_bit_knob_turned_to_the_left_first_is_mended_by_the_right() -> None:
    assert detected((65, 65, 65, 66)) == "binary-offset"
    assert detected((65, 65, 65, 66, 1)) == "sign-bit"


@pytest.mark.parametrize(
    "values",
    [
        (60, 61, 62, 63, 64, 65, 66, 67),
        (1, 2, 3, 5, 8, 13, 20),
        (127, 126, 124, 120, 110, 100),
        (127, 0),
        (127, 0, 127, 0),
        (40, 41, 42),
    ],
)
def test_knobs_with_ends_and_buttons_are_absolute(values: tuple[int, ...]) -> None:
    assert detected(values) == "absolute"


@pytest.mark.parametrize("values", [(), (64,), (127,), (1, 2), (1, 2, 3, 4), (65, 66, 67)])
def test_what_may_be_either_is_left_open(values: tuple[int, ...]) -> None:
    assert detected(values) is None


CONTROLS = st.sampled_from(sorted(LAST)).flatmap(
    lambda kind: st.builds(Control, st.just(kind), st.integers(0, 15), st.integers(0, LAST[kind]))
)
MESSAGES = st.one_of(
    st.binary(max_size=6),
    st.builds(cc, st.sampled_from([1, 6, 33, 38, 96, 97, 98, 99, 100, 101]), st.integers(0, 127)),
)


@given(st.dictionaries(CONTROLS, st.sampled_from(ENCODINGS), max_size=4), st.lists(MESSAGES))
def test_any_bytes_are_read_without_a_fault(
    known: dict[Control, Encoding], data: list[bytes]
) -> None:
    for moved in read(ControlReader(known), *data):
        assert 0 <= moved.value <= 1
        assert 0 <= moved.control.number <= LAST[moved.control.kind]


@given(st.lists(st.integers(0, 127)))
def test_any_values_are_told_apart_or_left_open(values: list[int]) -> None:
    assert detected(values) in (None, *ENCODINGS)


@given(st.sampled_from(ENCODINGS[1:]), st.lists(st.integers(1, NEAR), min_size=8, max_size=20))
def test_a_real_turn_both_ways_is_never_taken_for_another(
    encoding: Encoding, turn: list[int]
) -> None:
    # A hand begins slowly; a knob that never repeats itself may be one with ends.
    turn = [1, 1, *turn]
    back = {"twos-complement": 128, "binary-offset": 64}
    right = [64 + n if encoding == "binary-offset" else n for n in turn]
    left = [64 + n if encoding == "sign-bit" else back[encoding] - n for n in turn]
    assert detected(right + left) == encoding
