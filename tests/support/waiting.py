"""Waiting for what a thread, a process or a screen comes to, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.pilot import Pilot

DEADLINE = 120.0


def wait_until(
    holds: Callable[[], object],
    timeout: float = 60.0,
    because: str = "It never came to that.",
) -> None:
    """Wait for what another thread or process brings about; fails after ``timeout`` seconds."""
    end, pause = time.monotonic() + timeout, 0.001
    while not holds():
        assert time.monotonic() < end, because
        time.sleep(pause)
        pause = min(1.5 * pause, 0.05)


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
            and screen.settled
            and screen.session.inquiry.settled
        ),
    )
    await pilot.pause()
