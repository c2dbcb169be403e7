"""Sheets close once, and close nothing but themselves."""

from __future__ import annotations

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.base import Modal
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form


def form() -> Form:
    """Return a form of one line."""
    return Form("Song", [Field("title", "Kildare", str)])


@pytest.mark.parametrize("make", [form, lambda: Choice("Port", ["none"], 0)])
async def test_a_second_answer_closes_nothing_else(make: type[Modal[object]]) -> None:
    app = ArmonicaApp(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        below, above = make(), make()
        answers: list[object] = []
        app.push_screen(below, answers.append)
        app.push_screen(above, answers.append)
        await until(pilot, lambda: above.is_mounted)
        for answer in (1, 2, 3):
            above.dismiss(answer)
        await pilot.pause()
        assert (app.screen, answers) == (below, [1])
        below.dismiss(4)
        below.dismiss(5)
        await pilot.pause()
        assert (app.screen, answers) == (app.composing, [1, 4])


async def test_an_answer_after_another_screen_was_gone_to_ends_nothing() -> None:
    app = ArmonicaApp(FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        sheet = form()
        app.push_screen(sheet)
        await until(pilot, lambda: sheet.is_mounted)
        app.go("monitor")
        await until(pilot, lambda: app.screen is app.monitoring)
        sheet.dismiss(None)
        await pilot.pause()
        assert app.screen is app.monitoring
        assert app.fault is None
