"""Swing is found in onsets that are uneven alike, and in nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.groove import Groove, swing_of, swing_text
from engine.music.swing_finding import find_swing

BEATS = 32


def pairs(second: float, spread: float = 0.0, beats: int = BEATS) -> Iterator[float]:
    """Yield two onsets a beat, each off its place by a normal error of that many beats."""
    draw = random.Random(1)
    for beat in range(beats):
        for at in (0.0, second):
            yield beat + at + draw.gauss(0, spread)


@pytest.mark.parametrize("swing", [54.0, 58.0, 62.0, 66.7, 70.0])
@pytest.mark.parametrize("spread", [0.0, 0.03])
def test_eighths_that_swing_alike_are_swing(swing: float, spread: float) -> None:
    found = find_swing(pairs(swing / 100, spread))
    assert found is not None
    assert found.unit == "eighths"
    assert found.swing == pytest.approx(swing, abs=1 + 60 * spread)


@pytest.mark.parametrize("second", [0.5, 0.52, 0.75, 0.25])
def test_even_and_dotted_pairs_are_none(second: float) -> None:
    assert find_swing(pairs(second)) is None


def test_pairs_that_differ_from_each_other_are_none() -> None:
    found = random.Random(2)
    onsets = [at for beat in range(BEATS) for at in (beat, beat + found.uniform(0.45, 0.78))]
    assert find_swing(onsets) is None


def test_a_few_uneven_pairs_are_none() -> None:
    assert find_swing(pairs(0.62, beats=5)) is None


def test_parts_of_triplets_are_none_where_triplets_are_many() -> None:
    triplets = [beat + third / 3 for beat in range(BEATS) for third in range(3)]
    long_short = [BEATS + at for at in pairs(2 / 3)]
    assert find_swing(triplets) is None
    assert find_swing(triplets + long_short) is None
    # In a shuffle a triplet is an ornament.
    few = [100 + beat + third / 3 for beat in range(4) for third in range(3)]
    assert find_swing([*long_short, *few]) == Groove(swing=66.7)


def test_sixteenths_that_swing_are_swing_of_sixteenths() -> None:
    onsets = [beat + at for beat in range(16) for at in (0, 0.31, 0.5, 0.81)]
    assert find_swing(onsets) == Groove(swing=62.0, unit="sixteenths")


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_any_onsets_have_a_swing_in_range_or_none(onsets: list[float]) -> None:
    found = find_swing(onsets)
    assert found is None or 54 <= found.swing <= 71


@given(st.floats(0, 1000), st.floats(50, 75), st.sampled_from(["eighths", "sixteenths"]))
def test_straightened_is_where_swing_began(at: float, swing: float, unit: str) -> None:
    groove = Groove(swing=swing, unit="eighths" if unit == "eighths" else "sixteenths")
    pair = 1.0 if unit == "eighths" else 0.5
    number, within = divmod(at, pair)
    first = swing / 100 * pair
    # By hand: the first half of a pair is stretched, the second pressed together.
    even = (
        within / 2 / (swing / 100)
        if within <= first
        else pair / 2 + (within - first) * (pair / 2) / (pair - first)
    )
    assert groove.straightened(at) == pytest.approx(number * pair + even, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["", "swing", "swing: 62", "swing: 99 % of eighths", "swing: 62 % of bars"]
)
def test_other_texts_say_no_swing(text: str) -> None:
    assert swing_of(text) is None


def test_a_text_says_the_swing() -> None:
    groove = Groove(swing=62.5, unit="sixteenths")
    assert swing_of(swing_text(groove)) == groove
