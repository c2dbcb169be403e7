"""The end of the process, where a thread may still be inside a library."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process with an exit code; whatever must be finished is finished before.

    A thread that still imports or computes in a library, as while a model loads, cannot be
    ended. Were the interpreter taken down around it, the library would abort the process. So
    the process ends at once while a daemon thread lives, and in the usual way where none does.
    """
    if not any(each.daemon for each in threading.enumerate()):
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            # Nobody is left to be told that it was not taken.
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    logging.shutdown()
    os._exit(code)
