"""Passages around a measure beside those around others: in how many notes each two agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus.table import Corpus
from engine.influence.measures.calibration import WINDOWS
from engine.influence.measures.note_overlap import agreeing
from engine.music.measure import REST

AROUND = 3
"""Measures to each side of the one asked about that may belong to a longer match."""

Tokens = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Compared:
    """A passage of ``length`` measures that holds the one asked about, beside R others.

    It begins ``earlier`` measures before that one and has so many ``notes``. Of each other:
    whether it is ``there`` (bool [R]: it lies in one tune), the notes that ``agreed`` with it
    at one transposition, and ``sizes``, the notes of the fuller of the two (uint8 [R]).
    """

    length: int
    earlier: int
    notes: int
    there: npt.NDArray[np.bool_]
    agreed: Tokens
    sizes: Tokens


class Passages:
    """The measures of a corpus, ready to be compared in passages."""

    def __init__(self, corpus: Corpus) -> None:
        self._tokens, self._tune = corpus.tokens, corpus.tune
        self._notes = (corpus.tokens > REST).sum(axis=1).astype(np.uint8)

    def compared(self, tokens: Tokens, at: int, rows: Rows) -> Iterator[Compared]:
        """Yield every passage of two and of four measures [M, 24] around measure ``at``.

        Each is compared with the passages that lie alike around ``rows`` [R] of the corpus. A
        passage agrees in as many notes as its measures do, moved alike, so that every measure
        is compared once and counts in all passages that it belongs to.
        """
        first, last = max(0, at - AROUND), min(len(tokens) - 1, at + AROUND)
        asked = (tokens[first : last + 1] > REST).sum(axis=1)
        counts, sizes, within = [], [], []
        for number in range(first, last + 1):
            near = rows + (number - at)
            beside = np.clip(near, 0, len(self._tokens) - 1)
            columns = np.ascontiguousarray(self._tokens[beside].T)
            counts.append(agreeing(tokens[number], columns))
            sizes.append(self._notes[beside])
            # A tune lies in one piece: what belongs to it belongs to it up to there.
            within.append((near == beside) & (self._tune[beside] == self._tune[rows]))
        for length in WINDOWS[1:]:
            for earlier in range(length):
                begin = at - earlier - first
                end = begin + length
                if begin < 0 or end > len(asked):
                    continue
                there = within[begin] & within[end - 1]
                if not there.any():
                    continue
                notes = int(asked[begin:end].sum())
                fuller = np.maximum(_summed(sizes[begin:end]), np.uint8(max(1, notes)))
                agreed = _summed(counts[begin:end]).max(axis=0)
                yield Compared(length, earlier, notes, there, agreed, fuller)


def _summed(counts: list[Tokens]) -> Tokens:
    total = counts[0] + counts[1]
    for each in counts[2:]:
        total += each
    return total
