"""Units of credit and of removal: tunes with their settings, and with what is a copy of them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from engine.corpus.table import Corpus
from engine.influence.measures.note_overlap import cardinality

WINDOW = 4
ALIKE = 0.9
"""Four measures that agree in this share of their notes make two tunes one unit."""


def units(corpus: Corpus) -> npt.NDArray[np.int32]:
    """Return the unit of each tune [tunes], called by the lowest cluster in it.

    The corpus joins settings of one tune into clusters already. Here clusters are joined that
    share four measures nearly note by note, in any transposition; a cluster of another split
    is never joined, as what is held out was not learned.
    """
    parent = {tune.cluster: tune.cluster for tune in corpus.tunes}

    def root(each: int) -> int:
        while parent[each] != each:
            parent[each] = each = parent[parent[each]]
        return each

    for one, other in _candidates(corpus):
        first, second = (corpus.tunes[corpus.tune[row]] for row in (one, other))
        a, b = root(first.cluster), root(second.cluster)
        if a == b or first.split != second.split:
            continue
        ours, theirs = (corpus.tokens[row : row + WINDOW].reshape(-1) for row in (one, other))
        notes = np.array([(theirs > 1).sum()], np.uint8)
        if cardinality(ours, theirs[:, None], notes)[0] >= ALIKE:
            parent[max(a, b)] = min(a, b)
    return np.array([root(tune.cluster) for tune in corpus.tunes], np.int32)


def _candidates(corpus: Corpus) -> set[tuple[int, int]]:
    # Windows of which three measures of four are the same up to transposition, in their places.
    first = np.flatnonzero(corpus.tune[: 1 - WINDOW] == corpus.tune[WINDOW - 1 :])
    sounding: npt.NDArray[np.bool_] = np.any(corpus.tokens > 1, axis=1)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row in first.tolist():
        if not sounding[row : row + WINDOW].all():
            continue
        names = corpus.cluster[row : row + WINDOW].tolist()
        for left_out in range(WINDOW):
            alike[(left_out, *names[:left_out], *names[left_out + 1 :])].append(row)
    found = set()
    for rows in alike.values():
        tunes: dict[int, int] = {}
        for row in rows:
            tunes.setdefault(int(corpus.tune[row]), row)
        ordered = list(tunes.values())
        found |= {(ordered[0], other) for other in ordered[1:]}
    return found
