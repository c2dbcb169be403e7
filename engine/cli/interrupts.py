"""Ctrl-C in a command: one line and 130, wherever it comes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from engine.cli.options import say

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of what was interrupted."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt`, and end the process at once amid an import.

    A package that is interrupted while it is imported may abort the process (torch does), or
    swallow what interrupts it; and while it is imported nothing is under way.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ended() -> None:
    """Say that the work is done: from here on Ctrl-C changes nothing any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupted(_: int, frame: FrameType | None) -> None:
    if _importing(frame):
        say("interrupted")
        os._exit(INTERRUPTED)
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
