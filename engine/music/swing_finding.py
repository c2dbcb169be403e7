"""The swing of notes that were not written on a grid: how long the first of two parts is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from engine.music.groove import Groove, SwingUnit

LEAST_PAIRS = 6
"""So many pairs must be uneven alike before that is called swing."""

LEAST, MOST = 0.54, 0.71
"""The shares of the first note that are swing; what is longer is a dotted rhythm as written."""

ALIKE, SHARE = 0.08, 0.8
"""So large a share of the pairs must be so near to the middle one."""

EARLY = 0.08
"""The share of a beat by which a note may come before the beat that it belongs to."""

_SECOND = (0.42, 0.8)
"""Where the second note of a pair is looked for."""

_THIRDS = ((0.26, 0.41), (0.59, 0.74))
"""Where the second and third note of a triplet are looked for."""


def find_swing(onsets: Iterable[float]) -> Groove | None:
    """Return the swing of onsets in quarter notes, counted from a beat; None where there is none.

    Eighths are looked at in the quarter notes that have two onsets, sixteenths in those that are
    divided in two. Quarter notes in triplets are neither, and where they are many the uneven
    pairs are parts of triplets, too.
    """
    beats: dict[int, list[float]] = defaultdict(list)
    for onset in onsets:
        number = math.floor(onset + EARLY)
        beats[number].append(onset - number)
    eighths: list[float] = []
    sixteenths: list[float] = []
    triplets = 0
    for found in beats.values():
        inner = sorted({round(at, 3) for at in found if at > EARLY})
        if ternary(inner):
            triplets += 1
        elif len(inner) == 1:
            eighths += [at for at in inner if _within(at, _SECOND)]
        elif any(0.45 < at < 0.55 for at in inner):
            halves = [2 * (at % 0.5) for at in inner]
            sixteenths += [at for at in halves if _within(at, _SECOND)]
    return _swing(eighths, "eighths", triplets) or _swing(sixteenths, "sixteenths", triplets)


def ternary(inner: Sequence[float]) -> bool:
    """Return whether onsets within a quarter note, as parts of it, are a triplet's."""
    return all(any(_within(at, span) for at in inner) for span in _THIRDS) and len(inner) == 2


def _swing(pairs: Sequence[float], unit: SwingUnit, triplets: int) -> Groove | None:
    if len(pairs) < max(LEAST_PAIRS, 2 * triplets):
        return None
    middle = median(pairs)
    near = sum(abs(at - middle) <= ALIKE for at in pairs)
    if not LEAST <= middle <= MOST or near < SHARE * len(pairs):
        return None
    return Groove(swing=round(100 * middle, 1), unit=unit)


def _within(at: float, span: tuple[float, float]) -> bool:
    return span[0] < at < span[1]
