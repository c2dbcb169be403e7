"""Stands in for the process pool, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def alone(
    work: Callable[[Any], Any], tasks: Sequence[Any], workers: int, chunk: int = 1
) -> Iterator[Iterator[Any]]:
    """Stands for `engine.common.process_pool.spread`, and works in this process."""
    del workers, chunk
    yield (work(task) for task in tasks)
