"""A small MusicGen of every kind, opened once for a module."""

from __future__ import annotations

import pytest

from engine.steering.musicgen.model import AudioModel, open_model
from tests.support.checkpoints import write_model
from tests.support.pushing import SHAPES


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AudioModel]:
    """Return an open model of each kind, by name."""
    folder = tmp_path_factory.mktemp("models")
    return {
        name: open_model(write_model(folder / name, **shape), device="cpu")
        for name, shape in SHAPES.items()
    }
