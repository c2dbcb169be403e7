"""Chroma: how strongly each of the twelve pitch classes sounds, over time and over eighths."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second of the waves that are read."""

HOP = 400
"""Samples from one frame to the next: forty frames a second."""

CLASSES = 12

_WINDOW = 4096
_LOWEST, _HIGHEST = 50.0, 98.0
"""MIDI pitches between which partials are counted: what lies lower is bass and drums."""

_BLOCK = 64

Floats = npt.NDArray[np.float32]


def chroma(wave: Floats) -> Floats:
    """Return chroma [frames, 12] of a wave [samples] at 16 kHz, a frame each 25 ms.

    Peaks of the magnitude spectrum between 147 Hz and 4.7 kHz count to their pitch class, from C;
    what lies between peaks, as drums do, is left out.
    """
    frames = len(wave) // HOP
    padded = np.pad(wave.astype(np.float32, copy=False), _WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:frames]
    first, last, fold = _folding()
    found = np.empty((frames, CLASSES), np.float32)
    # In blocks, so that an hour does not take a gigabyte.
    for at in range(0, frames, _BLOCK):
        spectra = np.fft.rfft(windows[at : at + _BLOCK] * _hann(), axis=1)
        magnitude = np.abs(spectra[:, first - 1 : last + 1])
        middle = magnitude[:, 1:-1]
        peaks = (middle > magnitude[:, :-2]) & (middle >= magnitude[:, 2:])
        found[at : at + _BLOCK] = (middle * peaks) @ fold
    return found


def onsets(frames: Floats) -> Floats:
    """Return the strength of onsets [frames] of chroma: what pitch classes rise by, summed."""
    level = np.sqrt(frames)
    rise = np.maximum(level[2:] - level[:-2], 0).sum(axis=1)
    return np.pad(rise, (1, len(frames) - len(rise) - 1)).astype(np.float32)


def over_slots(frames: Floats, start: float, slot: float, count: int) -> Floats:
    """Return the mean chroma [count, 12] of slots that last ``slot`` seconds, from ``start``.

    Slots that begin before the first frame or end after the last are zero.
    """
    rate = RATE / HOP
    edges = (start + slot * np.arange(count + 1)) * rate
    sums = np.concatenate([np.zeros((1, CLASSES)), np.cumsum(frames, axis=0, dtype=np.float64)])
    # Between frames the sum grows evenly.
    whole = np.clip(edges, 0, len(frames))
    low = np.minimum(whole.astype(int), len(frames) - 1)
    at = sums[low] + (whole - low)[:, None] * (sums[low + 1] - sums[low])
    found = np.diff(at, axis=0) / (slot * rate)
    inside = (edges[:-1] >= -0.5 * slot * rate) & (edges[1:] <= len(frames) + 0.5 * slot * rate)
    return np.where(inside[:, None], found, 0).astype(np.float32)


@lru_cache(maxsize=1)
def _folding() -> tuple[int, int, Floats]:
    frequencies = np.arange(1, _WINDOW // 2) * RATE / _WINDOW
    pitches = 69 + 12 * np.log2(frequencies / 440)
    inside = np.flatnonzero((pitches > _LOWEST) & (pitches < _HIGHEST))
    first, last = int(inside[0]) + 1, int(inside[-1]) + 2
    pitches = pitches[inside]
    fold = np.zeros((len(inside), CLASSES), np.float32)
    nearest = np.round(pitches)
    # Partials between two keys are noise, or out of tune, and count little.
    weight = np.exp(-0.5 * ((pitches - nearest) / 0.25) ** 2)
    fold[np.arange(len(inside)), nearest.astype(int) % CLASSES] = weight
    return first, last, fold


@lru_cache(maxsize=1)
def _hann() -> Floats:
    return np.hanning(_WINDOW).astype(np.float32)
