"""Tokens that two sounds share: the coarsest codes of a frame together, rare ones counting more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KEPT = 48
"""How many different tokens are kept of a clip; 0 stands for none."""

BOOKS = 2
"""The codebooks, from the coarsest, whose codes make a token."""

_SAMPLED = 4
"""One in so many of all tokens is looked at, the same ones in every sound."""

Tokens = npt.NDArray[np.uint16]


def tokens(codes: npt.NDArray[np.int64]) -> Tokens:
    """Return the different tokens of codes [codebooks, frames], sampled and rising, from 1."""
    joined = codes[0].astype(np.uint64)
    for book in codes[1:BOOKS]:
        joined = joined * np.uint64(65536) + book.astype(np.uint64)
    mixed = _scattered(joined)
    chosen = mixed[mixed % np.uint64(_SAMPLED) == 0] >> np.uint64(16)
    return np.unique(chosen % np.uint64(65535) + np.uint64(1)).astype(np.uint16)


def packed(found: Tokens) -> Tokens:
    """Return tokens as they are kept: [48], cut short or filled with 0."""
    return np.pad(found[:KEPT], (0, max(0, KEPT - len(found))))


class TokenIndex:
    """The tokens of clips, uint16 [clips, 48], weighed by how few clips have each."""

    def __init__(self, kept: Tokens) -> None:
        clips, _ = np.nonzero(kept)
        # By token, so that the clips of each lie together.
        values = kept[kept > 0]
        order = np.argsort(values, kind="stable")
        self._clips = clips[order]
        counts = np.bincount(values, minlength=65536)
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._weight = np.where(counts > 0, np.log((len(kept) + 1) / np.maximum(counts, 1)), 0)
        self._own = np.bincount(clips, self._weight[values], len(kept)) if len(values) else None
        self._size = len(kept)

    def shared(self, asked: Tokens) -> npt.NDArray[np.float32]:
        """Return the share of their weight that clips have in common with ``asked``, [clips].

        It is the cosine of weighed sets, from 0 to 1.
        """
        common = np.zeros(self._size)
        for token in asked.tolist():
            low, high = self._starts[token], self._starts[token + 1]
            common[self._clips[low:high]] += self._weight[token]
        if self._own is None:
            return np.asarray(common, np.float32)
        whole = float(self._weight[asked].sum())
        cosine = common / np.sqrt(np.maximum(self._own * whole, 1e-9))
        return np.asarray(cosine, np.float32)


def _scattered(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea and Flood 2014): equal in, equal out, else spread.
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
