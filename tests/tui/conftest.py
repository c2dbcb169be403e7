"""Closed doors: no home folder, no colours of this terminal, an engine of arithmetic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import textual.app
import textual.constants
import textual.pilot
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.support.fake_engine import FakeEngine
from tests.support.hand_clock import HandClock
from tests.support.idle import loop_idle
from tui.app import ArmonicaApp
from tui.view_models import gestures

Until = Callable[..., Awaitable[None]]


@pytest.fixture(autouse=True)
def _closed_doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(textual.constants, "COLOR_SYSTEM", "truecolor")


@pytest.fixture(autouse=True, scope="session")
def _styles_read_once() -> Iterator[None]:
    """Have the styles of one sheet and theme read once for all applications that a test starts."""
    read = Stylesheet._parse_rules
    known: dict[Any, list[RuleSet]] = {}

    def remembered(self: Stylesheet, css: str, *words: Any, **named: Any) -> list[RuleSet]:
        key = css, words, *sorted(named.items()), frozenset(self._variables.items())
        if key not in known:
            known[key] = read(self, css, *words, **named)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", remembered)
        yield


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """Return the time at which the hand moves."""
    hand = HandClock()
    monkeypatch.setattr(gestures, "moved_at", lambda _app: hand.at)
    return hand


@pytest.fixture(autouse=True)
def _toasts_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is said in passing stand until something takes its place: no machine is too slow."""
    notify = App.notify

    def stay(self: App[Any], message: str, **named: Any) -> None:
        notify(self, message, **{**named, "timeout": 3600.0})

    monkeypatch.setattr(App, "notify", stay)


@pytest.fixture(autouse=True, scope="session")
def _idle_without_sleep() -> Iterator[None]:
    """Have a key waited for until the application rests, and not until the machine does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual.app, "wait_for_idle", loop_idle)
        patch.setattr(textual.pilot, "wait_for_idle", loop_idle)
        yield


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with four measures and its model there."""
    return FakeEngine()


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application on that engine, with draws from one seed."""
    return ArmonicaApp(engine, seed=1)
