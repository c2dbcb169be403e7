"""The help opens on every screen."""

from __future__ import annotations

import pytest

from tests.support.fake_generation import FakeStudio
from tests.support.waiting import until
from tui.action_tables.action import SCREENS, Place
from tui.app import ArmonicaApp
from tui.dialogs.help import Help


@pytest.mark.parametrize("place", SCREENS)
async def test_the_help_opens_and_closes_on_every_screen(place: Place) -> None:
    app: ArmonicaApp = ArmonicaApp(FakeStudio(), seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        app.go(place)
        await until(pilot, lambda: app.current_mode == place)
        screen = app.screen
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
