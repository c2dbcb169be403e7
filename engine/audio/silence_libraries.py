"""Libraries that print, kept off the terminal."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_kept = -1


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send to nowhere what is printed on descriptor 2, by whatever thread, for as long.

    Sound libraries warn there of every odd file, which would tear the screen.
    """
    global _inside, _kept
    with _lock:
        _inside += 1
        if _inside == 1:
            _kept = _hide()
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _kept >= 0:
                os.dup2(_kept, 2)
                os.close(_kept)


def _hide() -> int:
    try:
        kept = os.dup(2)
    except OSError:
        # Started without a standard error, nothing can be torn.
        return -1
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept
