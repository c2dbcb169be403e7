"""Real-time priority for the processes that keep time, where the system permits it."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from engine.common.watchdog import limit_realtime


def ask_for_realtime(priority: int) -> bool:
    """Request real-time priority that children do not share; return whether it was granted."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    limit_realtime()
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        return False
    return True


def hasten_the_end() -> None:
    """Return the threads of sound systems the least real-time priority, where this one has one.

    A process that is killed has gone, and its ports with it, when the last of its threads has
    run once more; on a busy machine those without priority take half a second for that.
    """
    if not hasattr(os, "sched_setscheduler"):
        return
    with contextlib.suppress(OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            return
        own = threading.get_native_id()
        for thread in (int(each.name) for each in Path("/proc/self/task").iterdir()):
            if thread != own and os.sched_getscheduler(thread) == os.SCHED_OTHER:
                policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
                os.sched_setscheduler(thread, policy, os.sched_param(1))
