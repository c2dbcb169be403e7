"""Gauges under keys and mouse: what is asked of the engine."""

from __future__ import annotations

import re

import pytest

from engine.protocol.edit import LockDimension, MoveLatent, Randomise, ResetLatent, SetLatent
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.view_models.gauges import GaugeReading
from tui.widgets.attribute_map import AttributeMap
from tui.widgets.gauges import GaugeBank, NamedGauges

SIZES = [(80, 24), (120, 40)]


def stands(engine: FakeEngine, dimension: int) -> float:
    """Return where a gauge of the first measure stands."""
    latent = engine.snapshot.row.slots[0].latent
    assert latent is not None
    return latent[dimension]


def bar(gauges: NamedGauges, row: int) -> tuple[int, int]:
    """Return where the bar of a gauge begins in its row, and how many cells it has."""
    (found,) = re.finditer("[─━┼○●]{3,}", lines(gauges)[row])
    return found.start(), len(found[0])


@pytest.mark.parametrize("size", SIZES)
async def test_a_gauge_moves_in_all_steps_and_one_hand_is_one_gesture(
    app: ArmonicaApp, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("right", "l", "shift+right", "alt+left", "comma")
        moves = engine.of(MoveLatent)
        assert [move.by for move in moves] == [0.25, 0.25, 1.0, -0.05, -0.05]  # type: ignore[attr-defined]
        assert stands(engine, 0) == 0.4
        assert len({move.gesture for move in moves}) == 1  # type: ignore[attr-defined]
        await pilot.press("down", "right")
        last = engine.of(MoveLatent)[-1]
        assert (last.dimension, stands(engine, 1)) == (1, 0.75)  # type: ignore[attr-defined]
        assert last.gesture != moves[0].gesture  # type: ignore[attr-defined]
        assert engine.snapshot.undo[0] != engine.snapshot.undo[1]
        await until(pilot, lambda: "range +0.75" in app.composing.query_one(NamedGauges).plain())


async def test_steps_add_up_though_no_snapshot_has_come_back(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        engine.muted = True
        await pilot.press(*["right"] * 6)
        assert engine.snapshot.row.slots[0].latent is not None
        assert engine.snapshot.row.slots[0].latent[0] == 0.5


async def test_undo_takes_a_whole_gesture_back(app: ArmonicaApp, engine: FakeEngine) -> None:
    before = engine.snapshot.song
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "right", "right", "u")
        assert engine.snapshot.song == before
        await pilot.press("U")
        assert engine.snapshot.row.slots[0].moved


async def test_a_value_is_typed_and_a_wrong_one_is_told_beside_it(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "j", "=", "9", "enter")
        await pilot.pause()
        assert not engine.of(SetLatent)
        assert app.screen.query_one("#field-0").has_class("-wrong")
        await pilot.press("backspace", "1", ".", "5", "enter")
        await until(pilot, lambda: engine.of(SetLatent))
        assert engine.of(SetLatent) == [SetLatent(0, 2, 1.5)]


async def test_lock_reset_randomise(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f")
        await until(pilot, lambda: 0 in app.session.shown.locks)
        await pilot.press("f", ")", "r", "0", "o")
        sent = engine.of(LockDimension, Randomise, ResetLatent)
        assert sent[:2] == [LockDimension(0, True), LockDimension(0, False)]
        assert isinstance(sent[2], Randomise)
        assert (sent[2].slot, sent[2].amount) == (0, 0.4)
        assert sent[3:] == [ResetLatent(0, 0), ResetLatent(0, None)]


async def test_other_gauges_are_a_page_away(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        assert not app.composing.query_one(GaugeBank).display
        await pilot.press("]")
        bank = app.composing.query_one(GaugeBank)
        await until(pilot, lambda: bank.display and "lowest pitch" in bank.plain())
        assert not app.composing.query_one(AttributeMap).display
        await pilot.press("]", "right")
        assert engine.of(MoveLatent)[-1].dimension == 4 + bank.page_size  # type: ignore[attr-defined]
        await pilot.press("[", "[")
        assert app.composing.query_one(AttributeMap).display
        assert app.composing.query_one(NamedGauges).has_focus


async def test_the_mouse_drags_a_gauge_and_chooses_a_measure(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        left, cells = bar(app.composing.query_one(NamedGauges), 4)
        await pilot.mouse_down("#gauges", offset=(left + cells // 2, 4))
        await pilot.hover("#gauges", offset=(left + cells - 1, 4))
        await pilot.mouse_up("#gauges", offset=(left + cells - 1, 4))
        moves = engine.of(SetLatent)
        assert [(m.dimension, m.value) for m in moves] == [(2, 0.0), (2, 3.0)]  # type: ignore[attr-defined]
        assert len({move.gesture for move in moves}) == 1  # type: ignore[attr-defined]
        await pilot.click("#strip", offset=(25, 1))
        await until(pilot, lambda: app.session.slot == 2)


def test_a_gauge_says_how_far_locked_notes_let_it_come() -> None:
    words = "2 notes are locked: reached 0.4 of 1.0"
    reading = GaugeReading(2, "density", 1.0, 0.0, False, "9 notes", "7 notes", held=words)
    assert NamedGauges.sentence(reading).endswith(f"{words}.")
