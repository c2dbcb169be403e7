"""Learning key profiles from the training tunes of the corpus."""

from __future__ import annotations

import numpy as np

from engine.corpus.table import Corpus, Tune
from engine.harmony.key_finding import pitch_class_time
from engine.harmony.key_profiles import MODES, KeyProfiles
from engine.music.harmony import HarmonicKey
from engine.music.measure import Measure

SMOOTH = 0.02, 1.0
"""What each share and each ending has before anything is seen: nothing is impossible."""


def measures_of(corpus: Corpus, tune: int) -> list[Measure]:
    """Return the measures of a tune."""
    return [corpus.measure(int(row)) for row in corpus.rows_of(tune)]


def keyed(corpus: Corpus, split: str) -> list[tuple[int, Tune, HarmonicKey]]:
    """Return the tunes of a split whose book names a key of one of the `MODES`, with their rows."""
    found = []
    for at, tune in enumerate(corpus.tunes):
        mode = tune.key.partition(" ")[2]
        if tune.split == split and mode in MODES:
            found.append((at, tune, HarmonicKey.named(tune.key)))
    return found


def learn(corpus: Corpus) -> KeyProfiles:
    """Return the profiles of the training tunes, each tune counting as much as another."""
    shares = np.full((len(MODES), 12), SMOOTH[0])
    lasts = np.full((len(MODES), 12), SMOOTH[1])
    counts = np.zeros(len(MODES))
    for at, _, key in keyed(corpus, "train"):
        time, last = pitch_class_time(measures_of(corpus, at))
        mode = MODES.index(key.mode)
        shares[mode] += np.roll(time / time.sum(), -key.tonic)
        lasts[mode, (last - key.tonic) % 12] += 1
        counts[mode] += 1
    return KeyProfiles(
        shares / shares.sum(axis=1, keepdims=True),
        lasts / lasts.sum(axis=1, keepdims=True),
        (counts + 1) / (counts + 1).sum(),
    )
