"""Chords under a melody: the diatonic triads that fit it best, one or two a measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UnknownName
from engine.music.note_line import Stretch

_TONICS = {
    name: pitch_class
    for names, pitch_class in (
        (("C",), 0), (("C#", "Db"), 1), (("D",), 2), (("D#", "Eb"), 3), (("E",), 4), (("F",), 5),
        (("F#", "Gb"), 6), (("G",), 7), (("G#", "Ab"), 8), (("A",), 9), (("A#", "Bb"), 10),
        (("B",), 11),
    )
    for name in names
}  # fmt: skip

_ROTATIONS = ("major", "dorian", "phrygian", "lydian", "mixolydian", "minor", "locrian")
_MAJOR = (0, 2, 4, 5, 7, 9, 11)

_PRIOR = (1.0, 0.1, -0.2, 0.7, 0.7, 0.3, -2.0)
"""How much a triad on each degree is liked for itself: I, IV and V before the others."""

_REPEAT, _FALL, _LAST_TONIC = 0.15, 0.35, 1.0
"""What staying, falling a fifth, and ending on the tonic are worth, in quarter notes that fit."""


@dataclass(frozen=True, slots=True)
class HarmonicKey:
    """A key: the tonic's pitch class, and the mode as one of the seven church modes."""

    tonic: int
    mode: str

    @classmethod
    def named(cls, name: str) -> HarmonicKey:
        """Read a key as tune books write it ("G major"); raises `UnknownName`."""
        tonic, _, mode = name.partition(" ")
        if tonic not in _TONICS or mode not in _ROTATIONS:
            raise UnknownName("key", name, [f"{t} {m}" for t in _TONICS for m in _ROTATIONS])
        return cls(_TONICS[tonic], mode)

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes, from the tonic up."""
        first = _ROTATIONS.index(self.mode)
        return tuple(
            (self.tonic + _MAJOR[(first + degree) % 7] - _MAJOR[first]) % 12 for degree in range(7)
        )

    @property
    def minor(self) -> bool:
        """Whether the third above the tonic is a minor one."""
        return (self.scale[2] - self.tonic) % 12 == 3

    def transposed(self, semitones: int) -> HarmonicKey:
        """Return the key moved by ``semitones``."""
        return HarmonicKey((self.tonic + semitones) % 12, self.mode)


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad from ``start`` to ``end`` (quarter notes): pitch classes of root, third, fifth."""

    start: float
    end: float
    root: int
    third: int
    fifth: int

    @property
    def pitch_classes(self) -> tuple[int, int, int]:
        """The three pitch classes, from the root up."""
        return self.root, self.third, self.fifth


def harmonise(
    line: Sequence[Stretch], key: HarmonicKey, end: float, length: float
) -> tuple[Chord, ...]:
    """Return chords of ``length`` quarter notes from 0 to ``end`` that fit a melody in a key.

    The sum of three things is as large as it can be: notes of the chord under the melody
    against notes outside it, the liking for a degree, and the steps from chord to chord.
    """
    count = max(1, round(end / length))
    scale = key.scale
    triads = [tuple(scale[(degree + step) % 7] for step in (0, 2, 4)) for degree in range(7)]
    fit = np.array(
        [[_fit(line, t, at * length, (at + 1) * length) for t in triads] for at in range(count)]
    )
    degrees = _best_path(fit + np.array(_PRIOR) * 0.5)
    return tuple(
        Chord(at * length, (at + 1) * length, *triads[degree]) for at, degree in enumerate(degrees)
    )


def _fit(line: Sequence[Stretch], triad: Sequence[int], start: float, end: float) -> float:
    total = 0.0
    for note in line:
        shared = min(note.end, end) - max(note.start, start)
        if shared > 0:
            # The note that stands on the beat says more about the harmony than those that pass.
            weight = 1.5 if note.start == start else 1.0
            total += weight * shared * (1.0 if note.pitch % 12 in triad else -0.7)
    return total


def _best_path(worth: npt.NDArray[np.float64]) -> list[int]:
    steps = np.zeros((7, 7))
    np.fill_diagonal(steps, _REPEAT)
    for degree in range(7):
        steps[degree, (degree + 3) % 7] += _FALL
    total, back = worth[0].copy(), []
    for row in worth[1:]:
        choices = total[:, None] + steps
        back.append(choices.argmax(axis=0))
        total = choices.max(axis=0) + row
    total[0] += _LAST_TONIC
    path = [int(total.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]
