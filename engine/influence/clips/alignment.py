"""Alignment of a passage of sound with clips: the key, the tempo and the place that fit best.

A clip is kept as the chroma of its melody and of its accompaniment over eighths. A passage fits
it as well as some mix of the two explains the passage, in any of the twelve keys, at the
tempos that its own onsets suggest, and from whatever eighth of the clip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.corpus.clip_format import QUARTERS
from engine.influence.clips.chroma import CLASSES, HOP, RATE, onsets, over_slots

if TYPE_CHECKING:
    from torch import Tensor

SLOTS = 40
"""Eighths that are kept of a clip: five measures, and no clip has more."""

PARTS = 2
"""The melody, and the accompaniment without drums."""

MEASURE = 2 * QUARTERS
"""Eighths in a measure."""

LEVELS = 15
"""The loudest pitch class of a part has this level, and levels are square roots."""

_TEMPOS = np.exp(np.linspace(np.log(76 / 30), np.log(148 / 30), 60))
"""Eighths a second: those of clips; twice as fast or slow is the same to an alignment."""

_TRIED = 3
"""How many tempos are tried, each with eighths on the onsets and between them."""

_SHIFTS = np.arange(-24, 25)
"""The eighths of a clip at which a passage may begin; before 0 the clip knows its end alone."""

_BINS = np.arange(1, CLASSES // 2 + 1)
_HELD = 0.3
"""What a pitch class that goes on counts beside one that begins."""

_ALIKE = np.float32(0.999)
"""Parts more alike than this are one."""

_CHUNK = 64
_TINY = 1e-6

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Aligned:
    """How well a passage fits each clip, and how: arrays [clips].

    ``similarity`` is from 0 to 1: the cosine between the passage and the mix that explains it
    best. ``slot`` is the eighth of the clip at which the passage begins, ``slots`` how many it
    spans, ``higher`` by how many semitones the clip is higher (0 to 11).
    """

    similarity: Floats
    slot: npt.NDArray[np.int32]
    slots: npt.NDArray[np.int32]
    higher: npt.NDArray[np.int32]


def levels(parts: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the levels, uint8 [parts, 40, 12], that are kept of chroma over eighths."""
    level = np.sqrt(np.maximum(parts, 0))
    loudest = level.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.round(level * LEVELS / np.maximum(loudest, _TINY)), np.uint8)


class Aligner:
    """The chroma of clips, ready to be compared: levels uint8 [clips, 2, 40, 12]."""

    def __init__(self, kept: npt.NDArray[np.uint8]) -> None:
        features = _features(kept.astype(np.float32))
        self._clips = len(kept)
        # As [bins, clips, parts, slots]: turning the key is a turn of the phase in each bin.
        self._turning = np.ascontiguousarray(
            np.fft.rfft(features, axis=3)[..., _BINS].transpose(3, 0, 1, 2), dtype=np.complex64
        )
        melody, rest = features[:, 0], features[:, 1]
        self._energies = [
            _summed((first * second).sum(axis=2))
            for first, second in ((melody, melody), (rest, rest), (melody, rest))
        ]

    def align(self, frames: Floats) -> Aligned:
        """Return the best alignment of chroma ``frames`` [frames, 12] with every clip.

        It works on as many threads as torch is set to; one is as quick as many.
        """
        import torch

        passages = [_PulsedPassage(frames, *each) for each in _pulses(frames)]
        found = Aligned(
            np.zeros(self._clips, np.float32),
            *(np.zeros(self._clips, np.int32) for _ in range(3)),
        )
        shifted = torch.from_numpy(np.concatenate([each.shifted for each in passages], axis=2))
        counts = np.repeat([each.count for each in passages], len(_SHIFTS))
        energy = np.repeat([each.energy for each in passages], len(_SHIFTS)).astype(np.float32)
        starts = np.tile(_SHIFTS, len(passages))
        low, high = np.maximum(starts, 0), np.minimum(starts + counts, SLOTS)
        for at in range(0, self._clips, _CHUNK):
            rows = slice(at, min(at + _CHUNK, self._clips))
            inner = self._turned(rows, shifted)
            spanned = [each[rows][:, high] - each[rows][:, low] for each in self._energies]
            explained = _explained(inner[:, :, 0], inner[:, :, 1], *spanned) / energy
            best = explained.transpose(1, 0, 2).reshape(inner.shape[1], -1)
            where = best.argmax(axis=1)
            key, place = np.divmod(where, len(starts))
            top = best[np.arange(len(best)), where]
            found.similarity[rows] = np.sqrt(np.clip(top, 0, 1))
            found.slot[rows], found.slots[rows] = starts[place], counts[place]
            found.higher[rows] = key
        return found

    def _turned(self, rows: slice, shifted: Tensor) -> Floats:
        # Inner products [keys, clips, parts, shifts] of the passage with each clip. By torch,
        # whose threads can be told: those of NumPy spin between so many small products.
        import torch

        kept = torch.from_numpy(self._turning[:, rows])
        bins, clips = kept.shape[:2]
        spectra = torch.matmul(kept.reshape(bins, clips * PARTS, SLOTS), shifted)
        apart = torch.view_as_real(spectra).reshape(bins, -1, 2).permute(0, 2, 1)
        inner = torch.from_numpy(_INVERSE) @ apart.reshape(2 * bins, -1)
        return np.asarray(inner.reshape(CLASSES, clips, PARTS, -1).numpy(), np.float32)


