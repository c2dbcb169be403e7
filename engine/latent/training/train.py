"""Training of the measure VAE: seeded, resumable after a kill, measured as it goes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.common import atomic
from engine.corpus.table import Corpus
from engine.errors import OutOfRange
from engine.latent.calibration import CalibratedCodec
from engine.latent.differentiable import Scores
from engine.latent.model import TrainedVAE
from engine.latent.network import MeasureVAE
from engine.latent.plausibility import pattern_surprise
from engine.latent.shape import NAMED, Shape
from engine.latent.tokens import Ints, measured
from engine.latent.training import run_folder
from engine.latent.training.augment import augment
from engine.latent.training.regulariser import Obedience, correlation, edits, sign_loss
from engine.latent.training.sense_penalty import SensePenalty
from engine.latent.training_recipe import TrainingRecipe
from engine.latent.weights import save

SAVE_EVERY = 500
MEASURE_EVERY = 1000
WARM_UP = 200
SHARP = 0.25
"""The share of the training after which the learning rate falls along a cosine."""


def schedule(at: int, steps: int) -> float:
    """Return the share of the learning rate at a step: warmed up, then along a cosine."""
    warm = min(1.0, (at + 1) / WARM_UP)
    late = max(0.0, (at / steps - SHARP) / (1 - SHARP))
    return warm * (0.5 + 0.5 * cos(pi * late)) + 1e-3


@dataclass(frozen=True)
class VaeProgress:
    """How far a training is: steps done and in all, steps a second, the last losses."""

    step: int
    steps: int
    rate: float
    losses: dict[str, float]

    @property
    def left(self) -> float:
        """The seconds left at the present rate."""
        return (self.steps - self.step) / self.rate if self.rate else float("inf")


class Trainer:
    """One training run in a folder of its own; ``step()`` until ``done``."""

    def __init__(
        self,
        folder: Path,
        corpus: Corpus,
        recipe: TrainingRecipe,
        shape: Shape,
        seed: int,
        steps: int,
    ) -> None:
        if steps < 1:
            raise OutOfRange(f"A training has at least one step, not {steps}.")
        self.folder, self.corpus, self.recipe, self.shape = folder, corpus, recipe, shape
        self.seed, self.steps, self.at = seed, steps, 0
        self.tokens: Ints = corpus.tokens[corpus.training()].astype(np.int64)
        self.codec = CalibratedCodec.fitted(self.tokens)
        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.network = MeasureVAE(shape)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=recipe.rate, fused=True)
        self.scores = Scores(self.codec.tables)
        self.obedience = Obedience(
            self.scores,
            SensePenalty(pattern_surprise(self.tokens)),
            rhythm=recipe.rhythm,
            key=recipe.key,
            kin=recipe.kin,
        )
        self.order: Ints = np.empty(0, dtype=np.int64)

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.at >= self.steps

    def step(self) -> dict[str, float]:
        """Take one step and return its losses by name."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate * schedule(self.at, self.steps)
        losses = self._losses(self._batch())
        total = torch.stack(list(losses.values())).sum()
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.at += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _losses(self, tokens: Ints) -> dict[str, Tensor]:
        recipe, values = self.recipe, torch.from_numpy(measured(tokens)).float()
        inputs = torch.from_numpy(tokens)
        posterior = self.network.encode(inputs)
        code = posterior.sample()
        losses = {
            "reconstruction": self.network.decode(code).cross_entropy(inputs).mean(),
            "divergence": recipe.divergence * posterior.divergence().sum(1).mean(),
        }
        if recipe.normal:
            off = functional.mse_loss(posterior.mean[:, :NAMED], self.scores(values).clamp(-4, 4))
            losses["normal"] = recipe.normal * NAMED * off
        if recipe.sign:
            losses["sign"] = recipe.sign * sign_loss(code[:, :NAMED], values)
        if recipe.correlation:
            apart = correlation(posterior.mean[:, :NAMED], posterior.mean[:, NAMED:])
            losses["correlation"] = recipe.correlation * apart
        firm = recipe.obedience * min(1.0, max(0.0, (self.at / self.steps - 0.1) / 0.15))
        if firm:
            moved = edits(code[: recipe.edited].detach())
            base = inputs[: recipe.edited]
            losses["obedience"] = firm * self.obedience(self.network, moved, base)
        return losses

    def _batch(self) -> Ints:
        size = self.recipe.batch
        if len(self.order) < size:
            self.order = self.random.permutation(len(self.tokens))
        chosen, self.order = self.order[:size], self.order[size:]
        return augment(self.tokens[chosen], self.random, self.recipe.splice, self.recipe.change)

    def model(self) -> TrainedVAE:
        """Return the model as it now stands."""
        return TrainedVAE(self.network.forward_pass(), self.codec, "training")

    def validate(self) -> dict[str, float]:
        """Measure on validation tunes: exact measures, and how well the decoder obeys."""
        from engine.latent.evaluation.metrics import decoder_control, reconstruction

        rows = self.corpus.validation()
        tokens = self.corpus.tokens[rows].astype(np.int64)
        self.network.eval()
        model = self.model()
        found = reconstruction(model, tokens)
        control = decoder_control(model, tokens[:: max(1, len(tokens) // 64)][:64], candidates=1)
        self.network.train()
        return {
            "exact": found.exact,
            "onset": found.onset,
            **{f"obeys_{n}": v for n, v in control.spearman.items()},
        }

    def save(self) -> None:
        """Write a checkpoint from which an equal run goes on, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "torch": torch.get_rng_state(),
            "numpy": json.dumps(self.random.bit_generator.state),
            "order": torch.from_numpy(self.order.copy()),
            "at": self.at,
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
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["torch"])
        self.random.bit_generator.state = json.loads(state["numpy"])
        self.order = state["order"].numpy()
        self.at = state["at"]
        return True

    def _run(self) -> str:
        facts = {
            "recipe": self.recipe.as_dict(),
            "shape": self.shape.as_dict(),
            "seed": self.seed,
            "steps": self.steps,
            "corpus": self.corpus.digest,
        }
        return json.dumps(facts, sort_keys=True)


def train(
    folder: Path,
    corpus: Corpus,
    recipe: TrainingRecipe,
    *,
    seed: int,
    steps: int,
    command: str = "",
    shape: Shape | None = None,
    on_progress: Callable[[VaeProgress], None] = lambda _: None,
) -> Path:
    """Train a measure VAE in ``folder``, going on where an earlier run stopped.

    Writes ``checkpoint.pt``, a line of ``metrics.jsonl`` each thousand steps, and at the end
    the model into ``folder/model``, which is returned. Raises `CannotWrite`, and `BadModel` as
    `Trainer.resume` does.
    """
    torch.set_num_threads(1)
    trainer = Trainer(folder, corpus, recipe, shape or Shape(), seed, steps)
    atomic.make_folder(folder)
    trainer.resume()
    began, first = time.monotonic(), trainer.at
    while not trainer.done:
        losses = trainer.step()
        if trainer.at % 20 == 0 or trainer.done:
            rate = (trainer.at - first) / max(1e-9, time.monotonic() - began)
            on_progress(VaeProgress(trainer.at, steps, rate, losses))
        if trainer.at % SAVE_EVERY == 0 or trainer.done:
            trainer.save()
        if trainer.at % MEASURE_EVERY == 0 or trainer.done:
            found = {"step": trainer.at, "losses": losses, **trainer.validate()}
            run_folder.note(folder, found)
    card = {
        "command": command,
        "recipe": recipe.as_dict(),
        "seed": seed,
        "steps": steps,
        "corpus": corpus.digest,
    }
    network = trainer.network.forward_pass()
    save(folder / "model", network, trainer.codec, trainer.tokens, card)
    return folder / "model"
