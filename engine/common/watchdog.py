"""Ends this process when a call into a sound system does not return.

RtMidi waits without end for room in the buffer of a JACK client that its server no longer calls,
as happens when a server hangs, and now and then when another of its clients was killed; with
real-time priority that wait takes a processor from everybody. Nothing in this process can break
it off, so the process ends, and whoever started it starts another, which is called again.
"""

from __future__ import annotations

import contextlib
import signal

STUCK = 15.0
"""Seconds after which a turn of a loop counts as stuck: opening a port may take some."""

_SPINNING = 5
"""Seconds that a thread with real-time priority may compute without ever having to wait."""


def end_when_stuck(seconds: float = STUCK) -> None:
    """End this process after so many seconds, unless it is called again before."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def limit_realtime() -> None:
    """Let the system end this process when it computes with real-time priority without a pause."""
    try:
        import resource
    except ImportError:
        return
    if not hasattr(resource, "RLIMIT_RTTIME"):
        return
    with contextlib.suppress(OSError, ValueError):
        most = _SPINNING * 1_000_000
        resource.setrlimit(resource.RLIMIT_RTTIME, (most, most))
