"""Codes beside a measure's own: a walk of some length, and the way to another measure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from engine.errors import OutOfRange
from engine.latent.spec import LIMIT, Latent, LatentModel
from engine.music.measure import HOLD, REST, Measure

FARTHEST = 10.0
"""The longest walk in standard deviations: two draws from the prior lie about 8 apart."""

MOST_BETWEEN = 16
"""The most measures that are put between two."""

POINTS = 33
"""At how many points of a way its measures are looked at: 65 made steps 2% smaller."""

DECIMALS = 4
"""Codes are rounded so that a song file stays short and the last bits of no machine matter."""


def walked(here: Latent, amount: float, seed: int, still: frozenset[int] = frozenset()) -> Latent:
    """Return the code at the end of a straight walk of length ``amount`` from ``here``.

    The direction is uniform over all dimensions that do not stand ``still``, and depends on
    ``seed`` alone; what would leave -3 to 3 stays at its end. Raises `OutOfRange` for a length
    outside 0 to 10.
    """
    if not 0 <= amount <= FARTHEST:
        raise OutOfRange(f"A measure is varied by 0 to {FARTHEST:g}, and {amount:g} is not that.")
    dice = random.Random(seed)
    # All are drawn, so that a lock changes its own gauge and not how the others compare.
    drawn = [dice.gauss(0.0, 1.0) for _ in here]
    free = [0.0 if d in still else step for d, step in enumerate(drawn)]
    length = math.hypot(*free)
    if not length:
        return here
    return tuple(
        z if not step else _held(z + amount * step / length)
        for z, step in zip(here, free, strict=True)
    )


def between(
    model: LatentModel,
    source: tuple[Latent, Measure],
    target: tuple[Latent, Measure],
    count: int,
    locks: frozenset[int] = frozenset(),
    points: int = POINTS,
) -> list[Latent]:
    """Return ``count`` codes on the straight line from one code to another.

    Both come with the measure that is heard there. Of so many ``points`` on the line those are
    taken whose measures make the most even steps: the squares of the `distance` from each to the
    next sum to the least. (Between measures of validation tunes the largest of four steps is
    8.9 so, and 13.3 at even steps of the code.) Raises `OutOfRange` for a count outside 1 to 16.
    """
    if not 1 <= count <= MOST_BETWEEN:
        raise OutOfRange(f"Between two measures go 1 to {MOST_BETWEEN}, and not {count}.")
    (start, first), (end, last) = source, target
    goal = tuple(a if d in locks else b for d, (a, b) in enumerate(zip(start, end, strict=True)))
    way = [_at(start, goal, step / (points - 1)) for step in range(points)]
    heard = [first, *model.decode(way[1:-1]), last]
    if first == last:
        return [_at(start, goal, step / (count + 1)) for step in range(1, count + 1)]
    return [way[at] for at in _evenly(heard, count)]


def distance(one: Measure, other: Measure) -> float:
    """Describe how much two measures differ: the sum over all ticks.

    A tick counts 1 where only one has an onset, and another 1 where only one of both sounds;
    where both do, the interval in octaves and at most one.
    """
    pairs = zip(_sounding(one), _sounding(other), strict=True)
    return sum((a_new != b_new) + _apart(a, b) for (a, a_new), (b, b_new) in pairs)


def _apart(one: int, other: int) -> float:
    if (one > REST) != (other > REST):
        return 1.0
    return min(abs(one - other), 12) / 12


def _sounding(measure: Measure) -> list[tuple[int, bool]]:
    """Return what sounds at each tick (a pitch, or a rest), and whether it begins there."""
    found: list[tuple[int, bool]] = []
    sounds = REST
    for token in measure.tokens:
        sounds = token if token != HOLD else sounds
        found.append((sounds, token > REST))
    return found


def _evenly(heard: Sequence[Measure], count: int) -> list[int]:
    """Return ``count`` places inside a way such that the squares of its steps sum to the least."""
    last = len(heard) - 1
    step = {
        (a, b): distance(heard[a], heard[b]) ** 2
        for a in range(last)
        for b in range(a + 1, last + 1)
    }
    # The best way to each place in so many steps: its cost, and the places on it.
    best: dict[int, tuple[float, tuple[int, ...]]] = {
        at: (step[0, at], ()) for at in range(1, last)
    }
    for _ in range(count - 1):
        best = {
            at: min(
                (cost + step[before, at], (*way, before))
                for before, (cost, way) in best.items()
                if before < at
            )
            for at in range(min(best) + 1, last)
        }
    _, places = min((cost + step[at, last], (*way, at)) for at, (cost, way) in best.items())
    return list(places)


def _at(start: Latent, end: Latent, share: float) -> Latent:
    return tuple(_held(a + share * (b - a)) for a, b in zip(start, end, strict=True))


def _held(value: float) -> float:
    # Adding zero turns -0.0 into 0.0, which is written and read back the same.
    return round(max(-LIMIT, min(LIMIT, value)), DECIMALS) + 0.0
