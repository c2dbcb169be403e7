"""Knobs without ends: how they count their steps in the value of a controller.

Three ways are common. From 1 up all count to the right; to the left, *twos-complement* counts
down from 127, *sign-bit* up from 65, and *binary-offset* down from 63, where to the right it
counts up from 65.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

Encoding = Literal["absolute", "twos-complement", "binary-offset", "sign-bit"]
ENCODINGS: tuple[Encoding, ...] = (
    "absolute",
    "twos-complement",
    "binary-offset",
    "sign-bit",
)

FEWEST = 4
"""Values that are seen before a knob is taken for one without ends."""

NEAR = 15
"""The most steps in one message: how fast a hand turns a knob with its own acceleration."""


def steps(encoding: Encoding, value: int) -> int:
    """Return by how many steps a value of 0 to 127 turns the knob, right being positive."""
    match encoding:
        case "twos-complement":
            return value if value < 64 else value - 128
        case "binary-offset":
            return value - 64
        case "sign-bit":
            return value if value < 64 else 64 - value
        case "absolute":
            return 0


def detected(values: Sequence[int]) -> Encoding | None:
    """Return how the values of one controller, in order, count; None while that cannot be told.

    A knob with ends says where it stands, so two values that follow each other differ, and
    on the way it leaves the few values that count steps; one without ends repeats itself.
    Values seen one way alone are taken for the commonest encoding; those of the other way
    settle it.
    """
    seen = set(values)
    if any(_absolute(value) for value in seen):
        # Between the zones of small steps only a place can be meant.
        return "absolute" if len(seen) > 1 else None
    if len(values) < FEWEST:
        return None
    repeats = any(a == b for a, b in pairwise(values))
    jumps = any(abs(a - b) > 2 * NEAR for a, b in pairwise(values))
    if not repeats and not jumps:
        return "absolute" if len(seen) > 2 * NEAR else None
    low, above = any(v <= NEAR for v in seen), any(64 < v <= 64 + NEAR for v in seen)
    high, below = any(v >= 128 - NEAR for v in seen), any(64 - NEAR <= v < 64 for v in seen)
    if below and not low and not high:
        return "binary-offset"
    if low and above and not high:
        return "sign-bit"
    if (low or high) and not above and not below:
        return "twos-complement"
    return "binary-offset" if above and not low and not high else "absolute"


def _absolute(value: int) -> bool:
    near_ends = 0 < value <= NEAR or value >= 128 - NEAR
    return not near_ends and not (value != 64 and abs(value - 64) <= NEAR)
