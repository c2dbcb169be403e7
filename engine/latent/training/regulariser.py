"""What makes the named dimensions mean their attributes, to the encoder and to the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.latent.differentiable import Scores, attributes, straight_through
from engine.latent.network import MeasureVAE
from engine.latent.shape import NAMED
from engine.latent.training.sense_penalty import SensePenalty
from engine.music.attributes import NAMES

COMPLEXITY, DENSITY = NAMES.index("rhythmic_complexity"), NAMES.index("note_density")


def sign_loss(codes: Tensor, values: Tensor, spread: float = 10.0) -> Tensor:
    """Return the attribute regularisation of Pati and Lerch 2020 (arXiv 2004.05485, section 3).

    ``codes`` and ``values`` [B, R] hold each named dimension and its attribute; the mean
    distance between tanh(spread * difference of codes) and sign(difference of values) is
    summed over the R dimensions.
    """
    codes_apart = (codes[:, None] - codes[None]).mul(spread).tanh()
    values_apart = (values[:, None] - values[None]).sign()
    return (codes_apart - values_apart).abs().mean((0, 1)).sum()


def correlation(named: Tensor, free: Tensor) -> Tensor:
    """Return the sum of squared correlations between named [B, R] and free [B, F] codes."""

    def standard(x: Tensor) -> Tensor:
        x = x - x.mean(0)
        norm: Tensor = torch.linalg.vector_norm(x, dim=0)
        return x / (norm + 1e-6)

    return (standard(named).T @ standard(free)).square().sum()


@dataclass(frozen=True)
class Edits:
    """A batch of moved gauges.

    ``codes`` [B, 31] are to be decoded, ``targets`` [B, 4] the normal scores then asked of
    the measure, ``weights`` [B, 4] how firmly each is asked.
    """

    codes: Tensor
    targets: Tensor
    weights: Tensor


MOVED, KEPT = 1.0, 0.3


def edits(codes: Tensor, generator: torch.Generator | None = None) -> Edits:
    """Draw one edit of each code [B, 31]: what a user does to the gauges.

    Mostly one named dimension goes anywhere within 3 (complexity and density sometimes
    together, as a rhythm's complexity is a sum over its onsets); a quarter take all four from
    another measure, some take their free dimensions from the prior.
    """
    batch = len(codes)
    named, free = codes[:, :NAMED].clone(), codes[:, NAMED:].clone()

    def chance(share: float) -> Tensor:
        return torch.rand(batch, generator=generator) < share

    which = torch.randint(NAMED, (batch,), generator=generator)
    value = torch.empty(batch).uniform_(-3, 3, generator=generator)
    moved = functional.one_hot(which, NAMED).bool()
    rhythmic = (which == COMPLEXITY) | (which == DENSITY)
    linked = rhythmic & chance(0.5)
    moved[linked, COMPLEXITY] = True
    moved[linked, DENSITY] = True
    named = torch.where(moved, value[:, None], named)
    swapped = chance(0.25)
    other = torch.randperm(batch, generator=generator)
    named[swapped] = codes[other, :NAMED][swapped]
    moved[swapped] = True
    drawn = chance(0.15)
    free[drawn] = torch.randn(int(drawn.sum()), free.shape[1], generator=generator)
    weights = torch.where(moved, MOVED, KEPT)
    # Complexity is a sum over onsets: where density alone moves, complexity must follow it.
    alone = ~linked & ~swapped
    weights[alone & (which == COMPLEXITY), DENSITY] = 0.0
    weights[alone & (which == DENSITY), COMPLEXITY] = 0.0
    return Edits(torch.cat([named, free], dim=1), named, weights)


class Obedience:
    """The loss that makes decoded measures have the attributes their gauges ask for."""

    def __init__(
        self, scores: Scores, sense: SensePenalty, *, rhythm: float, key: float, kin: float
    ) -> None:
        self._scores, self._sense = scores, sense
        self._rhythm, self._key, self._kin = rhythm, key, kin

    def __call__(self, network: MeasureVAE, edit: Edits, base: Tensor) -> Tensor:
        """Decode edits and compares what comes out with what was asked.

        ``base`` [B, 24] are the tokens before the edit; a small cross-entropy to them keeps
        what nobody asked to change.
        """
        logits = network.decode(edit.codes)
        onset, pitch = straight_through(logits)
        found = self._scores(attributes(onset, pitch))
        distance = functional.huber_loss(found, edit.targets, reduction="none", delta=0.5)
        obeyed = (distance * edit.weights).sum(1).mean()
        rhythm = self._sense.rhythm(onset).mean()
        key = self._sense.key(onset, pitch).mean()
        kin = logits.cross_entropy(base).mean()
        return obeyed + self._rhythm * rhythm + self._key * key + self._kin * kin
