"""A gauge turned on a measure that is there: what was asked, at least change of what is heard."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.latent.calibration import CalibratedCodec
from engine.latent.measure_edits import edited
from engine.latent.plausibility import BEATS, MAJOR, POSITIONS, RARE
from engine.latent.reranking import DISTANCE_COST, KEY_COST, ODD_COST
from engine.latent.tokens import TICKS, WEIGHTS, Floats, Ints
from engine.latent.tone_costs import ToneCosts
from engine.music.attributes import RANGE_SCALE
from engine.music.locks import KeptNotes
from engine.music.measure import HOLD, REST

RETURN_COST = 0.1
"""What counts against a candidate for the share of ticks in which it is not as it was brought in:
little, so that a gauge turned up and down again comes back to the notes that were there."""

WIDEST = 2
"""How many measures are edited further at a time. With 4, which takes a third longer, what counts
against the best of all is 1% less."""

DEEPEST = 5
"""How many edits a candidate is from another at most."""


@dataclass(frozen=True)
class Aim:
    """What a turn asks for, and what its candidates are held against.

    ``wanted`` are attributes [4] in normal scores, ``firm`` how firmly each is asked for;
    ``start`` [24] is what is heard before, ``source`` [24] what was brought in. Rhythms and a key
    that the start has are no fault of a candidate; ``tones`` that nobody asked for are.
    """

    codec: CalibratedCodec
    wanted: Floats
    firm: Floats
    start: Ints
    source: Ints | None = None
    tones: ToneCosts | None = None
    odd: float = 0.0
    foreign: float = 0.0

    def heeding(self) -> Aim:
        """Return it with the faults of its start forgiven."""
        seen = _Seen(self.start[None])
        odd, foreign = seen.odd(self.codec), seen.foreign()
        return replace(self, odd=float(odd[0]), foreign=float(foreign[0]))

    def cost(self, rows: Ints) -> Floats:
        """Return what counts against candidates [M, 24]."""
        seen = _Seen(rows)
        cost = np.abs(reach(self.codec, seen.attributes()) - self.wanted) @ self.firm
        cost += DISTANCE_COST / TICKS * _differing(rows, self.start)
        cost += ODD_COST * np.maximum(seen.odd(self.codec) - self.odd, 0)
        cost += KEY_COST * np.maximum(seen.foreign() - self.foreign, 0)
        if self.tones is not None:
            cost += self.tones.of(rows)
        if self.source is not None:
            cost += RETURN_COST / TICKS * _differing(rows, self.source)
        return np.asarray(cost)


def _differing(rows: Ints, other: Ints) -> Ints:
    return np.bincount(np.nonzero(rows != other)[0], minlength=len(rows))


class _Seen:
    """What is counted of candidates [M, 24]: note by note, as most ticks have none."""

    def __init__(self, rows: Ints) -> None:
        self._many = len(rows)
        # Which candidate each note is of, where it starts, and its pitch.
        self._of, self._tick = np.nonzero(rows > REST)
        self._pitch = rows[self._of, self._tick]
        self._notes = np.bincount(self._of, minlength=self._many)

    def attributes(self) -> Floats:
        """Return the four attributes [M, 4], as `measured` does."""
        found = np.zeros((self._many, 4))
        if not len(self._of):
            return found
        weights = np.bincount(self._of, WEIGHTS[self._tick], minlength=self._many)
        found[:, 0] = weights / WEIGHTS.sum()
        # A candidate without notes is given another's range, and it is taken from it again.
        first = np.minimum(self._notes.cumsum() - self._notes, len(self._of) - 1)
        spread = np.maximum.reduceat(self._pitch, first) - np.minimum.reduceat(self._pitch, first)
        found[:, 1] = spread * (self._notes > 1) / RANGE_SCALE
        found[:, 2] = self._notes / TICKS
        steps = np.abs(self._pitch[1:] - self._pitch[:-1]) * (self._of[1:] == self._of[:-1])
        total = np.bincount(self._of[1:], steps, minlength=self._many)
        found[:, 3] = total / np.maximum(self._notes - 1, 1)
        return found

    def odd(self, codec: CalibratedCodec) -> Floats:
        """Return by how much each candidate's beats are rarer than the books have them [M]."""
        places = self._of * BEATS + self._tick // POSITIONS
        bits = _BITS[self._tick]
        patterns = np.bincount(places, bits, minlength=self._many * BEATS).astype(np.int64)
        excess = np.maximum(codec.surprise - RARE, 0)[patterns].reshape(self._many, BEATS)
        return np.asarray(excess @ np.ones(BEATS))

    def foreign(self) -> Floats:
        """Return the share of each candidate's notes out of its best major collection [M]."""
        places = self._of * 12 + self._pitch % 12
        counts = np.bincount(places, minlength=self._many * 12).reshape(self._many, 12)
        # Keys first: the largest is found along whole rows of candidates.
        inside = (MAJOR @ counts.T.astype(np.float64)).max(axis=0)
        return np.asarray((self._notes - inside) / np.maximum(self._notes, 1))


