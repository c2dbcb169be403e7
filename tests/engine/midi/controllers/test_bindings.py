"""Bindings, their curves, and which map a device is given."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.errors import ArmonicaError
from engine.midi.controllers.bindings import CURVES, Binding, DeviceMap, device_of, fitting
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import SORTS, Target

KNOB, OTHER = Control("cc", 0, 16), Control("cc", 0, 17)
DENSITY, TEMPO, PLAY = Target("gauge", "note_density"), Target("tempo"), Target("play")

CURVE = st.one_of(st.sampled_from(CURVES), st.floats(0.1, 10))


def test_a_knob_covers_the_usual_range_of_what_it_moves() -> None:
    assert [Binding(KNOB, DENSITY).value(place) for place in (0, 0.5, 1)] == [-3, 0, 3]
    assert Binding(KNOB, TEMPO).range == (40, 240)


def test_a_range_may_be_narrow_and_run_downwards() -> None:
    binding = Binding(KNOB, DENSITY, low=1.0, high=-1.0)
    assert [binding.value(place) for place in (0, 0.5, 1)] == [1, 0, -1]
    assert binding.place(-1) == 1


def test_whole_targets_take_whole_values() -> None:
    assert Binding(KNOB, Target("measure")).value(0.2) == 2
    assert [Binding(KNOB, Target("mode", "drums")).value(p) for p in (0, 0.4, 1)] == [-1, 0, 1]


@given(CURVE, st.floats(0, 1), st.floats(0, 1))
def test_every_curve_rises_from_end_to_end(curve: str | float, a: float, b: float) -> None:
    binding = Binding(KNOB, DENSITY, curve=curve)
    assert (binding.value(0), binding.value(1)) == (-3, 3)
    low, high = sorted((a, b))
    assert binding.value(low) <= binding.value(high)


@given(CURVE, st.floats(-3, 3), st.booleans())
def test_a_curve_is_found_back(curve: str | float, value: float, downwards: bool) -> None:
    low, high = (3.0, -3.0) if downwards else (-3.0, 3.0)
    binding = Binding(KNOB, DENSITY, low, high, curve=curve)
    assert binding.value(binding.place(value)) == pytest.approx(value, abs=1e-3)


def test_what_is_out_of_reach_lies_at_the_nearer_end() -> None:
    binding = Binding(KNOB, DENSITY, low=-1.0, high=1.0)
    assert (binding.place(-3), binding.place(3)) == (0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 4.0},
        {"low": 1.0, "high": 1.0},
        {"curve": "steep"},
        {"curve": 0.0},
        {"curve": float("nan")},
        {"takeover": "grab"},
        {"encoding": "spiral"},
        {"threshold": -0.1},
        {"step": 0.0},
    ],
)
def test_a_binding_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ArmonicaError):
        Binding(KNOB, DENSITY, **wrong)  # type: ignore[arg-type]


def test_what_is_pressed_has_no_range_and_what_is_bent_has_no_steps() -> None:
    with pytest.raises(ArmonicaError, match="done at a press"):
        Binding(KNOB, PLAY, low=0.0)
    with pytest.raises(ArmonicaError, match="Only a cc"):
        Binding(Control("bend", 0), DENSITY, encoding="sign-bit")


@pytest.mark.parametrize("words", ["gauge", "tempo fast", "nothing", "go three", "gauge a\nb", ""])
def test_a_target_that_means_nothing_is_refused(words: str) -> None:
    with pytest.raises(ArmonicaError):
        Target.read(words)


@pytest.mark.parametrize("word", SORTS)
def test_every_word_reads_as_it_is_written(word: str) -> None:
    named = {"": "", "number": "3"}.get(SORTS[word].named, "drums")
    target = Target(word, named)
    assert Target.read(str(target)) == target
    assert target.label


def test_the_control_and_the_target_that_are_bound_anew_give_way() -> None:
    device = DeviceMap("X", (Binding(KNOB, DENSITY), Binding(OTHER, TEMPO)))
    bound, gone = device.with_binding(Binding(KNOB, TEMPO))
    assert bound.bindings == (Binding(KNOB, TEMPO),)
    assert gone == device.bindings
    assert bound.without(TEMPO).bindings == ()


def test_binding_the_same_again_takes_nothing_away() -> None:
    device = DeviceMap("X", (Binding(KNOB, DENSITY),))
    assert device.with_binding(Binding(KNOB, DENSITY)) == (device, ())


def test_clashes_of_a_map_are_said() -> None:
    device = DeviceMap("X", (Binding(KNOB, DENSITY), Binding(KNOB, TEMPO), Binding(OTHER, DENSITY)))
    assert list(device.clashes()) == [
        "cc 16, channel 1 moves both gauge note_density and tempo; gauge note_density keeps it.",
        "gauge note_density is moved by both cc 16, channel 1 and cc 17, channel 1.",
    ]
    assert device.bound(KNOB) == Binding(KNOB, DENSITY)


def test_a_device_is_found_by_the_longest_part_of_its_name() -> None:
    rough, exact = DeviceMap("nanokontrol"), DeviceMap("nanoKONTROL2 (2)")
    maps = [DeviceMap(""), rough, exact]
    assert fitting("alsa:nanoKONTROL2:nanoKONTROL2 MIDI 1", maps) is rough
    assert fitting("alsa:nanoKONTROL2 (2)", maps) is exact
    assert fitting("alsa:Launchkey", maps) is None


def test_the_first_of_two_that_fit_as_well_is_taken() -> None:
    own, shipped = DeviceMap("nano", note="own"), DeviceMap("NANO", note="shipped")
    assert fitting("alsa:nanoPAD", [own, shipped]) is own


@pytest.mark.parametrize(
    ("port", "device"),
    [
        ("alsa:nanoKONTROL2:nanoKONTROL2 MIDI 1", "nanoKONTROL2:nanoKONTROL2 MIDI 1"),
        ("jack:a2j:nanoKONTROL2 [20] (capture): MIDI 1", "a2j:nanoKONTROL2 (capture): MIDI 1"),
        ("plain", "plain"),
    ],
)
def test_a_device_is_named_without_what_changes(port: str, device: str) -> None:
    assert device_of(port) == device


@given(st.text())
def test_any_name_of_a_port_names_a_device(port: str) -> None:
    device = device_of(port)
    assume(device)
    assert fitting(port, [DeviceMap(device)]) is not None
