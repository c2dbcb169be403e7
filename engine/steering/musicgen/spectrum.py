"""Waves as short-time spectra and back: what the codec and the tagger see of sound."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

WINDOW, HOP = 1024, 160
"""Samples in a frame, and from one frame to the next."""

BINS = WINDOW // 2 + 1
QUIETEST = 1e-3
"""The magnitude that silence is raised to before its logarithm is taken."""


def spectrum(wave: Tensor) -> Tensor:
    """Return the complex spectrum [B, 513, frames] of waves [B, samples], frames = samples / 160.

    Frames are centred on multiples of the hop, from 0.
    """
    found = torch.stft(
        wave, WINDOW, HOP, window=_window(), center=True, pad_mode="constant", return_complex=True
    )
    return found[:, :, : wave.shape[1] // HOP]


def magnitude(wave: Tensor) -> Tensor:
    """Return the magnitude spectrum [B, 513, frames] of waves [B, samples]."""
    return spectrum(wave).abs()


def log_mel(magnitudes: Tensor, bands: int, rate: int) -> Tensor:
    """Return the natural logarithm of mel bands [B, bands, frames] of magnitudes."""
    return torch.log((mel_bands(bands, rate) @ magnitudes).clamp_min(QUIETEST))


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def mel_bands(bands: int, rate: int) -> Tensor:
    """Return triangular filters [bands, 513] of equal width in mel, each of sum 1.

    Made outside inference, whoever asks first: they are kept, and trainings use them too.
    """
    highest = 2595 * torch.log10(torch.tensor(1 + rate / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, float(highest), bands + 2) / 2595) - 1)
    frequencies = torch.linspace(0, rate / 2, BINS)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    filters = torch.minimum(rising, falling).clamp_min(0)
    # The lowest bands lie between two bins, and take the one nearest to their middle.
    nearest = (edges[1:-1, None] - frequencies).abs().argmin(dim=1)
    filters[torch.arange(bands), nearest] = filters[torch.arange(bands), nearest].clamp_min(1e-2)
    return filters / filters.sum(dim=1, keepdim=True)


def invert(magnitudes: Tensor, rounds: int, momentum: float = 0.99) -> Tensor:
    """Return waves [B, frames * 160] that have these magnitudes [B, 513, frames], nearly.

    The phases are found by the fast Griffin-Lim algorithm (Perraudin, Balazs and Sondergaard
    2013) from phases that advance as a steady tone's would; the same magnitudes give the same
    wave, whatever lies beside them.
    """
    # Row by row: processors compute what fills their registers otherwise than what is left over,
    # and the rounds make a difference in the last place one that can be heard.
    return torch.cat([_inverted(row, rounds, momentum) for row in torch.split(magnitudes, 1)])


def _inverted(magnitudes: Tensor, rounds: int, momentum: float) -> Tensor:
    # One frame more, so that the last hop has something to its right.
    magnitudes = functional.pad(magnitudes, (0, 1), mode="replicate")
    frames = magnitudes.shape[2]
    advance = torch.arange(BINS)[:, None] * torch.arange(frames) * (2 * torch.pi * HOP / WINDOW)
    angles = torch.polar(torch.ones_like(advance), advance).expand_as(magnitudes)
    before = torch.zeros_like(angles)
    for _ in range(rounds):
        rebuilt = _again(_wave(magnitudes * angles), frames)
        angles = rebuilt - before * (momentum / (1 + momentum))
        angles = angles / angles.abs().clamp_min(1e-8)
        before = rebuilt
    return _wave(magnitudes * angles)


def _wave(spectra: Tensor) -> Tensor:
    return torch.istft(spectra, WINDOW, HOP, window=_window(), center=True)


def _again(wave: Tensor, frames: int) -> Tensor:
    found = torch.stft(
        wave, WINDOW, HOP, window=_window(), center=True, pad_mode="constant", return_complex=True
    )
    return found[:, :, :frames]


@lru_cache(maxsize=1)
@torch.inference_mode(False)
def _window() -> Tensor:
    return torch.hann_window(WINDOW)
