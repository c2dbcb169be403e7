"""Gestures: which movements of a hand are one step of undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

from textual.app import App

PAUSE = 1.0
"""Seconds without movement after which the next one begins a new gesture.

Longer than keyboards wait before a key that is held down repeats, 0.66 s at most by default.
"""


def moved_at(app: App[Any]) -> float:
    """Return when the hand last moved: when its key arrived, however late that is dealt with."""
    at = getattr(app, "moved_at", None)
    return at if isinstance(at, float) else time.monotonic()


class Gestures:
    """Numbers gestures from 1.

    Terminals tell of no key release, so a held key is a row of presses, and a gesture ends
    by a pause or by another movement.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take what gives the moment at which the hand moved."""
        self._clock = clock
        self._number = 0
        self._what: Hashable = None
        self._last = float("-inf")

    def begin(self, what: Hashable) -> int:
        """Return the number of the gesture: a new one unless ``what`` goes on moving."""
        now = self._clock()
        if what != self._what or now - self._last > PAUSE:
            self._number += 1
            self._what = what
        self._last = now
        return self._number

    def end(self) -> None:
        """End the present gesture, so that the next movement is a step of its own."""
        self._what = None
