"""Clips that are rendered once for all tests that listen to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import locations
from engine.corpus.render import render

COUNTS = {"validation": 4, "test": 4, "train": 6}


@pytest.fixture(scope="session")
def clips_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a folder of a few clips of every split, which nobody writes to."""
    folder = tmp_path_factory.mktemp("clips")
    render(folder, locations.CORPUS, seed=5, counts=COUNTS, workers=1)
    return folder


@contextmanager
def alone(
    work: Callable[[Any], Any], tasks: Sequence[Any], workers: int, chunk: int = 1
) -> Iterator[Iterator[Any]]:
    """Stands for `engine.workers.spread`, and works in this process."""
    del workers, chunk
    yield (work(task) for task in tasks)
