"""What a match asks of whoever publishes; product defaults, not legal tests."""

from __future__ import annotations

from engine.influence.licences import CREDITED, FREE
from engine.influence.spec import Alert

COPIED = 8
"""So many notes in a row, the same in interval and duration, look like a copy."""

RARE, RARER = 99.0, 99.9
"""Percentiles of held-out human tunes from which a likeness is amber, and red."""


def alert(licence: str, run: int, percentile: float) -> Alert:
    """Return the alert of a match: by its licence, its longest run of notes, its percentile.

    What is free needs none, and what asks for a credit is amber. Anything else, and what is
    not known, counts as in copyright.
    """
    if licence in FREE:
        return ""
    if licence in CREDITED:
        return "amber"
    if run >= COPIED or percentile >= RARER:
        return "red"
    return "amber" if percentile >= RARE else ""
