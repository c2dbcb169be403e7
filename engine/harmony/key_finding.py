"""Finding the key of a melody, by the time that lies on each pitch class and by its last note.

A naive Bayes over keys, after the profile correlation of Krumhansl (1990): a key is as likely as
the notes are under the profile of its mode. Certainty is the posterior of the key among all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import OutOfRange
from engine.harmony.key_profiles import MODES, KeyProfiles, shipped
from engine.music.measure import Measure
from engine.music.scales import ALIASES, Key

COUNT = 32.0
"""How many independent notes a melody counts as, whatever its length: its notes repeat each other.
Chosen on the validation tunes."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, and how certain it is (0 to 1) among all 48 that are known."""

    key: Key
    certainty: float


def find_keys(
    measures: Iterable[Measure], profiles: KeyProfiles | None = None
) -> tuple[FoundKey, ...]:
    """Return all keys of a melody, the most likely first; raises `OutOfRange` for silence."""
    time, last = pitch_class_time(measures)
    return keys_of(time, last, profiles or shipped())


def pitch_class_time(measures: Iterable[Measure]) -> tuple[npt.NDArray[np.float64], int]:
    """Return the quarter notes on each pitch class [12], and the pitch class of the last note."""
    time, last = np.zeros(12), -1
    for measure in measures:
        for note in measure.notes:
            last = note.pitch % 12
            time[last] += float(note.duration)
    if last < 0:
        raise OutOfRange("Silence is in no key.", "Name measures with notes.")
    return time, last


def keys_of(
    time: npt.NDArray[np.float64], last: int, profiles: KeyProfiles
) -> tuple[FoundKey, ...]:
    """Return all keys, the most likely first, for so much time on each pitch class."""
    weights = time / time.sum() * min(COUNT, max(1.0, float(time.sum())))
    shares, lasts = np.log(profiles.shares), np.log(profiles.lasts)
    score = np.array(
        [
            [
                np.roll(weights, -tonic) @ shares[mode]
                + lasts[mode, (last - tonic) % 12]
                + np.log(profiles.modes[mode])
                for tonic in range(12)
            ]
            for mode in range(len(MODES))
        ]
    )
    posterior = np.exp(score - score.max())
    posterior /= posterior.sum()
    found = [
        FoundKey(Key(tonic, ALIASES.get(name, name)), float(posterior[mode, tonic]))
        for mode, name in enumerate(MODES)
        for tonic in range(12)
    ]
    return tuple(sorted(found, key=lambda each: -each.certainty))


def named(found: Sequence[FoundKey]) -> str:
    """Describe the likeliest key and its certainty: ``D major, 93 %``."""
    return f"{found[0].key.name}, {found[0].certainty * 100:.0f} %"
