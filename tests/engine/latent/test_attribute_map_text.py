"""The text map: levels, places and the picture that the command line prints."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.latent.attribute_map import Surface, axis, surface
from engine.latent.attribute_map_text import (
    LEVELS,
    MapScale,
    axis_line,
    nearest,
    render,
    resample,
    scale,
    ticks,
    value_at,
)
from engine.music.attributes import attribute
from tests.support.fakes import FakeModel

MODEL = FakeModel()
DENSITY = attribute("note_density")


def density_map(width: int, height: int) -> Surface:
    return surface(MODEL, MODEL.spec.origin, 2, 1, "note_density", width, height)


def test_levels_share_out_the_span() -> None:
    found = MapScale(2.0, 12.0)
    assert [found.level(value) for value in (1, 2, 2.9, 3, 7, 11.9, 12, 13)] == [
        0, 0, 0, 1, 5, 9, 9, 9,
    ]  # fmt: skip


def test_a_flat_map_has_one_level_and_says_so() -> None:
    flat = scale([(0.25, 0.25)])
    assert flat.level(0.25) == 0
    assert flat.legend(DENSITY, "0123456789") == "0 is 6 notes everywhere"


def test_nothing_measured_spans_nothing() -> None:
    assert scale([]) == MapScale(0.0, 0.0)


@given(st.integers(2, 512), st.data())
def test_the_cell_nearest_to_a_cells_middle_is_itself(cells: int, data: st.DataObject) -> None:
    cell = data.draw(st.integers(0, cells - 1))
    assert nearest(value_at(cell, cells), cells) == cell


@given(st.floats(-3, 3), st.integers(2, 512))
def test_no_cell_is_nearer_than_the_nearest(value: float, cells: int) -> None:
    found = abs(value_at(nearest(value, cells), cells) - value)
    assert found <= 3 / (cells - 1) + 1e-9


@given(st.integers(2, 200), st.integers(2, 200))
def test_resampling_keeps_both_ends_and_the_order(cells: int, known: int) -> None:
    taken = [resample(cell, cells, known) for cell in range(cells)]
    assert (taken[0], taken[-1]) == (0, known - 1)
    assert taken == sorted(taken)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 2))
def test_levels_stay_in_range(low: float, high: float, value: float) -> None:
    assert 0 <= MapScale(min(low, high), max(low, high)).level(value) < LEVELS


def test_the_map_as_it_is_printed() -> None:
    assert render(density_map(12, 5), MODEL.spec, (0.0, -1.5)).splitlines() == [
        "density: 0 notes 0123456789 18 notes",
        "↑ range",
        "+3 │011234567889│",
        "   │011234567889│",
        " 0 │011234567889│",
        "   │011234◆67889│",
        "-3 │011234567889│",
        "   └────────────┘",
        "    -3 densit +3",
        "◆ the measure: density +0.00, range -1.50",
    ]


def test_the_same_in_shades() -> None:
    printed = render(density_map(12, 2), MODEL.spec, glyphs="shades").splitlines()
    assert printed[0] == "density: 0 notes [ .:-=+*#%@] 18 notes"
    assert printed[2] == "+3 │ ..:-=+*#%%@│"


def test_rows_that_are_not_there_yet_are_blank() -> None:
    whole = density_map(6, 4)
    part = render(replace(whole, values=whole.values[:1]), MODEL.spec).splitlines()
    assert part[2] == render(whole, MODEL.spec).splitlines()[2]
    assert part[3:6] == ["   │      │", "   │      │", "-3 │      │"]


def test_only_a_row_at_nought_is_marked_so() -> None:
    assert ticks(5) == {0: "+3", 2: " 0", 4: "-3"}
    assert ticks(6) == {0: "+3", 5: "-3"}
    assert axis(6)[2] != 0


def test_an_axis_too_short_for_its_caption() -> None:
    assert axis_line(20, "density →") == "-3   density →    +3"
    assert axis_line(9, "density →") == "-3 den +3"
    assert axis_line(4, "density →") == "-3  "
