"""How the influence screen looks, held as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.services.analysis.influence_queries import InfluenceQueries
from tests.support import fake_influence
from tests.support.fake_engine import FakeEngine
from tests.support.fake_generation import FakeStudio, take
from tests.support.fake_influence import MISSING_INDEX, borrowed_song
from tests.support.screens import (
    influence_answered,
    open_influence,
    open_influence_of_takes,
)
from tui.app import ArmonicaApp

Compare = Callable[..., bool]
Scene = Callable[[Pilot[Any]], Any]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
THEMES = pytest.mark.parametrize("theme", ["dark", "mono"])


def doing(*keys: str) -> Scene:
    """Return what goes to the influence screen, presses keys, and wait for every answer."""

    async def before(pilot: Pilot[Any]) -> None:
        await open_influence(pilot)
        for key in keys:
            await pilot.press(key)
            await influence_answered(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()

    return before


@THEMES
@SIZES
@pytest.mark.parametrize(
    "keys",
    [("right", "right"), ("x", "u", "enter", "a", "a")],
    ids=["alert", "near"],
)
def test_measure(
    snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int], theme: str
) -> None:
    app = ArmonicaApp(FakeEngine(borrowed_song()), theme=theme, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=doing(*keys))


@SIZES
def test_no_close_match(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = ArmonicaApp(FakeEngine(), seed=1)
    assert snap_compare(app, terminal_size=size, run_before=doing())


def test_light(snap_compare: Compare) -> None:
    app = ArmonicaApp(FakeEngine(borrowed_song()), theme="light", seed=1)
    assert snap_compare(app, terminal_size=(120, 40), run_before=doing())


def test_lack(snap_compare: Compare) -> None:
    engine = FakeEngine(borrowed_song())
    engine.influences = InfluenceQueries(fake_influence.parts(error=MISSING_INDEX))
    assert snap_compare(ArmonicaApp(engine, seed=1), terminal_size=(80, 24), run_before=doing())


@SIZES
def test_take(snap_compare: Compare, size: tuple[int, int]) -> None:
    studio = FakeStudio()
    studio.open()
    studio.change(takes=(take(1), replace(take(2), peaks=())))

    async def before(pilot: Pilot[Any]) -> None:
        await open_influence_of_takes(pilot, studio)
        await pilot.press("down")
        await influence_answered(pilot)

    app = ArmonicaApp(studio, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=before)
