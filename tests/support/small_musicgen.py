"""A codec and a language model over its codes, of the shipped kinds and tiny."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from engine.steering.musicgen.codec import CodecShape, SpectralCodec, save_codec
from engine.steering.musicgen.tiny import TinyShape, language_model, save_language_model

CODEC = CodecShape(
    bands=24, width=16, encoder=1, decoder=1, latent=8, codebooks=3, codes=16, rounds=2
)
LM = TinyShape(layers=1, size=32, heads=2, codebooks=3, codes=16)


def codec(seed: int = 0, shape: CodecShape = CODEC) -> SpectralCodec:
    """Return a codec with random weights, that does not learn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SpectralCodec(shape).eval()


def write_codec(folder: Path, seed: int = 0) -> Path:
    """Write a codec into a folder."""
    save_codec(folder, codec(seed), {"seed": seed})
    return folder


def write_model(folder: Path, seed: int = 0) -> Path:
    """Write a model's folder: a language model, and the codec beside it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_language_model(folder, language_model(LM), LM)
    return write_codec(folder, seed)


def tune(seconds: float = 2.0, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return a wave at 16 kHz: four plucked notes a second."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * 16_000)) / 16_000
    wave = np.zeros(len(time))
    for at in np.arange(0, seconds, 0.25):
        since = np.maximum(time - at, 0)
        pitch = 440 * 2 ** (random.integers(-12, 12) / 12)
        note = np.sin(2 * np.pi * pitch * since) + 0.5 * np.sin(4 * np.pi * pitch * since)
        wave += 0.2 * note * np.exp(-8 * since) * (time >= at)
    return wave.astype(np.float32)
