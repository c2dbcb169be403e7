"""The beat of what was played without a metronome, followed through its onsets.

After Ellis, "Beat Tracking by Dynamic Programming" (2007): a tempo from the autocorrelation of the
onsets, then the chain of beats that meets most of them while its steps stay near that tempo.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

HOP = 0.01
"""Seconds a frame."""

SPREAD = 0.02
"""How sharp an onset is, in seconds: the standard deviation of the bell that stands for it."""

SHORTEST, LONGEST = 0.3, 1.0
"""The range of a beat, in seconds."""

USUAL, OCTAVES = 0.55, 0.5
"""The likeliest beat before anything is heard, in seconds, and how far others are from it."""

TIGHTNESS = 40.0
"""How much a step away from the tempo costs, in squared natural logarithms of its length."""

MUCH = 1.5
"""How many times the weight of the first onset's beat another must have to begin the measures."""

LEAST_ONSETS = 16
"""Of fewer onsets nothing is followed."""

DIVISIONS = range(1, 25)
"""Parts of a quarter note: onsets that keep to a beat agree about one of these grids at least."""

AGREED, SURE = 0.4, 3.0
"""How much onsets agree (0 to 1) where they keep to a beat; of few onsets it is so many standard
deviations of what chance makes. Of validation tunes played to a click, 20 ms off (standard
deviation, at 120), the least is .40; of those played freely the most is .34."""

EVEN = 0.95
"""How much they agree about sixteenths where all lie beside their places by the same amount. Of
swung eighths they agree less."""


@dataclass(frozen=True, slots=True)
class FollowedBeats:
    """Times of beats in seconds, in order; positions are counted in them."""

    times: tuple[float, ...]

    def position(self, time: float) -> float:
        """Return the place of a time in beats from the first; it goes on evenly past both ends."""
        times = self.times
        at = int(np.clip(np.searchsorted(times, time, "right") - 1, 0, len(times) - 2))
        return at + (time - times[at]) / (times[at + 1] - times[at])

    @property
    def tempo(self) -> float:
        """The middle tempo, in beats a minute."""
        return 60 / float(np.median(np.diff(self.times)))

    @property
    def tempi(self) -> tuple[float, float]:
        """The slowest and fastest tempo that is held over eight beats."""
        times = self.times
        span = min(8, len(times) - 1)
        paces = [(times[at + span] - times[at]) / span for at in range(len(times) - span)]
        return 60 / max(paces), 60 / min(paces)


def loose(onsets: Sequence[float]) -> bool:
    """Return whether onsets, in quarter notes, lie as if the beat they are counted in were none."""
    at = _apart(onsets)
    if len(at) < LEAST_ONSETS:
        return False
    least = max(AGREED, SURE / math.sqrt(len(at)))
    return all(abs(_agreement(at, parts)) < least for parts in DIVISIONS)


def common_offset(onsets: Sequence[float]) -> float:
    """Return by how many quarter notes all onsets lie behind sixteenths alike, or 0."""
    at = _apart(onsets)
    mean = _agreement(at, 4) if len(at) >= LEAST_ONSETS else 0.0
    return cmath.phase(mean) / math.tau / 4 if abs(mean) >= EVEN else 0.0


def _apart(onsets: Sequence[float]) -> NDArray[np.float64]:
    return np.unique(np.round(np.asarray(onsets, dtype=float), 3))


def _agreement(at: NDArray[np.float64], parts: int) -> complex:
    # The mean of the directions on a circle that is one part of a quarter note around.
    return complex(np.mean(np.exp(2j * math.pi * parts * at)))


def follow(onsets: Sequence[float], weights: Sequence[float]) -> FollowedBeats | None:
    """Return the beats of onsets in seconds, each with a weight; None where they are too few."""
    if len({round(at, 2) for at in onsets}) < LEAST_ONSETS:
        return None
    first = min(onsets)
    frames = _frames([at - first for at in onsets], weights)
    period = _period(frames)
    chain = _chain(frames, period)
    if len(chain) < 4:
        return None
    times = [first + frame * HOP for frame in chain]
    while times[0] > first - SPREAD:
        times.insert(0, 2 * times[0] - times[1])
    while times[-1] < max(onsets) + SPREAD:
        times.append(2 * times[-1] - times[-2])
    return FollowedBeats(tuple(times))


def first_of_measure(
    beats: FollowedBeats, onsets: Sequence[float], weights: Sequence[float], length: int
) -> int:
    """Return which of the first ``length`` beats begins a measure of so many.

    It is the one that the first onset is on, unless another is much weightier.
    """
    strength = [0.0] * length
    for at, weight in zip(onsets, weights, strict=True):
        position = beats.position(at)
        if abs(position - round(position)) < 0.15:
            strength[round(position) % length] += weight
    usual = round(beats.position(min(onsets))) % length
    strength[usual] *= MUCH
    return max(range(length), key=lambda beat: strength[beat])


def _frames(onsets: Sequence[float], weights: Sequence[float]) -> NDArray[np.float64]:
    frames = np.zeros(int(max(onsets) / HOP) + 2 + int(LONGEST / HOP))
    np.add.at(frames, np.round(np.asarray(onsets) / HOP).astype(int), np.asarray(weights))
    reach = int(4 * SPREAD / HOP)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * HOP / SPREAD) ** 2)
    smooth = np.convolve(np.sqrt(frames), bell, "same")
    return np.asarray(smooth / (smooth.std() or 1.0))


def _period(frames: NDArray[np.float64]) -> float:
    """Return the likeliest beat, in frames."""
    size = 1 << (2 * len(frames) - 1).bit_length()
    spectrum = np.fft.rfft(frames - frames.mean(), size)
    alike = np.fft.irfft(np.abs(spectrum) ** 2, size)
    lags = np.arange(round(SHORTEST / HOP), round(LONGEST / HOP) + 1)
    prior = np.exp(-0.5 * (np.log2(lags * HOP / USUAL) / OCTAVES) ** 2)
    return float(lags[np.argmax(np.maximum(alike[lags], 0) * prior)])


def _chain(frames: NDArray[np.float64], period: float) -> list[int]:
    steps = np.arange(round(period / 1.6), round(period * 1.6) + 1)
    cost = TIGHTNESS * np.log(steps / period) ** 2
    score, before = frames.copy(), np.full(len(frames), -1)
    for at in range(steps[0], len(frames)):
        reach = steps[: np.searchsorted(steps, at, "right")]
        found = score[at - reach] - cost[: len(reach)]
        best = int(np.argmax(found))
        if found[best] > 0:
            score[at] += found[best]
            before[at] = at - reach[best]
    last = int(np.argmax(score))
    chain = [last]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    chain.reverse()
    return chain if all(b > a for a, b in pairwise(chain)) else []
