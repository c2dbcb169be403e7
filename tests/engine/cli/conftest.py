"""A tune to give to commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.corpus.table import shipped
from engine.formats.midi_writer import write


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """Write four measures of a corpus tune as a MIDI file."""
    corpus = shipped()
    path = tmp_path / "tune.mid"
    write(path, [corpus.measure(row) for row in corpus.rows_of(40)[:4].tolist()], 110.0)
    return path
