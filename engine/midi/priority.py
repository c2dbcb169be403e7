"""Real-time priority for the processes that keep time, where the system permits it."""

from __future__ import annotations

import os


def ask_for_realtime(priority: int) -> bool:
    """Asks for real-time priority that children do not share, and says whether it was given."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        return False
    return True
