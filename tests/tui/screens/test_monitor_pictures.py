"""How the monitor screen looks, held as pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.protocol.facts import MarkInputs, MarkPort
from engine.protocol.snapshot import InputStatus, PortStatus
from engine.protocol.transport import LatenessMeasured
from tests.support.fake_engine import FakeEngine
from tests.support.fake_midi import KEYS, PASSED, SYNTH
from tests.support.screens import open_monitor
from tests.support.waiting import until
from tui.app import ArmonicaApp

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def showing(*keys: str, passed: bool = True) -> tuple[FakeEngine, Callable[[Pilot[Any]], Any]]:
    """Return an engine on which something passes, and what goes to the screen and do keys."""
    engine = FakeEngine()
    engine.send(MarkPort(PortStatus(SYNTH, "open")))
    engine.send(MarkInputs(InputStatus(heard=("virtual", KEYS))))

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, ArmonicaApp)
        app.monitoring.clock = lambda: 0.0
        await open_monitor(pilot)
        if passed:
            engine.tell(LatenessMeasured(0.02, 0.38, 7.02))
            engine.tell(PASSED)
            await until(pilot, lambda: not app.monitoring.passed.empty)
        await pilot.press(*keys)
        await pilot.pause()
        app.monitoring.draw()
        await pilot.pause()

    return engine, before


@pytest.mark.parametrize("theme", ["dark", "mono"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_passing(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    engine, before = showing()
    app = ArmonicaApp(engine, theme=theme, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=before)


def test_held_and_filtered(snap_compare: Compare) -> None:
    engine, before = showing("4", "2", "d", "l", "up", "up")
    app = ArmonicaApp(engine, seed=1)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_nothing_yet(snap_compare: Compare) -> None:
    engine, before = showing(passed=False)
    app = ArmonicaApp(engine, seed=1)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before)
