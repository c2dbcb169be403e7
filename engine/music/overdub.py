"""What was played laid over the measure that was there: the new wins wherever it sounds."""

from __future__ import annotations

from collections.abc import Sequence

from engine.music.measure import HOLD, REST, Measure
from engine.music.performance import Touch, Touches


def overlaid(
    old: Measure, played: Touches, new: Measure, touches: Touches, over: Sequence[bool]
) -> tuple[Measure, Touches]:
    """Return the measure of both, and how each of its notes is played.

    ``over`` says of each tick whether ``new`` sounds there. An old note ends where a new one
    begins and does not come back after it; one that begins where nothing new sounds stays.
    """
    mine, theirs = _by_tick(new, touches), _by_tick(old, played)
    tokens: list[int] = []
    kept: list[Touch | None] = []
    for tick, (token, there) in enumerate(zip(new.tokens, old.tokens, strict=True)):
        if over[tick]:
            tokens.append(token)
            hand = mine.get(tick)
        else:
            # What sounded before has ended here, and a hold would hold on to that.
            ends = tick > 0 and over[tick - 1] and there == HOLD
            tokens.append(REST if ends else there)
            hand = theirs.get(tick)
        if tokens[-1] > REST:
            kept.append(hand)
    measure = Measure.from_tokens(tokens, old.grid)
    return measure, tuple(kept) if any(kept) else ()


def _by_tick(measure: Measure, touches: Touches) -> dict[int, Touch | None]:
    struck = (tick for tick, token in enumerate(measure.tokens) if token > REST)
    return dict(zip(struck, touches, strict=True)) if touches else {}
