"""Which question was asked last, and whether the answer on the screen still belongs to it."""

from __future__ import annotations

from collections.abc import Hashable

SETTLE = 0.15
"""Seconds without an edit after which maps and reasons are asked for again."""


class Freshness:
    """Follows one kind of question: what it depends on is its ``key``."""

    def __init__(self) -> None:
        self._requested: Hashable = None
        self._since = -1
        self._shown: Hashable = None

    def due(self, key: Hashable) -> bool:
        """Return whether a question is still to be asked."""
        return key is not None and key != self._requested

    def ask(self, key: Hashable, revision: int) -> None:
        """Note that it has been asked at a revision."""
        self._requested, self._since = key, revision

    def answered(self, revision: int) -> bool:
        """Note an answer; tells whether it belongs to the question asked last."""
        if revision < self._since:
            return False
        self._shown = self._requested
        return True

    def stale(self, key: Hashable) -> bool:
        """Return whether what is shown was measured from something else."""
        return self._shown is not None and self._shown != key

    def forget(self) -> None:
        """Drop everything, as when there is nothing to ask about."""
        self._requested = self._shown = None
