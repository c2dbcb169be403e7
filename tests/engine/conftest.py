"""Fixtures of the engine's tests: a home of their own, a model of arithmetic, rendered clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import locations
from engine.corpus.audio.render import render
from tests.support.clips import COUNTS
from tests.support.fakes import FakeModel


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the player's home."""
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def model() -> FakeModel:
    """Return the model that is arithmetic."""
    return FakeModel()


@pytest.fixture(scope="session")
def clips_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a few clips of every split, which nobody writes to."""
    folder = tmp_path_factory.mktemp("clips")
    render(folder, locations.CORPUS, seed=5, counts=COUNTS, workers=1)
    return folder
