"""Notes against notes: how many of two measures agree when one is moved to lie on the other.

The cardinality score of Yin et al. 2022 (SN Computer Science 3:340, section 3): notes are points
of onset and pitch, and the score is the largest number of points that coincide under one
transposition, over the size of the larger set. Onsets are those of the grid, bar line on bar
line.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from engine.music.measure import HIGHEST, LOWEST, REST

Tokens = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]

SHIFTS = HIGHEST - LOWEST
"""Semitones up or down by which one note of the range can lie from another."""

_BLOCK = 1 << 15


def cardinality(query: Tokens, columns: Tokens, notes: npt.NDArray[np.uint8]) -> Scores:
    """Return the score, from 0 to 1, of a query [T] with each of N others [T, N].

    Tokens are absolute, a row of ``columns`` for each tick; ``notes`` [N] counts the notes of
    each. Every one of them is looked at: the search is exact. A query without notes scores 0.
    """
    ticks = np.flatnonzero(query > REST)
    best = np.zeros(columns.shape[1], np.uint8)
    for first in range(0, columns.shape[1], _BLOCK):
        part = slice(first, first + _BLOCK)
        # Modulo 256, between notes within 29 of 0; what is no note lies 53 or more below it, and
        # agrees with no note.
        apart = [columns[at, part] - query[at] for at in ticks]
        same = np.empty_like(best[part], np.bool_)
        for place, distance in enumerate(apart):
            # The first of those that agree counts the others.
            agreed = np.ones_like(distance)
            for other in apart[place + 1 :]:
                np.equal(other, distance, out=same)
                agreed += same.view(np.uint8)
            np.greater(columns[ticks[place], part], REST, out=same)
            agreed *= same.view(np.uint8)
            np.maximum(best[part], agreed, out=best[part])
    size = np.maximum(notes, max(1, len(ticks)))
    return (best / size).astype(np.float32)


def agreeing(query: Tokens, columns: Tokens) -> Tokens:
    """Return how many notes of a query [T] agree with each of N others [T, N], moved by each shift.

    A row [59, N] for each shift from 29 semitones down to 29 up, as the other is higher. Those
    of measures that follow one another add up to those of the passage.
    """
    others = columns.shape[1]
    # The last row takes what is no note.
    counts = np.zeros((2 * SHIFTS + 2) * others, np.uint8)
    ticks = np.flatnonzero(query > REST)
    notes = columns[ticks]
    shifts = np.where(notes > REST, notes + (SHIFTS - query[ticks])[:, None], 2 * SHIFTS + 1)
    # Within one tick no place stands twice, so that each is counted.
    for places in shifts.astype(np.int64) * others + np.arange(others):
        counts[places] += 1
    return counts.reshape(-1, others)[:-1]


def agreement(query: Tokens, other: Tokens) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return by how many semitones ``other`` [T] is moved onto ``query`` [T], and the notes
    that then agree: (note of the query, note of the other), each counted from 0.

    Of several transpositions that agree as often the smallest is taken.
    """
    ours, theirs = (np.flatnonzero(tokens > REST) for tokens in (query, other))
    both = np.intersect1d(ours, theirs)
    moved: Counter[int] = Counter(int(query[at]) - int(other[at]) for at in both)
    if not moved:
        return 0, ()
    most = max(moved.values())
    transposed = min((by for by, count in moved.items() if count == most), key=abs)
    pairs = tuple(
        (int(np.searchsorted(ours, at)), int(np.searchsorted(theirs, at)))
        for at in both
        if int(query[at]) - int(other[at]) == transposed
    )
    return transposed, pairs
