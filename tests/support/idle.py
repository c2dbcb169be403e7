"""When an application under test has come to rest, found out from its event loop."""

from __future__ import annotations

import asyncio
import time

SOON = 1 / 25
"""What is due within so many seconds is waited for: a frame, and what the bridge hands over. A key
of Textual's pilot lasts as long at least."""

LONGEST = 1.0
"""The most seconds to wait for an application that never rests."""


async def loop_idle(min_sleep: float = SOON, max_sleep: float = LONGEST) -> None:
    """Let the event loop run until nothing is ready, and no timer ends before ``min_sleep``.

    It stands in for ``textual._wait.wait_for_idle``, which sleeps for 20 ms at a time until the
    process has used less than 1 ms of processor time in them: at each key twice. Here what is due
    in those 40 ms is waited for, and where nothing is, nothing.
    """
    loop = asyncio.get_running_loop()
    start = time.monotonic()
    soon = loop.time() + max(min_sleep, SOON)
    while time.monotonic() < start + max_sleep:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        due = min(
            (each.when() for each in loop._scheduled if not each.cancelled()),  # type: ignore[attr-defined]
            default=soon,
        )
        if due >= soon:
            return
        await asyncio.sleep(max(0.0, due - loop.time()))
