"""Training of the small MusicGen on codes of mixes, with Muon for its matrices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import BadCorpus
from engine.steering.musicgen import codec as codecs
from engine.steering.musicgen.tiny import TinyShape, language_model, save_language_model
from engine.steering.training.encoded_clips import Encoded, encode_clips
from engine.steering.training.loop import TrainingProgress, reduced, run
from engine.steering.training.muon import Muon

BATCH = 16
MUON_RATE, ADAM_RATE = 0.02, 2e-3
WARM_UP = 60
HELD = 0.5
"""The share of the training after which the learning rates fall in a line."""

_WEIGHTS = (1.0, 0.7, 0.5, 0.4, 0.3, 0.25, 0.2, 0.2)
"""What each codebook counts for: those that come first carry the music."""


class MusicGenLearner:
    """A language model, its two optimisers, and the codes it reads."""

    def __init__(
        self,
        training: Encoded,
        validation: Encoded,
        codec_folder: Path,
        shape: TinyShape,
        seed: int,
    ) -> None:
        if len(training) < BATCH:
            raise BadCorpus(f"There are {len(training)} mixes.", f"{BATCH} at least are learned.")
        self.training, self.validation = training, validation
        self.codec_folder, self.shape, self.seed = codec_folder, shape, seed
        torch.manual_seed(seed)
        self.lm = language_model(shape).train()
        matrices = [p for p in self.lm.transformer.parameters() if p.ndim == 2]
        known = {id(p) for p in matrices}
        others = [p for p in self.lm.parameters() if id(p) not in known]
        self.muon = Muon(matrices, lr=MUON_RATE)
        self.adam = torch.optim.AdamW(
            others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        )

    def step(self, at: int, steps: int) -> dict[str, float]:
        """Take one step on 16 clips, each from the start of its first measure."""
        share = min(1.0, (at + 1) / WARM_UP, max(0.02, (1 - at / steps) / (1 - HELD)))
        for optimiser, rate in ((self.muon, MUON_RATE), (self.adam, ADAM_RATE)):
            for group in optimiser.param_groups:
                group["lr"] = rate * share
        losses = code_losses(self.lm, _codes(self.training, self._order(at)))
        weights = torch.tensor(_WEIGHTS[: len(losses)])
        loss = (losses * weights).sum() / weights.sum()
        self.muon.zero_grad(set_to_none=True)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.lm.parameters(), 1.0)
        self.muon.step()
        self.adam.step()
        found = losses.detach().tolist()
        return {"loss": float(loss.detach()), "code_0": found[0], "code_1": found[1]}

    def state(self) -> dict[str, Any]:
        """Return the model and both optimisers."""
        return {
            "lm": self.lm.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a model and its optimisers up."""
        self.lm.load_state_dict(state["lm"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Return the cross-entropy of each codebook on held-out tunes, in nats."""
        self.lm.eval()
        rows = np.arange(min(len(self.validation), 128))
        shares = [
            code_losses(self.lm, _codes(self.validation, part)) * (len(part) / len(rows))
            for part in np.split(rows, range(BATCH, len(rows), BATCH))
        ]
        found = torch.stack(shares).sum(dim=0)
        self.lm.train()
        return {f"code_{at}": float(value) for at, value in enumerate(found)}

    def export(self, folder: Path, card: dict[str, Any]) -> None:
        """Write the model's folder: the language model and, beside it, its codec."""
        save_language_model(folder, self.lm, self.shape)
        codec = codecs.load_codec(self.codec_folder)
        codecs.save_codec(folder, codec, codecs.read_card(self.codec_folder) | {"model": card})

    def _order(self, at: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        # Every mix once in each turn through them, in an order that the turn alone decides.
        size = len(self.training) // BATCH
        turn, place = divmod(at, size)
        order = np.random.default_rng([self.seed, turn]).permutation(len(self.training))
        return order[place * BATCH : (place + 1) * BATCH]


def code_losses(lm: Any, codes: Tensor) -> Tensor:
    """Return the mean cross-entropy of each codebook [codebooks], for codes [B, codebooks, T].

    Codebook k is delayed by k steps, so that step s predicts its frame s - k (MusicGen,
    Copet et al. 2023, section 2.1). The same as audiocraft's `compute_predictions`, without
    the sorting of its logits.
    """
    batch, books, frames = codes.shape
    special = lm.special_token_id
    delayed = codes.new_full((batch, books, frames + books), special)
    for book in range(books):
        delayed[:, book, book + 1 : book + 1 + frames] = codes[:, book]
    seen = sum(lm.emb[book](delayed[:, book]) for book in range(books))
    with reduced():
        out = lm.out_norm(lm.transformer(seen))
        logits = [lm.linears[book](out[:, book : book + frames]) for book in range(books)]
    return torch.stack(
        [
            functional.cross_entropy(each.float().flatten(0, 1), codes[:, book].flatten())
            for book, each in enumerate(logits)
        ]
    )


def _codes(source: Encoded, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Tensor:
    return torch.from_numpy(source.codes[np.sort(rows)].astype(np.int64))


def train_musicgen(
    folder: Path,
    clips_folder: Path,
    codec_folder: Path,
    *,
    seed: int,
    steps: int,
    turns: int = 1,
    workers: int = 1,
    shape: TinyShape | None = None,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
    on_encoded: Callable[[float], None] = lambda _: None,
) -> Path:
    """Train a small MusicGen in ``folder`` on rendered clips; gives the folder that holds it.

    First every clip is mixed ``turns`` times and encoded, which is kept in ``folder`` too.
    """
    torch.set_num_threads(1)
    codec, digest = codecs.load_codec(codec_folder), codecs.digest(codec_folder)
    validation, training = (
        encode_clips(
            folder / "codes",
            clips_folder,
            codec_folder,
            split,
            turns=turns if split == "train" else 1,
            seed=seed,
            workers=workers,
            on_progress=on_encoded,
        )
        for split in ("validation", "train")
    )
    shape = shape or TinyShape(codebooks=codec.num_codebooks, codes=codec.cardinality)
    learner = MusicGenLearner(training, validation, codec_folder, shape, seed)
    facts = {"seed": seed, "codec": digest, "clips": len(training), "turns": turns}
    return run(
        learner, folder, steps, facts, save_every=100, measure_every=300, on_progress=on_progress
    )
