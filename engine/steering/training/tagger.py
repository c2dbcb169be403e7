"""Training of the tagger: on mixes, on the codec's reconstructions, and on noise."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.audio.synth import Wave
from engine.corpus.audio.render import Clips, clips
from engine.corpus.clip_format import CLIP_PARTS, RATE, SECONDS
from engine.steering.musicgen.codec import SpectralCodec, digest, load_codec
from engine.steering.tagger import WINDOW_SECONDS, Tagger, save_tagger
from engine.steering.training.loop import TrainingProgress, run
from engine.steering.training.mixes import draw, mix

BATCH = 32
RATE_OF_LEARNING = 2e-3
RECONSTRUCTED = 1500
"""Clips that are put through the codec before the training starts."""

_ROUNDS = 8
_PRESENT, _ABSENT = 0.1, 0.02
"""A part is there from this share of its usual level, and away below the other."""

_USUAL = 10 ** (-25 / 20) * 32768
_CORRUPTED = 0.3


class TaggerLearner:
    """A tagger, its optimiser, and what it hears.

    Half of a batch went through the codec, some of that with codes thrown about; a
    sixteenth holds no music at all: noise, silence, random codes.
    """

    def __init__(self, folder: Path, codec: SpectralCodec, seed: int) -> None:
        self.seed, self.codec = seed, codec
        self.training, self.validation = clips(folder, "train"), clips(folder, "validation")
        torch.manual_seed(seed)
        self.tagger = Tagger()
        self.optimiser = torch.optim.AdamW(
            self.tagger.parameters(), RATE_OF_LEARNING, weight_decay=0.02, fused=True
        )
        self.pool: list[tuple[Wave, Wave]] = []

    def step(self, at: int, steps: int) -> dict[str, float]:
        """Take one step on 32 windows of two seconds."""
        if not self.pool:
            self.pool = list(self._reconstructions(self.training, RECONSTRUCTED))
        self.tagger.train()
        for group in self.optimiser.param_groups:
            group["lr"] = RATE_OF_LEARNING * (0.02 + 0.98 * (0.5 + 0.5 * cos(pi * at / steps)))
        random = np.random.default_rng([self.seed, at])
        waves, labels = self._batch(random)
        logits = self.tagger(waves)
        # NaN marks what is neither there nor away.
        sure = ~labels.isnan()
        loss = functional.binary_cross_entropy_with_logits(logits[sure], labels[sure])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return {"loss": float(loss.detach())}

    def state(self) -> dict[str, Any]:
        """Return the tagger and the optimiser."""
        return {"tagger": self.tagger.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Take a tagger and its optimiser up."""
        self.tagger.load_state_dict(state["tagger"])
        self.optimiser.load_state_dict(state["optimiser"])

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Return balanced accuracy by part, on mixes and on their reconstructions."""
        self.tagger.eval()
        found: dict[str, float] = {}
        random = np.random.default_rng(self.seed)
        pairs = [self._window(random, *_whole(random, self.validation)) for _ in range(300)]
        found |= self._accuracies("", pairs)
        heard = list(self._reconstructions(self.validation, 60))
        again = [self._window(random, *heard[at % len(heard)]) for at in range(240)]
        found |= self._accuracies("codec_", again)
        noise = torch.stack([torch.from_numpy(self._nothing(random)) for _ in range(64)])
        found["noise_drums"] = float((self.tagger(noise)[:, 1] > 0).float().mean())
        return found

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        """Write the tagger as `engine.steering.tagger.load_tagger` reads it."""
        save_tagger(folder, self.tagger, card)

    def _accuracies(self, prefix: str, pairs: list[tuple[Wave, Wave]]) -> dict[str, float]:
        waves = torch.stack([torch.from_numpy(wave) for wave, _ in pairs])
        labels = torch.stack([torch.from_numpy(label) for _, label in pairs])
        said = torch.cat([self.tagger(part) for part in torch.split(waves, 64)]) > 0
        found = {}
        for at, part in enumerate(CLIP_PARTS):
            there, away = labels[:, at] == 1, labels[:, at] == 0
            hits = said[there, at].float().mean(), 1 - said[away, at].float().mean()
            found[prefix + part] = float(sum(hits)) / 2
        return found

    def _batch(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        pairs = []
        for at in range(BATCH):
            if at < 2:
                pairs.append((self._nothing(random), np.zeros(len(CLIP_PARTS), np.float32)))
            elif at < BATCH // 2:
                pairs.append(self._window(random, *self.pool[random.integers(len(self.pool))]))
            else:
                pairs.append(self._window(random, *_whole(random, self.training)))
        waves, labels = zip(*pairs, strict=True)
        return torch.from_numpy(np.stack(waves)), torch.from_numpy(np.stack(labels))

    def _window(self, random: np.random.Generator, wave: Wave, levels: Wave) -> tuple[Wave, Wave]:
        size = round(WINDOW_SECONDS * RATE)
        start = int(random.integers(len(wave) - size + 1))
        first, last = (
            round(place * levels.shape[1] / len(wave)) for place in (start, start + size)
        )
        level = np.sqrt((levels[:, first:last] ** 2).mean(axis=1))
        labels = np.where(level > _PRESENT, 1.0, np.where(level < _ABSENT, 0.0, np.nan))
        gain = np.float32(10 ** (random.normal(0, 3) / 20))
        return wave[start : start + size] * gain, labels.astype(np.float32)

    @torch.inference_mode()
    def _reconstructions(self, source: Clips, count: int) -> list[tuple[Wave, Wave]]:
        random = np.random.default_rng([self.seed, count])
        found = []
        for at in range(count):
            wave, levels = _whole(random, source)
            codes, _ = self.codec.encode(torch.from_numpy(wave)[None, None])
            if at % 4 == 0:
                thrown = torch.from_numpy(random.random(codes.shape) < _CORRUPTED * random.random())
                other = torch.from_numpy(random.integers(0, self.codec.cardinality, codes.shape))
                codes = torch.where(thrown, other, codes)
            again = self.codec.decode(codes)[0, 0].numpy()
            found.append((again, levels))
        return found

    def _nothing(self, random: np.random.Generator) -> Wave:
        size = round(WINDOW_SECONDS * RATE)
        kind = random.integers(4)
        if kind == 0:
            return np.zeros(size, np.float32)
        if kind == 1:
            frames = size // self.codec.shape.hop
            codes = random.integers(
                0, self.codec.cardinality, (1, self.codec.num_codebooks, frames)
            )
            with torch.inference_mode():
                return self.codec.decode(torch.from_numpy(codes))[0, 0].numpy()[:size]
        white = random.normal(0, 1, size)
        if kind == 2:
            white = np.cumsum(white) / 50
            white -= np.convolve(white, np.ones(800) / 800, "same")
        return (white * 10 ** (random.uniform(-60, -15) / 20)).astype(np.float32)


def _whole(random: np.random.Generator, source: Clips) -> tuple[Wave, Wave]:
    # The mix of a clip, and the level of each part in it, as shares of the usual, by tenths.
    stems = source.stems[int(random.integers(len(source)))]
    mixture = draw(random, SECONDS, changing=0.3)
    wave = mix(stems, mixture)
    return wave, levels_of(stems, mixture.before, mixture.after, mixture.change)


def levels_of(
    stems: npt.NDArray[np.int16],
    before: npt.NDArray[np.bool_],
    after: npt.NDArray[np.bool_],
    change: float,
) -> Wave:
    """Return the level of each part by tenths of a second, as a share of the usual."""
    frames = stems.shape[1] // (RATE // 10)
    cut = stems[:, : frames * (RATE // 10)].reshape(len(stems), frames, -1)
    level = np.sqrt((cut.astype(np.float32) ** 2).mean(axis=2)) / np.float32(_USUAL)
    late = np.arange(frames) / 10 >= change
    sounding = np.where(late, after[:, None], before[:, None]).astype(np.float32)
    return cast(Wave, sounding * level)


def train_tagger(
    folder: Path,
    clips_folder: Path,
    codec_folder: Path,
    *,
    seed: int,
    steps: int,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
) -> Path:
    """Train a tagger in ``folder`` on rendered clips; gives the folder that holds it."""
    codec = load_codec(codec_folder)
    # A quick inversion will do to hear which parts there are.
    codec.rounds = _ROUNDS
    learner = TaggerLearner(clips_folder, codec, seed)
    facts = {"seed": seed, "clips": len(learner.training), "codec": digest(codec_folder)}
    return run(learner, folder, steps, facts, on_progress=on_progress)