class _PulsedPassage:
    # A passage at one tempo: its features under every shift, complex64 [bins, 40, shifts].

    def __init__(self, frames: Floats, pulse: float, start: float) -> None:
        slot = 1 / pulse
        seconds = len(frames) * HOP / RATE
        self.count = max(1, min(SLOTS, round((seconds - start) / slot)))
        features = _features(np.sqrt(over_slots(frames, start, slot, self.count)))
        self.energy = float((features**2).sum()) + _TINY
        spectra = np.fft.rfft(features, axis=1)[:, _BINS].conj().T
        self.shifted = np.zeros((len(_BINS), SLOTS, len(_SHIFTS)), np.complex64)
        for column, shift in enumerate(_SHIFTS.tolist()):
            low, high = max(shift, 0), min(shift + self.count, SLOTS)
            if low < high:
                self.shifted[:, low:high, column] = spectra[:, low - shift : high - shift]


def _features(level: Floats) -> Floats:
    # What begins in a slot, and a little of what sounds there; what all classes share is noise.
    before = np.zeros_like(level)
    before[..., 1:, :] = level[..., :-1, :]
    before[..., 0, :] = level[..., 0, :]
    found = np.maximum(level - before, 0) + np.float32(_HELD) * level
    centred: Floats = found - found.mean(axis=-1, keepdims=True)
    return centred


def _explained(melody: Floats, rest: Floats, mm: Floats, rr: Floats, mr: Floats) -> Floats:
    # The energy that the best mix with no negative part explains: least squares on two parts.
    # Parts that disagree count as independent, which explains no more than is so.
    melody_length, rest_length = np.sqrt(mm + np.float32(_TINY)), np.sqrt(rr + np.float32(_TINY))
    alike = np.clip(mr / (melody_length * rest_length), 0, _ALIKE)
    first, second = np.maximum(melody / melody_length, 0), np.maximum(rest / rest_length, 0)
    # What the melody explains beyond the accompaniment, and all of it where that adds nothing.
    more = np.maximum(first - alike * second, 0)
    more *= more
    more *= 1 / (1 - alike**2)
    adds = second > alike * first
    second *= second
    more += second
    first *= first
    found: Floats = np.where(adds, more, first)
    return found


def _summed(energy: Floats) -> Floats:
    return np.pad(np.cumsum(energy, axis=1, dtype=np.float64), ((0, 0), (1, 0))).astype(np.float32)


def _pulses(frames: Floats) -> list[tuple[float, float]]:
    # Eighths a second and where the first begins: the peaks of the spectrum of onsets.
    strength = onsets(frames)
    strength = strength - strength.mean()
    seconds = np.arange(len(strength)) * HOP / RATE

    def at(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
        return np.asarray(np.exp(-2j * np.pi * frequencies[:, None] * seconds) @ strength)

    own = at(_TEMPOS)
    salience = np.abs(own) + np.abs(at(_TEMPOS / 2)) + 0.5 * np.abs(at(_TEMPOS * 2))
    around = np.pad(salience, 1, mode="edge")
    peaks = np.flatnonzero((salience >= around[:-2]) & (salience >= around[2:]))
    found = []
    for peak in sorted(peaks, key=lambda each: -salience[each])[:_TRIED]:
        pulse = float(_TEMPOS[peak])
        first = float(-np.angle(own[peak]) / (2 * np.pi * pulse))
        for start in (first, first + 0.5 / pulse):
            # The slot that the passage begins in is taken along where half of it is there.
            within = start % (1 / pulse)
            found.append((pulse, within - 1 / pulse if within > 0.5 / pulse else within))
    return found


_ANGLES = 2 * np.pi * np.outer(np.arange(CLASSES), _BINS) / CLASSES
_WEIGHTS = np.where(_BINS == CLASSES // 2, 1, 2) / CLASSES
_INVERSE = np.stack([_WEIGHTS * np.cos(_ANGLES), -_WEIGHTS * np.sin(_ANGLES)], axis=2)
_INVERSE = _INVERSE.reshape(CLASSES, -1).astype(np.float32)
"""From the real and imaginary part of each bin to keys."""
