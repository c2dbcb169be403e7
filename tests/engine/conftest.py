"""Closed doors: every test keeps its files to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeModel


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives the folder that stands for the player's home."""
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def model() -> FakeModel:
    """Gives the model that is arithmetic."""
    return FakeModel()
