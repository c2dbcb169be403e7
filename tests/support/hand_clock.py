"""The clock by which the user's hand moves."""

from __future__ import annotations


class HandClock:
    """The time of the hand, which stands still until a test moves it: no machine is too slow."""

    at = 0.0
