"""Phases for magnitudes that come bit by bit: what was given stays, what follows goes on from it.

Each part begins with the phases that the one before ended with, so a few rounds of Griffin-Lim on
what is new do what many do on what is not known at all (Zhu, Beauregard and Wyse 2007).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.steering.musicgen.spectrum import BINS, HOP, WINDOW

ROUNDS, FIRST_ROUNDS = 6, 10
"""Rounds of Griffin-Lim on what is new, and where nothing was given before it."""

_MOMENTUM = 0.99
_OVER = -(-WINDOW // HOP)
"""Hops that a frame reaches over: seven, the last of them in part."""

_HALF = WINDOW // 2


class GrowingPhases:
    """Turns spectral frames, a hop of 160 samples apart, into one wave that grows."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        window = torch.hann_window(WINDOW, device=device)
        self._window = window
        # Frames stand on whole hops; what a frame lacks of its last hop is silence.
        self._padded = functional.pad(window, (0, _OVER * HOP - WINDOW))
        self._steady = torch.zeros(0, BINS, dtype=torch.complex64, device=device)
        self._kept = torch.zeros(0, BINS, dtype=torch.complex64, device=device)
        """The spectra of the last frames that are settled."""
        self._settled = 0
        self._given = 0

    def add(self, magnitudes: Tensor, settled: int, end: int) -> Tensor:
        """Return the samples up to the hop ``end`` that were not given yet.

        ``magnitudes`` [frames, 513] follow what is settled, of which the first ``settled`` are
        as they stay; ``end`` may lie four frames before what is settled then, or at the end of
        the whole anywhere.
        """
        kept = self._kept
        before = len(kept)
        first = self._settled - before
        spectra = torch.cat([kept, self._guess(magnitudes)])
        lengths = torch.cat([kept.abs(), magnitudes])
        envelope = self._envelope(len(spectra))
        last = torch.zeros_like(spectra[before:])
        for _ in range(ROUNDS if before else FIRST_ROUNDS):
            again = self._frames(self._wave(spectra) / envelope, len(spectra))[before:]
            angles = again - last * (_MOMENTUM / (1 + _MOMENTUM))
            last = again
            real, imaginary = angles.real, angles.imag
            shrink = torch.rsqrt(real * real + imaginary * imaginary + 1e-16)
            spectra[before:] = angles * (shrink * lengths[before:])
        # Frame f is centred on sample f * HOP, and `_wave` begins at the start of the first.
        wave = self._wave(spectra) / envelope
        origin = first * HOP - _HALF
        found = wave[self._given - origin : end * HOP - origin].clone()
        self._settled += settled
        self._kept = spectra[: before + settled][-_OVER:].clone()
        self._given = end * HOP
        return found

    def _guess(self, magnitudes: Tensor) -> Tensor:
        # As a steady tone in the middle of every bin would go on.
        count = len(magnitudes) + 1
        if len(self._steady) < count:
            device = magnitudes.device
            hops = torch.arange(count, device=device)[:, None] * (2 * torch.pi * HOP / WINDOW)
            phases = hops * torch.arange(BINS, device=device)
            self._steady = torch.polar(torch.ones_like(phases), phases)
        if not len(self._kept):
            return magnitudes * self._steady[: count - 1]
        last = self._kept[-1]
        return magnitudes * (last / last.abs().clamp_min(1e-8)) * self._steady[1:count]

    def _wave(self, spectra: Tensor) -> Tensor:
        """Return windowed frames added up [samples], not yet divided by the windows' sum."""
        frames = functional.pad(
            torch.fft.irfft(spectra, WINDOW) * self._window, (0, _OVER * HOP - WINDOW)
        ).view(-1, _OVER, HOP)
        count = len(frames)
        wave = frames.new_zeros(count + _OVER - 1, HOP)
        for hop in range(_OVER):
            wave[hop : hop + count] += frames[:, hop]
        return wave.view(-1)

    def _envelope(self, count: int) -> Tensor:
        squares = self._padded.square().view(_OVER, HOP)
        found = squares.new_zeros(count + _OVER - 1, HOP)
        for hop in range(_OVER):
            found[hop : hop + count] += squares[hop]
        return found.view(-1).clamp_min(1e-3)

    def _frames(self, wave: Tensor, count: int) -> Tensor:
        found: Tensor = torch.fft.rfft(wave.unfold(0, WINDOW, HOP)[:count] * self._window)
        return found
