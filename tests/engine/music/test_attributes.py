"""The four attributes, as the paper defines them."""

import pytest

from engine.errors import UnknownName
from engine.music.attributes import attribute, attributes
from engine.music.measure import HOLD, SILENCE, Measure


def measure(**ticks: int) -> Measure:
    """Build a measure from pitches by tick: measure(t0=60, t12=64)."""
    tokens = [HOLD] * 24
    for name, pitch in ticks.items():
        tokens[int(name[1:])] = pitch
    return Measure(tuple(tokens))


def test_a_silent_measure_has_none_of_anything() -> None:
    assert set(attributes(SILENCE).values()) == {0.0}


def test_one_note_has_density_but_neither_range_nor_jump() -> None:
    found = attributes(measure(t0=60))
    assert found["note_density"] == pytest.approx(1 / 24)
    assert found["rhythmic_complexity"] == pytest.approx(0.20 / 27.79)
    assert found["note_range"] == 0
    assert found["average_interval_jump"] == 0


def test_range_and_jump_count_semitones() -> None:
    found = attributes(measure(t0=60, t6=72, t12=65))
    assert found["note_range"] == pytest.approx(12 / 26)
    assert found["average_interval_jump"] == pytest.approx((12 + 7) / 2)


def test_a_syncopated_onset_is_more_complex_than_one_on_the_beat() -> None:
    on, off = attributes(measure(t12=60)), attributes(measure(t14=60))
    assert off["rhythmic_complexity"] > 7 * on["rhythmic_complexity"]


def test_every_tick_sounding_is_the_most_there_is() -> None:
    full = attributes(Measure((60, 62) * 12))
    assert full["rhythmic_complexity"] == pytest.approx(1)
    assert full["note_density"] == 1


def test_an_unknown_attribute_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="note_density"):
        attribute("note_densty")