_BITS = 1 << np.arange(TICKS) % POSITIONS


def reach(codec: CalibratedCodec, values: Floats) -> Floats:
    """Return the normal scores [M, 4] of attributes, going on evenly past the ends of a table.

    Music of another kind may have more notes than any measure of the training tunes, and one
    note less is less there, too.
    """
    scores = np.empty_like(values)
    for at, table in enumerate(codec.tables):
        (first, low), (last, high) = table[0], table[-1]
        own = values[:, at]
        scores[:, at] = np.interp(own, table[:, 1], table[:, 0])
        beyond = own - np.minimum(np.maximum(own, low), high)
        if beyond.any():
            unit = (high - low) / (last - first) if last > first and high > low else 1.0
            scores[:, at] += beyond / unit
    return scores


def wanted(codec: CalibratedCodec, code: Floats, anchor: Floats, brought: Floats) -> Floats:
    """Return the attributes [4] that a code asks for of a measure that was brought in.

    ``brought`` are that measure's own attributes in normal scores, which the named dimensions of
    its code, ``anchor``, tell with an error. Near the anchor a gauge asks for as much more than
    what was there as it is turned; the farther it is turned the more it means what it says.
    """
    error = brought - anchor
    away = np.abs(code - anchor) / np.maximum(1.0, 2 * np.abs(error))
    ends = np.array([(table[0, 0], table[-1, 0]) for table in codec.tables])
    low, high = np.minimum(ends[:, 0], brought), np.maximum(ends[:, 1], brought)
    return np.asarray((code + error * (1 - away).clip(min=0)).clip(low, high))


def chosen(aim: Aim, candidates: Ints, kept: KeptNotes) -> Ints:
    """Return the best measure [24]: of candidates [M, 24], the start, and what edits make of them.

    The start is edited first, and then whatever has come out best, as long as that gets better.
    """
    stamp = _Stamp(kept)
    rows = np.concatenate([aim.start[None], candidates])
    if aim.tones is not None:
        rows = np.concatenate([rows, aim.tones.fitted(rows)])
    rows = stamp.on(rows)
    costs = aim.cost(rows)
    # Whatever else is good: the measure itself is edited.
    order = [0, *[at for at in np.argsort(costs, kind="stable") if at][: WIDEST - 1]]
    best, least = rows[int(costs.argmin())], float(costs.min())
    beam = rows[order]
    for _ in range(DEEPEST):
        rows = stamp.on(edited(beam))
        if not len(rows):
            break
        costs = aim.cost(rows)
        at = int(costs.argmin())
        if costs[at] >= least - 1e-9:
            break
        best, least = rows[at], float(costs[at])
        # Two edits may come to the same.
        first = np.argsort(costs, kind="stable")[: 4 * WIDEST]
        beam = np.array(list(dict.fromkeys(map(tuple, rows[first].tolist())))[:WIDEST])
    return np.asarray(best)


class _Stamp:
    """Lays what is kept over candidates [M, 24]."""

    def __init__(self, kept: KeptNotes) -> None:
        self._ticks = [tick for tick, _ in kept.tokens]
        self._tokens = np.array([token for _, token in kept.tokens], dtype=np.int64)
        self._ends = sorted(kept.ends)

    def on(self, rows: Ints) -> Ints:
        if self._ticks:
            rows[:, self._ticks] = self._tokens
        if self._ends:
            ends = rows[:, self._ends]
            rows[:, self._ends] = np.where(ends == HOLD, REST, ends)
        return rows
