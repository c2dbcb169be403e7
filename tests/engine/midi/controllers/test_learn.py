"""Which control is learned from what a hand does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.midi.controllers.controls import Control, ControlReader
from engine.midi.controllers.learn import REST, Meant, MidiLearner

PORT = "alsa:nano"
KNOB = Control("cc", 0, 16)


def learn(*data: bytes, apart: float = 0.01) -> Meant | None:
    """Return what is learned from messages, and the rest after them."""
    learner, reader = MidiLearner(), ControlReader()
    at = 0.0
    for each in data:
        at += apart
        if (due := learner.wake()) is not None and due <= at and (meant := learner.rest(at)):
            return meant
        moved = reader.read(at, each)
        if moved is not None and (meant := learner.receive(PORT, moved)):
            return meant
    return learner.rest(at + REST)


def cc(number: int, *values: int, channel: int = 0) -> list[bytes]:
    return [bytes((0xB0 | channel, number, value)) for value in values]


def test_a_knob_that_is_turned_is_meant() -> None:
    assert learn(*cc(16, 20, 22, 25, 30)) == Meant(PORT, KNOB)


def test_a_twitching_knob_and_a_touch_are_not() -> None:
    assert learn(*cc(16, 20, 21, 20, 21, 20, 21, 22)) is None


def test_the_knob_that_moves_is_told_from_one_that_twitches() -> None:
    twitching, turned = cc(3, 40, 41, 40, 41, 40, 41), cc(16, 60, 70, 75, 80, 85, 90)
    mixed = [each for pair in zip(twitching, turned, strict=True) for each in pair]
    assert learn(*mixed) == Meant(PORT, KNOB)


@pytest.mark.parametrize("values", [(127, 0), (127,), (0, 127), (100, 0)])
def test_a_button_is_meant(values: tuple[int, ...]) -> None:
    assert learn(*cc(41, *values)) == Meant(PORT, Control("cc", 0, 41))


def test_a_pad_is_meant_when_it_is_struck_and_not_when_it_is_left() -> None:
    assert learn(bytes((0x89, 36, 0)), bytes((0x99, 36, 0))) is None
    assert learn(bytes((0x99, 36, 1))) == Meant(PORT, Control("note", 9, 36))


def test_clocks_and_sensing_are_never_meant() -> None:
    assert learn(*[b"\xf8", b"\xfe"] * 50) is None


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ((1, 1, 1, 1), "twos-complement"),
        ((127, 127, 127, 127), "twos-complement"),
        ((65, 65, 65, 65), "binary-offset"),
        ((65, 63, 63, 65), "binary-offset"),
        ((1, 1, 65, 65), "sign-bit"),
    ],
)
def test_a_knob_without_ends_is_meant_with_how_it_counts(
    values: tuple[int, ...], encoding: str
) -> None:
    meant = learn(*cc(16, *values))
    assert meant is not None
    assert (meant.control, meant.encoding) == (KNOB, encoding)


def test_the_two_halves_of_a_fine_knob_are_one() -> None:
    data = [each for value in range(40, 60) for each in (*cc(1, value), *cc(33, value * 7 % 128))]
    assert learn(*data) == Meant(PORT, Control("cc14", 0, 1))


def test_two_knobs_far_apart_in_time_are_not_one() -> None:
    data = [*cc(33, 1), *cc(1, *range(40, 60, 2))]
    assert learn(*data, apart=1.0) == Meant(PORT, Control("cc", 0, 1))


def test_an_nrpn_is_meant_by_its_number() -> None:
    data = [*cc(99, 2), *cc(98, 1)]
    for value in range(30, 60, 3):
        data += [*cc(6, value), *cc(38, 0)]
    assert learn(*data) == Meant(PORT, Control("nrpn", 0, 257))
    assert learn(*cc(99, 2), *cc(98, 1), *cc(96, 0)) == Meant(PORT, Control("nrpn", 0, 257))


def test_a_bend_is_meant_when_it_leaves_the_middle() -> None:
    assert learn(bytes((0xE0, 0, 64))) is None
    assert learn(bytes((0xE0, 0, 64)), bytes((0xE0, 0, 80))) == Meant(PORT, Control("bend", 0))


MESSAGES = st.one_of(
    st.binary(max_size=4), st.binary(min_size=2, max_size=2).map(lambda b: b"\xb0" + b)
)


@given(st.lists(MESSAGES, max_size=60), st.floats(0, 1))
def test_any_bytes_are_listened_to_without_a_fault(data: list[bytes], apart: float) -> None:
    learn(*data, apart=apart)
