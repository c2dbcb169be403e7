"""Training of the codec on mixes of rendered parts, or of its decoder alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.corpus.audio.render import Clips, clips
from engine.corpus.clip_format import CLIP_PARTS, RATE
from engine.errors import OutOfRange
from engine.steering.musicgen.codec import CodecShape, SpectralCodec, digest, load_codec, save_codec
from engine.steering.musicgen.spectrum import QUIETEST, log_mel, magnitude, mel_bands
from engine.steering.training.loop import TrainingProgress, reduced, run
from engine.steering.training.mixes import draw, mix

SECONDS = 2.0
BATCH = 12
RATE_OF_LEARNING = 1.5e-3
UNQUANTISED = 150
"""Steps before the quantiser joins, so that its codebooks start from sensible latents."""

SOLO = 0.15
"""The share of the batch in which one part sounds alone."""


class CodecLearner:
    """A codec, its optimiser, and the mixes it hears.

    With a ``codec`` that is there already, its decoder alone learns on: its codes stay what
    they are, and so does a language model that was trained on them.
    """

    def __init__(
        self, folder: Path, shape: CodecShape, seed: int, codec: SpectralCodec | None = None
    ) -> None:
        self.training, self.validation = clips(folder, "train"), clips(folder, "validation")
        torch.manual_seed(seed)
        self.seed = seed
        self.codec = codec or SpectralCodec(shape)
        self.keeps_codes = codec is not None
        if self.codec.shape.rate != RATE:
            raise OutOfRange(
                f"The clips have {RATE} samples a second, not {self.codec.shape.rate}."
            )
        if self.keeps_codes:
            learned = [self.codec.from_latent, self.codec.decoder, self.codec.out]
            self.codec.requires_grad_(False)
            for part in learned:
                part.requires_grad_(True)
        self.optimiser = torch.optim.AdamW(
            [each for each in self.codec.parameters() if each.requires_grad],
            RATE_OF_LEARNING,
            betas=(0.9, 0.95),
            fused=True,
        )

    def step(self, at: int, steps: int) -> dict[str, float]:
        """Take one step on 12 mixes of two seconds."""
        self.codec.train()
        rate = RATE_OF_LEARNING * min(1.0, (at + 1) / 50) * _fall(at / steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed((self.seed * 1_000_003 + at) % 2**63)
        wave = _batch(self.training, np.random.default_rng([self.seed, at]), BATCH)
        losses: dict[str, Tensor] = {}
        if self.keeps_codes:
            latents = self._decoded(wave)
        else:
            with reduced():
                latents = self.codec.latents(wave).float()
            if at >= UNQUANTISED:
                if at == UNQUANTISED:
                    self._start_codebooks()
                latents, penalty = self.codec.quantiser(latents)
                losses["commitment"] = 0.25 * penalty
        losses |= spectral_losses(self.codec, latents, magnitude(wave))
        total = torch.stack(list(losses.values())).sum()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.codec.parameters(), 1.0)
        self.optimiser.step()
        return {name: float(value.detach()) for name, value in losses.items()}

    def state(self) -> dict[str, Any]:
        """Return the codec and the optimiser."""
        return {"codec": self.codec.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Take a codec and its optimiser up."""
        self.codec.load_state_dict(state["codec"])
        self.optimiser.load_state_dict(state["optimiser"])

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Return the mel distance of decoded waves, and the codebooks' perplexities."""
        self.codec.eval()
        wave = _batch(self.validation, np.random.default_rng(self.seed), 48)
        codes, _ = self.codec.encode(wave[:, None])
        again = self.codec.decode(codes)[:, 0]
        shape = self.codec.shape
        seen, heard = (log_mel(magnitude(w), shape.bands, shape.rate) for w in (wave, again))
        found = {"mel": float((seen - heard).abs().mean())}
        for book in range(shape.codebooks):
            counts = torch.bincount(codes[:, book].flatten(), minlength=shape.codes).float()
            shares = counts / counts.sum()
            found[f"perplexity_{book}"] = float(torch.exp(-(shares * (shares + 1e-9).log()).sum()))
        return found

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        """Write the codec as `engine.steering.musicgen.codec.load_codec` reads it."""
        save_codec(folder, self.codec, card)

    @torch.no_grad()
    def _decoded(self, wave: Tensor) -> Tensor:
        # In full precision, so that the codes are those that the language model has learned.
        self.codec.eval()
        codes, _ = self.codec.encode(wave[:, None])
        return self.codec.decode_latent(codes).clone()

    @torch.no_grad()
    def _start_codebooks(self) -> None:
        # From several batches: k-means needs more frames than there are codes.
        random = np.random.default_rng([self.seed, 7])
        wave = _batch(self.training, random, 5 * BATCH)
        latents = torch.cat([self.codec.latents(part) for part in torch.split(wave, BATCH)])
        self.codec.quantiser.start(latents)


def spectral_losses(codec: SpectralCodec, latents: Tensor, seen: Tensor) -> dict[str, Tensor]:
    """Return the losses of decoding latents against magnitudes [B, 513, frames].

    Mean distances of log magnitudes and of log mel bands, and spectral convergence.
    """
    with reduced():
        logs = codec.log_magnitudes(latents)
    logs = logs.float()
    heard = logs.exp()
    bands = mel_bands(codec.shape.bands, codec.shape.rate)
    mel_seen, mel_heard = (torch.log((bands @ m).clamp_min(QUIETEST)) for m in (seen, heard))
    return {
        "log": functional.l1_loss(logs.clamp_min(-6.9), seen.clamp_min(QUIETEST).log()),
        "mel": functional.l1_loss(mel_heard, mel_seen),
        "convergence": torch.linalg.vector_norm(heard - seen)
        / torch.linalg.vector_norm(seen).clamp_min(1e-3),
    }


def _batch(source: Clips, random: np.random.Generator, size: int) -> Tensor:
    samples = round(SECONDS * RATE)
    waves = []
    for _ in range(size):
        clip = int(random.integers(len(source)))
        start = int(random.integers(source.stems.shape[2] - samples + 1))
        mixture = draw(random, SECONDS)
        if random.random() < SOLO:
            alone = random.integers(len(CLIP_PARTS))
            mixture.before[:] = mixture.after[:] = np.arange(len(CLIP_PARTS)) == alone
        waves.append(mix(source.stems[clip, :, start : start + samples], mixture))
    return torch.from_numpy(np.stack(waves))


def _fall(done: float) -> float:
    return 0.05 + 0.95 * (0.5 + 0.5 * cos(pi * max(0.0, done - 0.3) / 0.7))


def train_codec(
    folder: Path,
    clips_folder: Path,
    *,
    seed: int,
    steps: int,
    shape: CodecShape | None = None,
    keep_codes: Path | None = None,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
) -> Path:
    """Train a codec in ``folder`` on rendered clips; gives the folder that holds it.

    ``keep_codes`` is a folder with a codec whose decoder is trained further and whose codes
    stay. Raises `BadModel` where it holds none.
    """
    given = load_codec(keep_codes) if keep_codes else None
    learner = CodecLearner(clips_folder, shape or CodecShape(), seed, given)
    facts = {"seed": seed, "clips": len(learner.training), "shape": asdict(learner.codec.shape)}
    if keep_codes:
        facts["codes_of"] = digest(keep_codes)
    return run(learner, folder, steps, facts, on_progress=on_progress)
