"""The table of grids: every row is whole, and 4/4 is what the model was made for."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from engine.errors import UnknownName
from engine.latent.spec import serves
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid, grid_of
from engine.music.measure import REST, silence

EVERY = pytest.mark.parametrize("grid", GRIDS.values(), ids=lambda grid: grid.name)


@EVERY
def test_onsets_rise_and_stay_in_the_measure(grid: Grid) -> None:
    assert grid.onsets[0] == 0
    assert all(before < after for before, after in pairwise(grid.edges))
    assert len(grid.onsets) == len(grid.weights) == grid.ticks
    assert grid.places == tuple(map(float, grid.onsets))


@EVERY
def test_groups_and_the_signature_fill_the_measure(grid: Grid) -> None:
    assert sum(grid.groups) == grid.beats
    assert grid.length == Fraction(4 * grid.numerator, grid.denominator)
    assert grid.name.removesuffix(" fine") == grid.metre == f"{grid.numerator}/{grid.denominator}"


@EVERY
def test_beats_sixteenths_and_pulses_lie_on_the_grid(grid: Grid) -> None:
    places = set(grid.onsets)
    assert {beat * grid.beat for beat in range(grid.beats)} <= places
    assert {Fraction(at, 4) for at in range(int(grid.length * 4))} <= places
    assert set(grid.pulses) <= places
    assert grid.pulses[0] == 0


@EVERY
def test_a_beat_is_stressed_before_what_lies_within_it(grid: Grid) -> None:
    per_beat = len(grid.positions)
    firsts = grid.weights[::per_beat]
    assert min(grid.weights) == firsts[0]
    assert sorted(firsts[: grid.groups[0]]) == list(firsts[: grid.groups[0]])
    assert max(firsts) < max(grid.weights)


@EVERY
def test_families_divide_the_beat_and_leave_no_place_out(grid: Grid) -> None:
    assert all(family[0] == 0 for family in grid.families)
    assert {each for family in grid.families for each in family} == set(grid.positions)


@EVERY
def test_a_grid_is_found_by_its_name_and_has_a_silent_measure(grid: Grid) -> None:
    assert grid_of(grid.name) is grid
    assert silence(grid).silent
    assert silence(grid).tokens[0] == REST
    assert serves(grid) == (grid.name == "4/4")


def test_four_quarters_is_the_grid_that_the_model_was_trained_on() -> None:
    thirds = [Fraction(1, 3), Fraction(2, 3)]
    quarters = [Fraction(at, 4) for at in range(4)]
    assert FOUR_QUARTERS.positions == tuple(sorted([*thirds, *quarters]))
    assert FOUR_QUARTERS.weights == tuple(
        weight for first in (0.20, 0.67, 0.25, 0.67) for weight in (first, 1.0, 2.0, 0.5, 2.0, 1.0)
    )


def test_a_metronome_strikes_dotted_quarters_in_six_eight_and_groups_in_seven_eight() -> None:
    assert GRIDS["6/8"].pulses == (Fraction(0), Fraction(3, 2))
    assert list(GRIDS["7/8"].pulses) == [0, 1, 2]
    assert list(GRIDS["5/4"].pulses) == [0, 1, 2, 3, 4]


def test_thirty_seconds_and_sixteenth_triplets_lie_on_a_fine_grid() -> None:
    fine = set(GRIDS["4/4 fine"].onsets)
    assert {Fraction(at, 8) for at in range(32)} | {Fraction(at, 6) for at in range(24)} == fine


def test_a_metre_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="13/8"):
        grid_of("13/8")
