"""Judging the keys that are found by the keys that the tune books print, on held-out tunes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.corpus.table import Corpus
from engine.harmony.key_finding import keys_of, pitch_class_time
from engine.harmony.key_profiles import KeyProfiles, shipped
from engine.harmony.training import keyed, measures_of
from engine.music.harmony import HarmonicKey
from engine.music.scales import ALIASES, SCALES, Key

KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""The probe tone ratings of Krumhansl and Kessler (1982), which the profiles are compared with."""

BANDS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.0 + 1e-9)
"""Between which certainties tunes are counted together."""

Finder = Callable[[npt.NDArray[np.float64], int], tuple[Key, float]]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """How often a way of finding keys is right.

    ``exact`` is the share of tunes whose key is found, ``tonic`` of those whose tonic is, and
    ``signature`` of those whose key has the same notes.
    """

    name: str
    tunes: int
    exact: float
    tonic: float
    signature: float


@dataclass(frozen=True, slots=True)
class CertaintyRow:
    """Of ``tunes`` whose key is as certain as ``low`` to ``high``: the mean, and how right."""

    low: float
    high: float
    tunes: int
    certainty: float
    exact: float


def by_profiles(profiles: KeyProfiles) -> Finder:
    """Return what finds keys as the program does."""

    def find(time: npt.NDArray[np.float64], last: int) -> tuple[Key, float]:
        best = keys_of(time, last, profiles)[0]
        return best.key, best.certainty

    return find


def by_correlation(time: npt.NDArray[np.float64], last: int) -> tuple[Key, float]:
    """Find a key by correlation with the ratings of Krumhansl and Kessler."""
    del last
    scored = [
        (float(np.corrcoef(np.roll(time, -tonic), rating)[0, 1]), Key(tonic, ALIASES.get(m, m)))
        for m, rating in KRUMHANSL.items()
        for tonic in range(12)
    ]
    score, key = max(scored, key=lambda each: each[0])
    return key, score


def evaluate(
    corpus: Corpus, profiles: KeyProfiles | None = None, split: str = "test"
) -> tuple[list[KeyRow], list[CertaintyRow]]:
    """Return how right both ways are on the tunes of a split, and what certainty is worth."""
    finders: dict[str, Finder] = {
        "profiles of training tunes": by_profiles(profiles or shipped()),
        "Krumhansl and Kessler": by_correlation,
    }
    tunes = [
        (*pitch_class_time(measures_of(corpus, at)), key) for at, _, key in keyed(corpus, split)
    ]
    rows: list[KeyRow] = []
    certain: list[CertaintyRow] = []
    for name, find in finders.items():
        found = [(*find(time, last), key) for time, last, key in tunes]
        right = np.array([_right(guess, key) for guess, _, key in found], dtype=float)
        rows.append(KeyRow(name, len(tunes), *map(float, right.mean(axis=0))))
        if not certain:
            certain = _bands([sure for _, sure, _ in found], right[:, 0])
    return rows, certain


def _right(guess: Key, key: HarmonicKey) -> tuple[bool, bool, bool]:
    tonic = guess.tonic == key.tonic
    mode = ALIASES.get(key.mode, key.mode)
    notes = {(guess.tonic + above) % 12 for above in SCALES[guess.scale]}
    return tonic and guess.scale == mode, tonic, notes == set(key.scale)


def _bands(certainties: list[float], right: npt.NDArray[np.float64]) -> list[CertaintyRow]:
    sure, rows = np.array(certainties), []
    for low, high in pairwise(BANDS):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            count = int(inside.sum())
            means = float(sure[inside].mean()), float(right[inside].mean())
            rows.append(CertaintyRow(low, min(high, 1.0), count, *means))
    return rows
