"""Chords that may lie under a melody in a key, with the likelihood of each: by rule.

A chain of chords: notes of a chord under the melody count for it and others against it, degrees
are liked more or less for themselves, and so are steps from chord to chord. The likelihood of a
chord is its posterior over all chains (forward and backward). The tune books carry no chords, so
nothing of this is learned from any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.music.chords import ChordSymbol
from engine.music.note_line import Stretch
from engine.music.scales import SCALES, Key

OPTIONS = 5
"""How many chords are named for each place."""

_INSIDE, _OUTSIDE, _STRESSED = 1.0, -0.7, 1.5
"""What a quarter note of melody is worth in and outside a chord, and how much more on its start."""

_DEGREES = {0: 0.5, 7: 0.35, 5: 0.35, 9: 0.15, 2: 0.1, 4: 0.0, 3: 0.0, 10: 0.05, 8: 0.0, 11: -1.0}
"""How much a root so many semitones above the tonic is liked for itself."""

_SEVENTH = -0.6
"""What the fourth note of a seventh chord costs: it fits more melodies than a triad."""

_REPEAT, _FALL, _LAST_TONIC = 0.15, 0.35, 1.0
"""What staying, falling a fifth, and ending on the tonic are worth."""


@dataclass(frozen=True, slots=True)
class SuggestedChord:
    """The chords of a place from ``start`` to ``end`` (quarter notes), the likeliest first."""

    start: float
    end: float
    options: tuple[tuple[ChordSymbol, float], ...]


def chords_in(key: Key) -> tuple[ChordSymbol, ...]:
    """Return the chords that are thought of: triads of the scale, and dominants of its tonic."""
    scale = SCALES[key.scale]
    if len(scale) != 7:
        scale = SCALES["natural minor" if 3 in scale and 4 not in scale else "major"]
    found = []
    for degree in range(7):
        root, third, fifth = (scale[(degree + step) % 7] for step in (0, 2, 4))
        shape = (third - root) % 12, (fifth - root) % 12
        quality = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}.get(shape)
        if quality is not None:
            found.append(ChordSymbol((key.tonic + root) % 12, quality))
    dominant = (key.tonic + 7) % 12
    found += [ChordSymbol(dominant, quality) for quality in ("", "7")]
    return tuple(dict.fromkeys(found))


def suggest(
    line: Sequence[Stretch], key: Key, end: float, length: float
) -> tuple[SuggestedChord, ...]:
    """Return chords for each ``length`` quarter notes from 0 to ``end`` under a melody."""
    chords = chords_in(key)
    count = max(1, round(end / length))
    worth = np.array(
        [[_fit(line, c, at * length, (at + 1) * length) for c in chords] for at in range(count)]
    )
    worth += np.array([_liking(chord, key) for chord in chords])
    worth[-1] += [_LAST_TONIC if chord.root == key.tonic else 0.0 for chord in chords]
    likelihood = _posterior(worth, _steps(chords))
    suggested = []
    for at, row in enumerate(likelihood):
        best = np.argsort(-row, kind="stable")[:OPTIONS]
        options = tuple((chords[one], float(row[one])) for one in best)
        suggested.append(SuggestedChord(at * length, (at + 1) * length, options))
    return tuple(suggested)


def _fit(line: Sequence[Stretch], chord: ChordSymbol, start: float, end: float) -> float:
    total = 0.0
    for note in line:
        shared = min(note.end, end) - max(note.start, start)
        if shared > 0:
            # The note that stands on the beat says more about the harmony than those that pass.
            weight = _STRESSED if note.start == start else 1.0
            total += weight * shared * (_INSIDE if chord.holds(note.pitch) else _OUTSIDE)
    return total


def _liking(chord: ChordSymbol, key: Key) -> float:
    above = (chord.root - key.tonic) % 12
    return _DEGREES.get(above, -0.5) + (_SEVENTH if chord.quality == "7" else 0.0)


def _steps(chords: Sequence[ChordSymbol]) -> npt.NDArray[np.float64]:
    return np.array(
        [
            [
                (_REPEAT if a == b else 0.0) + (_FALL if (b.root - a.root) % 12 == 5 else 0.0)
                for b in chords
            ]
            for a in chords
        ]
    )


def _posterior(
    worth: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the marginals [places, chords] of a chain with such log potentials."""
    forward, backward = worth.copy(), np.zeros_like(worth)
    for at in range(1, len(worth)):
        forward[at] += _log_sum(forward[at - 1][:, None] + steps, axis=0)
    for at in range(len(worth) - 2, -1, -1):
        backward[at] = _log_sum(steps + (worth[at + 1] + backward[at + 1])[None, :], axis=1)
    total = forward + backward
    total -= total.max(axis=1, keepdims=True)
    share: npt.NDArray[np.float64] = np.exp(total)
    share /= share.sum(axis=1, keepdims=True)
    return share


def _log_sum(values: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    most = values.max(axis=axis, keepdims=True)
    summed: npt.NDArray[np.float64] = np.log(np.exp(values - most).sum(axis=axis))
    summed += most.squeeze(axis)
    return summed
