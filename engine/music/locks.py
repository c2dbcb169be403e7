"""Locked notes: what of a measure stays where it is, whatever else becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.music.measure import HOLD, REST, Measure
from engine.music.slot import Slot


@dataclass(frozen=True, slots=True)
class KeptNotes:
    """What is to stay in a measure.

    ``tokens`` are pairs of a tick and the token that stands there; at each of ``ends`` a locked
    note ends, so that nothing is held there.
    """

    tokens: tuple[tuple[int, int], ...] = ()
    ends: frozenset[int] = frozenset()

    def of(self, measure: Measure) -> Measure:
        """Return a measure with what is kept laid over it."""
        if not self.tokens and not self.ends:
            return measure
        tokens = list(measure.tokens)
        for tick, token in self.tokens:
            tokens[tick] = token
        for tick in self.ends:
            tokens[tick] = tokens[tick] or REST
        laid = Measure.from_tokens(tokens, measure.grid)
        return measure if laid == Measure.from_tokens(measure.tokens, measure.grid) else laid


NOTHING = KeptNotes()


def kept(row: Sequence[Slot], at: int) -> KeptNotes:
    """Return what locks keep in the measure at a place of a row.

    The last note of the measure before it may be locked, too: here it goes on as long as it does.
    """
    slot = row[at]
    tokens: dict[int, int] = {}
    ends: set[int] = set()
    of = slot.measure.tokens
    for onset in slot.locked_notes:
        tokens[onset] = of[onset]
        end = onset + 1
        while end < len(of) and of[end] == HOLD:
            tokens[end] = HOLD
            end += 1
        if end < len(of):
            ends.add(end)
    if at and _last_is_locked(row[at - 1]):
        end = 0
        while end < len(of) and of[end] == HOLD:
            tokens[end] = HOLD
            end += 1
        if end < len(of):
            ends.add(end)
    return KeptNotes(tuple(sorted(tokens.items())), frozenset(ends))


def _last_is_locked(slot: Slot) -> bool:
    # A note that sounds up to the bar line, or is held over it.
    started = [tick for tick, token in enumerate(slot.measure.tokens) if token != HOLD]
    if not started or slot.measure.tokens[started[-1]] == REST:
        return False
    return slot.locked or started[-1] in slot.locked_notes
