"""Closed doors: no home folder, no colours of this terminal, an engine of arithmetic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import textual.constants

from tests.support.fake_engine import FakeEngine
from tests.support.hand_clock import HandClock
from tui.app import ArmonicaApp
from tui.view_models import gestures

Until = Callable[..., Awaitable[None]]


@pytest.fixture(autouse=True)
def _closed_doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(textual.constants, "COLOR_SYSTEM", "truecolor")


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """Return the time at which the hand moves."""
    hand = HandClock()
    monkeypatch.setattr(gestures, "moved_at", lambda _app: hand.at)
    return hand


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with four measures and its model there."""
    return FakeEngine()


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application on that engine, with draws from one seed."""
    return ArmonicaApp(engine, seed=1)
