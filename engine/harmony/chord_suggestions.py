"""Chords that may lie under a melody in a key, with the likelihood of each: by rule.

A chain of chords: notes of a chord under the melody count for it and others against it, degrees
are liked more or less for themselves, and so are steps from chord to chord. The likelihood of a
chord is its posterior over all chains (forward and backward). The tune books carry no chords, so
nothing of this is learned from any.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
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

_NEVER = -1e6
"""What a chord is worth that cannot be."""

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
    count = max(1, round(end / length))
    return suggest_between(line, key, [at * length for at in range(count + 1)])


def suggest_between(
    line: Sequence[Stretch],
    key: Key,
    edges: Sequence[float],
    fixed: Mapping[int, ChordSymbol] | None = None,
) -> tuple[SuggestedChord, ...]:
    """Return chords for each place from one edge (quarter notes, in order) to the next.

    Where a place is ``fixed`` every chain goes over its chord, and all such chords are thought of
    at the other places, too.
    """
    fixed = fixed or {}
    chords = tuple(dict.fromkeys((*chords_in(key), *fixed.values())))
    inside = np.array([[float(chord.holds(pc)) for pc in range(12)] for chord in chords])
    worth = _time(line, edges) @ (_OUTSIDE + (_INSIDE - _OUTSIDE) * inside).T
    worth += np.array([_liking(chord, key) for chord in chords])
    worth[-1] += [_LAST_TONIC if chord.root == key.tonic else 0.0 for chord in chords]
    for at, chord in fixed.items():
        others = [number for number, each in enumerate(chords) if each != chord]
        worth[at, others] = _NEVER
    likelihood = _posterior(worth, _steps(chords))
    suggested = []
    for at, row in enumerate(likelihood):
        best = np.argsort(-row, kind="stable")[:OPTIONS]
        options = tuple((chords[one], float(row[one])) for one in best)
        suggested.append(SuggestedChord(edges[at], edges[at + 1], options))
    return tuple(suggested)


def _time(line: Sequence[Stretch], edges: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the quarter notes on each pitch class in each place [places, 12]."""
    found = np.zeros((len(edges) - 1, 12))
    for note in line:
        first = max(0, bisect_right(edges, note.start) - 1)
        for at in range(first, len(edges) - 1):
            shared = min(note.end, edges[at + 1]) - max(note.start, edges[at])
            if shared <= 0:
                break
            # The note that stands on the beat says more about the harmony than those that pass.
            weight = _STRESSED if note.start == edges[at] else 1.0
            found[at, note.pitch % 12] += weight * shared
    return found


def _liking(chord: ChordSymbol, key: Key) -> float:
    above = (chord.root - key.tonic) % 12
    return _DEGREES.get(above, -0.5) + (_SEVENTH if len(chord.pitch_classes) > 3 else 0.0)


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
