"""Waiting for what a screen comes to, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

DEADLINE = 30.0


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    """Let the application run until something holds; fails after `DEADLINE` seconds."""
    end = time.monotonic() + DEADLINE
    await pilot.pause()
    while not holds():
        assert time.monotonic() < end, "The screen never came to it."
        await pilot.pause(0.01)


async def quiet(pilot: Pilot[Any]) -> None:
    """Let the application run until map and reasons belong to what is shown."""
    screen = pilot.app.composing  # type: ignore[attr-defined]
    await until(
        pilot,
        lambda: (
            screen.session.shown.revision == screen.session.link.snapshot.revision
            and screen._settling is None
            and not screen._map_freshness.due(screen._map_key())
            and not screen._why_freshness.due(screen._why_key())
            and screen._explained is not None
            and screen.session.inquiry.settled
        ),
    )
    await pilot.pause()
