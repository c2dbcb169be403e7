"""How the screens look, held as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support.fake_engine import FakeEngine
from tests.support.waiting import quiet
from tui.app import ArmonicaApp

Compare = Callable[..., bool]


def doing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """Return what presses keys once the screen is quiet, and wait until it is again."""

    async def before(pilot: Pilot[Any]) -> None:
        await quiet(pilot)
        await pilot.press(*keys)
        if pilot.app.screen is pilot.app.composing:  # type: ignore[attr-defined]
            await quiet(pilot)
        await pilot.pause()

    return before


@pytest.mark.parametrize("theme", ["dark", "mono"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_compose(snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    app = ArmonicaApp(FakeEngine(), theme=theme, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=doing("j", "right", "right", "f"))


def test_light(snap_compare: Compare) -> None:
    app = ArmonicaApp(FakeEngine(), theme="light", seed=1)
    assert snap_compare(app, terminal_size=(120, 40), run_before=doing("m", "up"))


@pytest.mark.parametrize(
    ("name", "keys"), [("help", "?"), ("tunes", "b"), ("value", "="), ("page", "]")]
)
def test_dialogs(snap_compare: Compare, name: str, keys: str) -> None:
    app = ArmonicaApp(FakeEngine(), seed=1)
    assert name
    assert snap_compare(app, terminal_size=(80, 24), run_before=doing(keys))
