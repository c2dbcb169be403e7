"""What each gauge does from here, in sentences and as a table."""

from __future__ import annotations

import pytest

from engine.latent.sensitivity import effects, sensitivity
from tests.support.fakes import FakeModel
from tests.support.pictures import Frame, lines
from tui.widgets.explanation import Explanation
from tui.widgets.sensitivity_table import SensitivityTable, slope_text

MODEL = FakeModel()
POINT = (0.5, -0.4, 0.2, -1.0, 0.3) + (0.0,) * 27
FOUND = effects(MODEL, POINT, range(4))
SLOPES = sensitivity(MODEL, POINT, range(6))


@pytest.fixture
def why() -> Explanation:
    return Explanation()


@pytest.fixture
def table() -> SensitivityTable:
    return SensitivityTable()


async def test_the_chosen_gauge_comes_first(why: Explanation) -> None:
    async with Frame(why).run_test(size=(120, 8)) as pilot:
        await pilot.pause()
        why.show(FOUND, MODEL.spec, focused=2)
        shown = lines(why)
        assert shown[0] == "From here"
        assert shown[1] == f"▸ {FOUND[2].sentence(MODEL.spec)}"
        assert [line[:2] for line in shown[2:5]] == ["· "] * 3
        why.focus_on(1)
        assert lines(why)[1] == f"▸ {FOUND[1].sentence(MODEL.spec)}"
        assert why.plain() == f"From here: {FOUND[1].sentence(MODEL.spec)}."


async def test_what_was_measured_before_is_marked(why: Explanation) -> None:
    async with Frame(why).run_test(size=(60, 8)) as pilot:
        await pilot.pause()
        assert lines(why)[0] == "From here: measuring …"
        why.show(FOUND, MODEL.spec, stale=True)
        assert lines(why)[0] == "From here · as it was before, measuring …"
        assert "as it was before" in why.plain()
        why.show((), MODEL.spec)
        assert why.plain() == "From here: measuring …"


@pytest.mark.parametrize("size", [(24, 4), (36, 3), (40, 6), (80, 4), (100, 40)])
async def test_reasons_that_do_not_fit_are_counted(why: Explanation, size: tuple[int, int]) -> None:
    async with Frame(why).run_test(size=size) as pilot:
        await pilot.pause()
        why.show(FOUND, MODEL.spec, focused=0)
        shown = lines(why)
        gauges = sum(line.startswith(("▸ ", "· ")) for line in shown)
        left = sum(int(line.split()[1]) for line in shown if line.endswith("more"))
        assert gauges + left == len(FOUND)


@pytest.mark.parametrize("size", [(24, 3), (36, 3), (44, 4)])
async def test_the_gauge_under_the_hand_is_never_left_out(
    why: Explanation, size: tuple[int, int]
) -> None:
    async with Frame(why).run_test(size=size) as pilot:
        await pilot.pause()
        why.show(FOUND, MODEL.spec, focused=2)
        assert lines(why)[1].startswith("▸ density +1.0: ")


async def test_the_table_in_numbers(table: SensitivityTable) -> None:
    async with Frame(table).run_test(size=(60, 9)) as pilot:
        await pilot.pause()
        table.show(SLOPES, MODEL.spec, focused=1)
        shown = lines(table)
        assert shown[0].split() == ["complexity", "range", "density", "jump"]
        assert shown[2].split() == ["▸range", "·", "+1.0", "·", "+0.9"]
        assert shown[5].split() == ["lowest", "pitch", "·", "·", "·", "·"]
        assert "~ uneven" in shown[7]
        assert table.plain() == (
            "What moves what: one step of range moves "
            "complexity +0.0, range +1.0, density +0.0, jump +0.9."
        )


async def test_a_narrow_table_has_a_sign_and_tenths(table: SensitivityTable) -> None:
    async with Frame(table).run_test(size=(26, 9)) as pilot:
        await pilot.pause()
        table.show(SLOPES, MODEL.spec)
        assert lines(table)[2].split()[-3:] == ["+9", "·", "+9"]
        assert all(len(line) <= 26 for line in lines(table))


async def test_a_low_table_shows_what_it_has_room_for(table: SensitivityTable) -> None:
    async with Frame(table).run_test(size=(60, 4)) as pilot:
        await pilot.pause()
        table.show(None, MODEL.spec)
        assert lines(table)[0] == "What moves what: measuring …"
        table.show(SLOPES, MODEL.spec, stale=True)
        assert [line.split()[0] for line in lines(table)[1:3]] == ["complexity", "range"]
        assert lines(table)[3].startswith("as it was before")


@pytest.mark.parametrize(
    ("slope", "spread", "wide", "text"),
    [
        (0.93, 0.1, True, "+0.9 "),
        (0.93, 0.1, False, "+9 "),
        (-1.4, 0.1, True, "-1.4 "),
        (-1.4, 0.1, False, "-9 "),
        (0.5, 0.4, True, "+0.5~"),
        (0.01, 0.0, True, "· "),
        (0.01, 0.4, False, "·~"),
    ],
)
def test_slopes_in_writing(slope: float, spread: float, wide: bool, text: str) -> None:
    assert slope_text(slope, spread, wide) == text
