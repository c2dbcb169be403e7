"""Figures of a melody: three steps of interval and duration, weighted by how rare they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.music.measure import REST

Grams = npt.NDArray[np.int64]

STEPS = 3
"""A figure has four notes: three steps, each an interval and the time to the next note."""

_BITS = 7


def steps(tokens: npt.NDArray[np.uint8]) -> tuple[Grams, Grams]:
    """Return the steps of a line of measures [M, 24], and the measure in which each begins.

    A step is one whole number for the interval to the next note and the ticks until it; a
    rest before the next note is another number than a note that is held until then.
    """
    line = tokens.reshape(-1).astype(np.int64)
    at = np.flatnonzero(line > REST)
    rests = np.concatenate([[0], np.cumsum(line == REST)])
    if len(at) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    interval = line[at[1:]] - line[at[:-1]] + 64
    apart = np.minimum(at[1:] - at[:-1], 63)
    rested = rests[at[1:]] > rests[at[:-1]]
    code = interval << _BITS | apart << 1 | rested
    return code, at[:-1] // tokens.shape[1]


def grams(tokens: npt.NDArray[np.uint8]) -> tuple[Grams, Grams]:
    """Return the figures of a line of measures [M, 24], and the measure in which each begins."""
    code, where = steps(tokens)
    if len(code) < STEPS:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    found = code[: len(code) - STEPS + 1].copy()
    for later in range(1, STEPS):
        found = found << 2 * _BITS | code[later : len(code) - STEPS + 1 + later]
    return found, where[: len(found)]


def longest_run(ours: Grams, theirs: Grams) -> tuple[int, int, int]:
    """Return the longest common stretch of two sequences of steps: its length, and where.

    The places are those of its first step in each. By dynamic programming, a row at a time.
    """
    best, mine, other = 0, 0, 0
    # Lengths by where their last step lies, the first place before all; of two rows in turn.
    before, now = (np.zeros(len(theirs) + 1, np.int32) for _ in range(2))
    same = np.empty(len(theirs), np.bool_)
    for at, step in enumerate(ours):
        np.equal(theirs, step, out=same)
        np.add(before[:-1], 1, out=now[1:])
        now[1:] *= same.view(np.uint8)
        top = int(now.argmax())
        if now[top] > best:
            best = int(now[top])
            mine, other = at - best + 1, top - best
        before, now = now, before
    return best, mine, other


def longest_among(ours: Grams, lines: npt.NDArray[np.uint8]) -> int:
    """Return the longest common stretch of steps with any of several lines [K, M, 24]."""
    code, where = steps(lines.reshape(-1, lines.shape[2]))
    if not len(code) or not len(ours):
        return 0
    # A step from the last note of a line to the first of the next is none.
    ends = np.append(where[1:], np.flatnonzero((lines > REST).any(axis=2).reshape(-1))[-1])
    code[where // lines.shape[1] != ends // lines.shape[1]] = -1
    return longest_run(ours, code)[0]


class Stretches:
    """The steps of many lines, asked whether a stretch of others may stand in one of them."""

    def __init__(self, lines: Iterable[npt.NDArray[np.uint8]]) -> None:
        self._code = np.concatenate([np.empty(0, np.int64), *(steps(line)[0] for line in lines)])
        self._length, self._known = 0, np.empty(0, np.uint64)

    def may_hold(self, ours: Grams, length: int) -> bool:
        """Return whether any ``length`` successive steps of ours may be there; False is certain."""
        if len(ours) < length:
            return False
        if self._length != length:
            self._length, self._known = length, np.sort(_hashed(self._code, length))
        if not len(self._known):
            return False
        asked = _hashed(ours, length)
        there = np.minimum(np.searchsorted(self._known, asked), len(self._known) - 1)
        return bool((self._known[there] == asked).any())


def _hashed(code: Grams, length: int) -> npt.NDArray[np.uint64]:
    # A number for each stretch: equal ones have the same, and few others do.
    count = max(0, len(code) - length + 1)
    found = np.zeros(count, np.uint64)
    for at in range(length):
        found = found * np.uint64(0x9E3779B97F4A7C15) + code[at : at + count].astype(np.uint64)
    return found


@dataclass(frozen=True)
class GramIndex:
    """An inverted index: the rows in which each figure begins.

    ``names`` [G] are the figures, rising; those of figure g are ``rows[offsets[g]:
    offsets[g + 1]]``, and ``weights`` [G] their inverse document frequency over clusters.
    """

    names: Grams
    offsets: Grams
    rows: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    @classmethod
    def of(cls, names: Grams, rows: Grams, clusters: Grams, count: int) -> GramIndex:
        """Return the index of figures [F] that begin in rows [F] of ``count`` clusters [F]."""
        order = np.lexsort((rows, names))
        names, rows, clusters = names[order], rows[order], clusters[order]
        unique, first = np.unique(names, return_index=True)
        offsets = np.append(first, len(names)).astype(np.int64)
        span = int(clusters.max(initial=0)) + 1
        pairs = np.unique(np.searchsorted(unique, names) * span + clusters)
        spread = np.bincount(pairs // span, minlength=len(unique))
        weights = np.log(max(2, count) / np.maximum(spread, 1)).astype(np.float32)
        return cls(unique, offsets, rows.astype(np.int32), weights)

    def scores(self, asked: Grams) -> tuple[Grams, npt.NDArray[np.float32]]:
        """Return the rows that share a figure with those asked, and the weight that they share."""
        found, weights = [], []
        for name in np.unique(asked):
            at = int(np.searchsorted(self.names, name))
            if at < len(self.names) and self.names[at] == name:
                rows = np.unique(self.rows[self.offsets[at] : self.offsets[at + 1]])
                found.append(rows)
                weights.append(np.full(len(rows), self.weights[at], np.float32))
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows, which = np.unique(np.concatenate(found), return_inverse=True)
        shared = np.bincount(which, np.concatenate(weights)).astype(np.float32)
        return rows.astype(np.int64), shared
