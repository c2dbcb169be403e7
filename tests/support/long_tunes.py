"""Long MIDI files, made of the tunes that ship."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import numpy as np

from engine.corpus.table import SPLITS, shipped
from engine.formats.midi_writer import write
from engine.music.measure import REST, Measure


def measures(count: int) -> list[Measure]:
    """Return measures with notes of the tunes held out for tests, one after another, and again."""
    corpus = shipped()
    rows = np.flatnonzero(corpus.splits == SPLITS.index("test"))
    rows = rows[(corpus.tokens[rows] > REST).any(axis=1)]
    return [corpus.measure(int(row)) for row in islice(cycle(rows.tolist()), count)]


def write_long(path: Path, count: int) -> Path:
    """Write a MIDI file of so many measures, and return its place."""
    write(path, measures(count), 110.0)
    return path
