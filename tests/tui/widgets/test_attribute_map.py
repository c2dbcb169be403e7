"""The attribute map: what is drawn, and what moving the cursor says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Region

from engine.latent.attribute_map import Surface, surface
from tests.support.fakes import FakeModel
from tests.support.pictures import Frame, lines
from tui.formatting.heat_ramp import faded, ramp
from tui.widgets.attribute_map import AttributeMap

MODEL = FakeModel()
HERE = (0.0, 0.0)


def density_over(width: int, height: int, y: int = 1) -> Surface:
    return surface(MODEL, MODEL.spec.origin, 2, y, "note_density", width, height)


def framed(cells: str | None = "digits", theme: str = "dark") -> tuple[Frame, AttributeMap]:
    drawn = AttributeMap()
    drawn.cells = cells  # type: ignore[assignment]
    return Frame(drawn, theme), drawn


async def test_the_smallest_map_has_axes_legend_measure_and_words() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        assert drawn.wanted() == (21, 5)
        drawn.show(density_over(21, 5), HERE, spec=MODEL.spec)
        assert lines(drawn) == [
            "density: 0 0123456789 18",
            "+3│001122233455667778899",
            "  │001122233455667778899",
            " 0│001122233[◆]667778899",
            "  │001122233455667778899",
            "-3│001122233455667778899",
            "   -3 →density ↑range +3",
            "→+0.0 ↑+0.0: 9 notes",
        ]


async def test_a_large_map_says_everything() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        drawn.show(density_over(*drawn.wanted(), y=7), (1.0, -2.0), spec=MODEL.spec)
        shown = lines(drawn)
        assert shown[0] == "density: 0 notes 0123456789 18 notes"
        assert shown[1] == "↑ z7"
        assert shown[-2].split() == ["-3", "density", "→", "+3"]
        assert shown[-1] == "density +1.00, z7 -2.00: 12 notes, 2 training measures"


async def test_colours_bear_a_digit_where_the_level_changes() -> None:
    frame, drawn = framed("colour")
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        drawn.show(density_over(21, 5), None, spec=MODEL.spec)
        drawn.cursor = (3.0, 3.0)
        assert lines(drawn)[3] == " 0│0 1 2  3 45 6 7  8 9"
        drawn.cursor = (-2.7, 0.0)
        assert lines(drawn)[3] == " 0│[0] 2  3 45 6 7  8 9"


async def test_without_colour_shades_are_drawn() -> None:
    frame, drawn = framed(None, "mono")
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        drawn.show(density_over(21, 5), HERE, spec=MODEL.spec)
        assert lines(drawn)[0] == "0 [ .:-=+*#%@] 18 notes"
        assert lines(drawn)[1] == "+3│  ..:::--=++**###%%@@"


async def test_rows_still_to_come_are_blank() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(40, 8)) as pilot:
        await pilot.pause()
        whole = density_over(*drawn.wanted())
        drawn.show(replace(whole, values=whole.values[:2]), HERE, spec=MODEL.spec, done=False)
        shown = lines(drawn)
        assert "measuring 40%" in shown[0]
        assert shown[2].endswith("9")
        assert shown[3].rstrip(" [◆]") == " 0│"
        assert shown[4] == "  │"
        assert "not measured yet" in shown[-1]


async def test_a_map_of_another_size_is_drawn_by_its_nearest_cells() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        drawn.show(density_over(64, 24), None, spec=MODEL.spec)
        drawn.cursor = (-3.0, -3.0)
        assert lines(drawn)[1][3] == "0"
        assert lines(drawn)[1][-1] == "9"
        drawn.show(density_over(3, 2), None, spec=MODEL.spec)
        assert set(lines(drawn)[1][3:]) == {"0", "5", "9"}


async def test_a_map_of_an_earlier_state_says_so() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(70, 12)) as pilot:
        await pilot.pause()
        drawn.show(density_over(*drawn.wanted()), HERE, spec=MODEL.spec, stale=True)
        assert "as it was before" in lines(drawn)[0]
        assert "as it was before" in drawn.plain()


async def test_the_density_of_the_training_data() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        drawn.show(density_over(21, 5), None, spec=MODEL.spec)
        drawn.cursor = (-3.0, -3.0)
        drawn.action_occupancy()
        assert lines(drawn)[0] == "1 0123456789 8 measures"
        assert lines(drawn)[1][3:].count("·") > 10
        assert "9" in lines(drawn)[3]
        drawn.action_occupancy()
        assert lines(drawn)[0] == "density: 0 0123456789 18"


async def test_the_cursor_goes_by_cells_and_by_half_units() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(64, 24)) as pilot:
        drawn.focus()
        await pilot.pause()
        width, height = drawn.wanted()
        drawn.show(density_over(width, height), HERE, spec=MODEL.spec)
        drawn.action_move(1, 0, False)
        assert drawn.cursor == pytest.approx((6 / (width - 1), 0.0))
        drawn.action_move(0, -1, True)
        assert drawn.cursor == pytest.approx((6 / (width - 1), -0.5))
        drawn.action_move(0, -9, True)
        assert drawn.cursor[1] == -3.0
        drawn.action_go()
        await pilot.pause()
        moves = [
            (m.settled, m.gesture) for m in frame.messages if isinstance(m, AttributeMap.Moved)
        ]
        assert [settled for settled, _ in moves] == [False, False, False, True]
        assert len({gesture for _, gesture in moves}) == 1
        drawn.action_move(0, 1, True)
        await pilot.pause()
        last = frame.messages[-1]
        assert isinstance(last, AttributeMap.Moved)
        assert last.gesture != moves[0][1]


async def test_a_cursor_on_the_measure_goes_with_it() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(64, 24)) as pilot:
        await pilot.pause()
        shown = density_over(*drawn.wanted())
        drawn.show(shown, (1.0, 1.0), spec=MODEL.spec)
        assert drawn.cursor == (1.0, 1.0)
        drawn.show(shown, (2.0, 1.0), spec=MODEL.spec)
        assert drawn.cursor == (2.0, 1.0)
        drawn.cursor = (0.0, 0.0)
        drawn.show(shown, (1.0, 1.0), spec=MODEL.spec)
        assert drawn.cursor == (0.0, 0.0)


async def test_the_mouse_takes_the_cursor_along() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(24, 8)) as pilot:
        await pilot.pause()
        drawn.show(density_over(21, 5), HERE, spec=MODEL.spec)
        await pilot.mouse_down(AttributeMap, offset=(3, 1))
        await pilot.hover(AttributeMap, offset=(23, 5))
        await pilot.mouse_up(AttributeMap, offset=(23, 5))
        moves = [m for m in frame.messages if isinstance(m, AttributeMap.Moved)]
        assert [(m.x, m.y, m.settled) for m in moves] == [
            (-3.0, 3.0, False),
            (3.0, -3.0, False),
            (3.0, -3.0, True),
        ]
        assert len({m.gesture for m in moves}) == 1


async def test_a_step_of_the_cursor_repaints_a_few_cells() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(64, 24)) as pilot:
        drawn.focus()
        await pilot.pause()
        drawn.show(density_over(*drawn.wanted()), HERE, spec=MODEL.spec)
        drawn.action_move(1, 0, False)
        await pilot.pause()
        before = drawn.picture()
        drawn.action_move(1, 0, False)
        changed: list[Region] = list(before.changes(drawn.picture()))
        words = drawn.size.height - 1
        assert sum(region.width for region in changed if region.y != words) <= 4
        assert sum(region.width for region in changed if region.y == words) <= 40


async def test_nothing_to_show_is_said() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(64, 24)) as pilot:
        await pilot.pause()
        assert drawn.plain() == "Map: nothing to show yet."
        assert lines(drawn)[0] == "The map comes with the first measure."
        drawn.show(density_over(20, 10), HERE)
        assert drawn.plain() == (
            "Map of density over density and range, 0 notes to 18 notes. "
            "Cursor at density +0.00, range +0.00: 9 notes, 9 training measures."
        )


async def test_ten_shades_run_from_one_end_to_the_other() -> None:
    frame, drawn = framed()
    async with frame.run_test(size=(64, 24)) as pilot:
        await pilot.pause()
        low, high = (
            drawn.style_of("attribute-map--lowest"),
            drawn.style_of("attribute-map--highest"),
        )
        shades = ramp(low, high)
        assert (shades[0].bgcolor, shades[-1].bgcolor) == (low.bgcolor, high.bgcolor)
        assert len({shade.bgcolor for shade in shades}) == 10
        assert all(a != b for a, b in zip(shades, faded(shades, drawn.rich_style), strict=True))
