"""Retraining without some tunes: many small measure VAEs side by side, from the same start.

All models of a stack have the same initialisation, see the same batches in the same order and draw
the same noise; a measure that a model must not learn from has weight zero where it stands, so
that nothing else moves. With nothing removed a model is what `engine.latent.training.train` makes
of the same recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from engine.corpus.table import Corpus
from engine.latent.calibration import CalibratedCodec
from engine.latent.differentiable import Scores
from engine.latent.network import MeasureVAE
from engine.latent.shape import NAMED, Shape
from engine.latent.tokens import Ints, measured
from engine.latent.training.augment import vary
from engine.latent.training.train import schedule
from engine.latent.training_recipe import ARMONICA, TrainingRecipe

Kept = npt.NDArray[np.bool_]

RETRAINED = replace(ARMONICA, name="armonica without edits", obedience=0.0, batch=128, rate=6e-3)


NARROW = Shape(width=96)


@dataclass(frozen=True)
class Plan:
    """What each retraining trains: a network's ``shape``, its losses, how many ``steps``.

    It is a smaller and shorter training of the architecture that ships, without the loss on
    moved gauges, which costs as much again and says nothing of any one tune.
    """

    shape: Shape = NARROW
    recipe: TrainingRecipe = RETRAINED
    steps: int = 800
    precision: str = "bfloat16"

    def as_dict(self) -> dict[str, Any]:
        """Return the plan by name of its parts, as results hold it."""
        return {
            "shape": self.shape.as_dict(),
            "recipe": self.recipe.as_dict(),
            "steps": self.steps,
            "precision": self.precision,
        }

    def digest(self, corpus: str) -> str:
        """Name the model that the plan makes of the corpus with this digest."""
        facts = json.dumps({**self.as_dict(), "corpus": corpus}, sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()[:12]


class Stack:
    """Measure VAEs of one shape and equal start, one for each row of ``kept`` [M, N].

    ``kept`` says which of the corpus' N training measures each may learn from. ``step()`` until
    ``done``; ``parameters`` then hold the M models, stacked.
    """

    def __init__(self, corpus: Corpus, plan: Plan, kept: Kept, seed: int) -> None:
        self.plan, self.at = plan, 0
        self.tokens: Ints = corpus.tokens[corpus.training()].astype(np.int64)
        # Of the whole training set: they define the codes' units, which removals must not move.
        self._scores = Scores(CalibratedCodec.fitted(self.tokens).tables)
        self._kept = torch.from_numpy(kept)
        self._random = np.random.default_rng(seed)
        self._order: Ints = np.empty(0, dtype=np.int64)
        self._noise = torch.Generator()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = MeasureVAE(plan.shape)
            self._noise.set_state(torch.get_rng_state())
        self.parameters: dict[str, Tensor] = stack_module_state([self.network] * len(kept))[0]
        self._optimiser = torch.optim.AdamW(
            self.parameters.values(), lr=plan.recipe.rate, fused=True
        )

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.at >= self.plan.steps

    def step(self) -> None:
        """Take one step of every model."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.plan.recipe.rate * schedule(self.at, self.plan.steps)
        chosen = self._batch()
        recipe = self.plan.recipe
        tokens, partners = vary(self.tokens[chosen], self._random, recipe.splice, recipe.change)
        # A measure spliced of two is learned from only where both may be.
        weights = (self._kept[:, chosen] & self._kept[:, chosen[partners]]).float()
        losses = self._losses(tokens, weights / weights.sum(1, keepdim=True).clamp(min=1))
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(losses.sum())
        self._clip(1.0)
        self._optimiser.step()
        self.at += 1

    def _losses(self, tokens: Ints, weights: Tensor) -> Tensor:
        # One loss for each model [M]; weights [M, B] sum to one.
        recipe = self.plan.recipe
        inputs = torch.from_numpy(tokens)
        size = NAMED + self.plan.shape.free
        noise = torch.randn(len(tokens), size, generator=self._noise)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.plan.precision == "bfloat16"):
            mean, logvar, state, pitch = _forward(self.network, self.parameters, inputs, noise)
        mean, logvar = mean.float(), logvar.float()
        wanted = self._scores(torch.from_numpy(measured(tokens)).float()).clamp(-4, 4)
        divergence = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum(-1)
        off = (mean[..., :NAMED] - wanted).square().sum(-1)
        loss = (
            cross_entropy(state.float(), pitch, inputs) / inputs.shape[1]
            + recipe.divergence * divergence
            + recipe.normal * off
        )
        apart = _correlation(mean[..., :NAMED], mean[..., NAMED:], weights)
        return (loss * weights).sum(1) + recipe.correlation * apart

    def _batch(self) -> Ints:
        size = self.plan.recipe.batch
        if len(self._order) < size:
            self._order = self._random.permutation(len(self.tokens))
        chosen, self._order = self._order[:size], self._order[size:]
        return chosen

    def _clip(self, most: float) -> None:
        # Each model by its own norm: none may feel what another lacks.
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        # Summed in double precision, as the order of the sum depends on who stands beside.
        squares = [g.flatten(1).square().sum(1, dtype=torch.float64) for g in gradients]
        norm = torch.stack(squares).sum(0).sqrt().float()
        scale = (most / (norm + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(scale.view(-1, *[1] * (gradient.dim() - 1)))


def train(
    corpus: Corpus,
    plan: Plan,
    kept: Kept,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Stack:
    """Train a model for each row of ``kept`` [M, N], on one thread."""
    torch.set_num_threads(1)
    stack = Stack(corpus, plan, kept, seed)
    while not stack.done:
        stack.step()
        if stack.at % 50 == 0 or stack.done:
            on_progress(stack.at / plan.steps)
    return stack


def model_of(stack: Stack, at: int) -> MeasureVAE:
    """Return one model of a stack as a network of its own."""
    network = MeasureVAE(stack.plan.shape)
    network.load_state_dict({name: p[at].detach() for name, p in stack.parameters.items()})
    return network.eval()


def _forward(
    network: MeasureVAE, parameters: Mapping[str, Tensor], inputs: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    def one(own: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        mean, logvar, state, pitch = functional_call(both, _inside(own), (inputs, noise))
        return mean, logvar, state, pitch

    both = _Both(network)
    mean, logvar, state, pitch = vmap(one)(parameters)
    return mean, logvar, state, pitch


def cross_entropy(state: Tensor, pitch: Tensor, tokens: Tensor) -> Tensor:
    """Return the negative log-likelihood [M, B] in nats of relative tokens [B, 24].

    ``state`` [M, B, 24, 3] and ``pitch`` [M, B, 24, 30] are logits; only the pitches of notes
    count, and only those are computed.
    """
    of_state = functional.log_softmax(state, -1)
    chosen = tokens.clamp(max=2).expand(len(state), -1, -1)[..., None]
    found = -of_state.gather(-1, chosen)[..., 0].sum(-1)
    row, tick = (tokens > 1).nonzero(as_tuple=True)
    of_pitch = functional.log_softmax(pitch[:, row, tick].float(), -1)
    notes = (tokens[row, tick] - 2).expand(len(pitch), -1)[..., None]
    return found.index_add(1, row, -of_pitch.gather(-1, notes)[..., 0])


def _correlation(named: Tensor, free: Tensor, weights: Tensor) -> Tensor:
    # `engine.latent.training.regulariser.correlation` of weighted measures, for each model [M].
    def standard(x: Tensor) -> Tensor:
        x = x - (x * weights[..., None]).sum(1, keepdim=True)
        x = x * weights[..., None].sqrt()
        norm: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        return x / (norm + 1e-6)

    return (standard(named).transpose(1, 2) @ standard(free)).square().sum((1, 2))


class _Both(torch.nn.Module):
    """Encoder, noise and decoder as one call, as `functional_call` needs it."""

    def __init__(self, network: MeasureVAE) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map tokens [B, 24] and noise [B, 31] to mean, log-variance and logits."""
        posterior = self.network.encode(inputs)
        code = posterior.mean + noise * (0.5 * posterior.logvar).exp()
        logits = self.network.decode(code)
        return posterior.mean, posterior.logvar, logits.state, logits.pitch


def _inside(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"network.{name}": value for name, value in parameters.items()}
