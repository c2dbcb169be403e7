"""How the screens end when something outside ends them, or by a fault."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from engine import logs
from engine.errors import ArmonicaError
from tui.bridge import EngineLink

PATIENCE = 3.5
"""Seconds in which the screens end once they are to, before they are ended by force."""

log = logging.getLogger(__name__)


class ScreensFault(ArmonicaError):
    """A fault of the program that ended the screens."""

    title = "Screens"

    def __init__(self, fault: BaseException, remedy: str) -> None:
        what = f"{type(fault).__name__}: {fault}".rstrip(".: ")
        super().__init__(f"The screens met a fault ({what}). {logs.place()} says where.", remedy)


@contextmanager
def ended_by_signals(
    leave: Callable[[], None], requests: queue.SimpleQueue[None], engine: EngineLink
) -> Iterator[None]:
    """Call ``leave`` on a hang-up, on SIGTERM and on SIGINT, any number of times.

    SIGINT stays without effect afterwards: the terminal is itself again before the engine is
    closed, and Ctrl-C must not keep a song from being kept. The program ends then anyway.

    `PATIENCE` seconds after something was put into ``requests`` the engine is closed and the
    process ends, whatever the screens do. Only the main thread may use this.
    """
    threading.Thread(target=_insist, args=(requests, engine), name="end", daemon=True).start()

    def handle(_number: int, _frame: FrameType | None) -> None:
        leave()

    numbers = [
        each for name in ("SIGHUP", "SIGTERM", "SIGINT") if (each := getattr(signal, name, None))
    ]
    before = [(each, signal.signal(each, handle)) for each in numbers]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, signal.SIG_IGN if each == signal.SIGINT else handler)


def _insist(requests: queue.SimpleQueue[None], engine: EngineLink) -> None:
    requests.get()
    time.sleep(PATIENCE)
    engine.close()
    # A terminal that takes nothing holds up whoever writes to it.
    where = sys._current_frames()[threading.main_thread().ident or 0]
    stack = "".join(traceback.format_stack(where))
    log.error("The screens did not end within %g s; they were at\n%s", PATIENCE, stack)
    os._exit(1)
