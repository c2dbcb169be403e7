"""Modulator that gauges move: values and bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.midi import messages as m
from engine.music.modulation import CENTRE, Modulation, check
from tests.support.values import modulations


def test_a_gauge_goes_from_one_end_of_its_range_to_the_other() -> None:
    cutoff = Modulation(2, "cc", 0, 74, 20, 100)
    assert [cutoff.at(z) for z in (-3, -1.5, 0, 3, 9, -9)] == [20, 40, 60, 100, 100, 20]
    assert [Modulation(2, "cc", 0, 74, 127, 0).at(z) for z in (-3, 3)] == [127, 0]
    assert Modulation(2, "bend", high=16_383).at(0) == CENTRE


def test_a_value_is_sent_as_midi_says() -> None:
    assert Modulation(0, "cc", 3, 74).messages(100) == [b"\xb3\x4a\x64"]
    # The high byte sets the low one back, so it comes first.
    assert Modulation(0, "cc14", 0, 1).messages(8193) == [b"\xb0\x01\x40", b"\xb0\x21\x01"]
    assert Modulation(0, "bend", 15).messages(CENTRE) == [b"\xef\x00\x40"]
    assert Modulation(0, "bend", 0).messages(16_383) == [b"\xe0\x7f\x7f"]


@given(modulations(), st.floats(-3, 3))
def test_every_value_is_one_of_midi_s_and_within_the_range(
    modulation: Modulation, z: float
) -> None:
    value = modulation.at(z)
    assert min(modulation.low, modulation.high) <= value <= max(modulation.low, modulation.high)
    for data in modulation.messages(value):
        assert m.Send(0.0, data).data == data


@given(modulations(), st.floats(-3, 3), st.floats(-3, 3))
def test_a_gauge_that_goes_up_never_turns_back(modulation: Modulation, a: float, b: float) -> None:
    low, high = modulation.at(min(a, b)), modulation.at(max(a, b))
    assert (high - low) * (modulation.high - modulation.low) >= 0


@pytest.mark.parametrize(
    "values",
    [
        (0, "cc", 0, 120),
        (0, "cc14", 0, 32),
        (0, "bend", 0, 1),
        (0, "cc", 16, 1),
        (0, "cc", 0, 1, 0, 128),
        (0, "bend", 0, 0, -1, 16_383),
        (-1, "cc"),
        (0, "nrpn"),
    ],
)
def test_what_midi_has_not_is_refused(values: tuple[int, str, int]) -> None:
    with pytest.raises(OutOfRange):
        Modulation(*values)  # type: ignore[arg-type]


def test_two_gauges_do_not_pull_at_one_controller() -> None:
    check((Modulation(0, "cc", 0, 1), Modulation(1, "cc", 1, 1), Modulation(2, "bend")))
    for clash in (
        Modulation(1, "cc", 0, 33),
        Modulation(1, "cc14", 0, 1),
        Modulation(0, "cc", 0, 9),
    ):
        with pytest.raises(OutOfRange):
            check((Modulation(0, "cc14", 0, 1), clash))
