"""Spectra of waves, and waves of spectra."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.steering.musicgen.spectrum import (
    BINS,
    HOP,
    QUIETEST,
    invert,
    log_mel,
    magnitude,
    mel_bands,
)
from tests.support.small_musicgen import tune


def mel(wave: torch.Tensor) -> torch.Tensor:
    return log_mel(magnitude(wave), 64, 16_000)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, HOP - 1), st.integers(1, 3))
def test_there_is_a_frame_for_each_whole_hop(frames: int, more: int, rows: int) -> None:
    found = magnitude(torch.randn(rows, frames * HOP + more))
    assert found.shape == (rows, BINS, frames)
    assert invert(found, 1).shape == (rows, frames * HOP)


def test_a_tone_is_seen_where_it_sounds() -> None:
    time = torch.arange(16_000) / 16_000
    for pitch in (110.0, 440.0, 3000.0):
        seen = magnitude(torch.sin(2 * math.pi * pitch * time)[None])[0, :, 20:80]
        assert torch.all((seen.argmax(dim=0) * 16_000 / 1024 - pitch).abs() < 16_000 / 1024)


def test_what_is_inverted_sounds_as_it_was() -> None:
    wave = torch.from_numpy(tune())[None]
    seen = mel(wave)
    few, many = ((mel(invert(magnitude(wave), rounds)) - seen).abs().mean() for rounds in (1, 32))
    assert many < 0.2
    assert many < few
    loud = seen > math.log(0.1)
    assert (mel(invert(magnitude(wave), 32)) - seen)[loud].abs().mean() < 0.1


def test_the_same_spectrum_gives_the_same_wave_whatever_lies_beside_it() -> None:
    seen = magnitude(torch.stack([torch.from_numpy(tune(0.5, seed)) for seed in (1, 2, 3)]))
    together = invert(seen, 32)
    for row, wave in zip(seen, together, strict=True):
        assert torch.equal(invert(row[None], 32)[0], wave)


def test_silence_stays_silent() -> None:
    nothing = torch.zeros(1, 3200)
    assert torch.all(mel(nothing) == math.log(QUIETEST))
    assert torch.equal(invert(magnitude(nothing), 4), nothing)


@pytest.mark.parametrize("bands", [24, 40, 64, 96])
def test_every_band_hears_something_and_bands_rise(bands: int) -> None:
    filters = mel_bands(bands, 16_000)
    assert torch.allclose(filters.sum(dim=1), torch.ones(bands))
    assert bool((filters >= 0).all())
    middles = (filters * torch.arange(BINS)).sum(dim=1)
    assert bool((middles.diff() >= 0).all())
