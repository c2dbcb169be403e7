"""Training of the phrase model: seeded, resumable after a kill, the best checkpoint kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, log, pi
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.common import atomic
from engine.corpus.table import Corpus
from engine.errors import OutOfRange
from engine.latent.training import run_folder
from engine.phrase.book_tunes import digest_of, tunes_of
from engine.phrase.gauge_scores import GaugeScores
from engine.phrase.shape import BINS, PhraseShape
from engine.phrase.training.examples import batches, collate, example, lessons, printed
from engine.phrase.training.network import Batch, PhraseNetwork
from engine.phrase.weights import QUANTILES, save

MODEL = "model"
MEASURE_EVERY = 250
WARM_UP = 100
BATCH = 16
RATE, DECAY = 2e-3, 0.05
AVERAGED = 0.998
"""How slowly the averaged weights, which are judged and kept, follow the trained ones."""

GAUGE_WEIGHT = 0.1
EDGES = torch.tensor([torch.special.ndtri(torch.tensor(at / BINS)) for at in range(1, BINS)])
"""Where the parts of a gauge meet, in normal scores."""


@dataclass(frozen=True)
class PhraseProgress:
    """How far a training is: steps done and in all, steps a second, the last loss in bits."""

    step: int
    steps: int
    rate: float
    loss: float
    best: float


@dataclass(frozen=True)
class Validated:
    """Bits a measure of validation tunes: all, those in four, and the quantiles of bits a note."""

    bits: float
    in_four: float
    quantiles: np.ndarray


class PhraseTrainer:
    """One training run in a folder of its own; ``step()`` until ``done``."""

    def __init__(
        self, folder: Path, corpora: Sequence[Corpus], shape: PhraseShape, seed: int, steps: int
    ) -> None:
        if steps < 1:
            raise OutOfRange(f"A training has at least one step, not {steps}.")
        self.folder, self.shape, self.seed, self.steps = folder, shape, seed, steps
        self.digest = digest_of(corpora)
        self.at, self.best = 0, float("inf")
        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        tunes = tunes_of(corpora, "train")
        self.scores = GaugeScores.fitted([each for tune in tunes for each in tune.measures])
        self.lessons = lessons(tunes, self.scores)
        self.validation = sorted(tunes_of(corpora, "validation"), key=len)
        self.network = PhraseNetwork(shape)
        self.averaged = {n: v.detach().clone() for n, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=DECAY
        )
        self.order: list[list[int]] = []

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.at >= self.steps

    def step(self) -> float:
        """Take one step and return its loss in bits an event."""
        share = self.at / self.steps
        for group in self.optimiser.param_groups:
            warm = min(1.0, (self.at + 1) / WARM_UP)
            group["lr"] = RATE * warm * (0.5 + 0.5 * cos(pi * share)) + 1e-5
        if not self.order:
            self.order = batches(self.lessons, BATCH, self.random)
        batch = collate([example(self.lessons[at], self.random) for at in self.order.pop()])
        loss, gauges = self._losses(batch)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss + GAUGE_WEIGHT * gauges)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.at += 1
        keep = min(AVERAGED, self.at / (self.at + 20))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.averaged[name].lerp_(value, 1 - keep)
        return float(loss.detach()) / log(2)

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        ticks, pitches, gauges = self.network(batch)
        nats = event_nats(batch, ticks, pitches)
        asked = batch["goals"].isfinite()
        missed = torch.zeros(())
        if bool(asked.any()):
            parts = torch.bucketize(batch["goals"][asked], EDGES)
            missed = functional.cross_entropy(gauges[asked], parts)
        return nats.sum() / (batch["next_tick"] >= 0).sum(), missed

    @torch.inference_mode()
    def validate(self) -> Validated:
        """Measure the averaged weights on validation tunes, in their printed order."""
        network = PhraseNetwork(self.shape).eval()
        network.load_state_dict(self.averaged)
        bits: list[float] = []
        in_four: list[bool] = []
        a_note: list[float] = []
        for begin in range(0, len(self.validation), BATCH):
            part = self.validation[begin : begin + BATCH]
            batch = collate([printed(tune) for tune in part])
            ticks, pitches, _ = network(batch)
            nats = (event_nats(batch, ticks, pitches) / log(2)).numpy()
            for tune, row, count, valid in zip(
                part, nats, batch["count"].numpy(), batch["valid"].numpy(), strict=True
            ):
                starts = np.flatnonzero((count[1:] == 0) & valid[1:]) + 1
                sums = np.add.reduceat(row, starts)
                bits += sums.tolist()
                in_four += [tune.grid.metre == "4/4"] * len(sums)
                notes = [max(1, len(events)) for events in tune.events[: len(sums)]]
                a_note += (sums / notes)[1:].tolist()
        found = np.array(bits)
        quantiles = np.quantile(a_note, np.linspace(0, 1, QUANTILES))
        return Validated(float(found.mean()), float(found[np.array(in_four)].mean()), quantiles)

    def keep(self, found: Validated, command: str) -> None:
        """Write the averaged weights as a model."""
        arrays = {name: value.numpy() for name, value in self.averaged.items()}
        save(
            self.folder / MODEL,
            {**arrays, **self.scores.tensors(), "quantiles": found.quantiles},
            {
                "shape": self.shape.as_dict(),
                "command": command,
                "seed": self.seed,
                "steps": self.steps,
                "step": self.at,
                "corpus": self.digest,
                "validation": {"bits": round(found.bits, 3), "in_four": round(found.in_four, 3)},
            },
        )

    def save(self) -> None:
        """Write a checkpoint from which an equal run goes on, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "torch": torch.get_rng_state(),
            "numpy": json.dumps(self.random.bit_generator.state),
            "order": self.order,
            "at": self.at,
            "best": self.best,
        }
        run_folder.save(self.folder, self._run(), state)

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; gives whether there was one.

        Raises `BadModel` for a checkpoint that is damaged or of another run.
        """
        state = run_folder.saved(self.folder, self._run())
        if state is None:
            return False
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["torch"])
        self.random.bit_generator.state = json.loads(state["numpy"])
        self.order, self.at, self.best = state["order"], state["at"], state["best"]
        return True

    def _run(self) -> str:
        facts = {
            "shape": self.shape.as_dict(),
            "seed": self.seed,
            "steps": self.steps,
            "corpus": self.digest,
        }
        return json.dumps(facts, sort_keys=True)


def event_nats(batch: Batch, ticks: Tensor, pitches: Tensor) -> Tensor:
    """Return -log p of the event after each step [B, T], 0 where there is none."""
    size = batch["next_tick"].shape
    when = functional.cross_entropy(
        ticks.flatten(0, 1), batch["next_tick"].flatten(), ignore_index=-1, reduction="none"
    )
    which = functional.cross_entropy(
        pitches.flatten(0, 1), batch["next_pitch"].flatten(), ignore_index=-1, reduction="none"
    )
    return (when + which).view(size)


def train(
    folder: Path,
    corpora: Sequence[Corpus],
    *,
    seed: int,
    steps: int,
    command: str = "",
    shape: PhraseShape | None = None,
    on_progress: Callable[[PhraseProgress], None] = lambda _: None,
) -> Path:
    """Train a phrase model in ``folder`` on one thread, going on where an earlier run stopped.

    Every 250 steps writes ``checkpoint.pt`` and a line of ``metrics.jsonl``, and where validation
    tunes take fewer bits than ever before, the model into ``folder/model``, which is returned.
    Raises `CannotWrite`, and `BadModel` as `PhraseTrainer.resume` does.
    """
    torch.set_num_threads(1)
    trainer = PhraseTrainer(folder, corpora, shape or PhraseShape(), seed, steps)
    atomic.make_folder(folder)
    trainer.resume()
    began, spent, first = time.monotonic(), time.process_time(), trainer.at
    losses: list[float] = []
    while not trainer.done:
        losses.append(trainer.step())
        if trainer.at % 20 == 0 or trainer.done:
            rate = (trainer.at - first) / max(1e-9, time.monotonic() - began)
            on_progress(PhraseProgress(trainer.at, steps, rate, losses[-1], trainer.best))
        if trainer.at % MEASURE_EVERY == 0 or trainer.done:
            found = trainer.validate()
            if found.bits < trainer.best:
                trainer.best = found.bits
                trainer.keep(found, command)
            trainer.save()
            run_folder.note(
                folder,
                {
                    "step": trainer.at,
                    "loss": round(float(np.mean(losses)), 4),
                    "bits": round(found.bits, 3),
                    "in_four": round(found.in_four, 3),
                    "cpu_minutes": round((time.process_time() - spent) / 60, 2),
                },
            )
            losses.clear()
    return folder / MODEL
