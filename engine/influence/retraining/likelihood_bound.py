"""How likely models find measures: the importance-weighted bound, in nats a note.

Burda, Grosse and Salakhutdinov 2016 (arXiv 1509.00519), equation 8: log of the mean over S codes
from the posterior of p(x|z) p(z) / q(z|x). The same random numbers serve every model.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from engine.influence.retraining.retrain import cross_entropy
from engine.latent.network import Logits, MeasureVAE
from engine.latent.tokens import Ints

AT_ONCE = 2048
"""How many codes each model decodes at a time."""


class LikelihoodQuery(NamedTuple):
    """What M models make of Q measures: all [M, Q], likelihoods in nats a note.

    ``bound`` is that of log p(x); ``plain`` the log-likelihood of the measure at its
    posterior's mean; ``exact`` whether decoding that mean gives the measure back.
    """

    bound: Tensor
    plain: Tensor
    exact: Tensor


def ask(
    network: MeasureVAE, parameters: Mapping[str, Tensor], tokens: Ints, samples: int, seed: int = 0
) -> LikelihoodQuery:
    """Ask stacked models about relative tokens [Q, 24], with ``samples`` codes a measure.

    A measure without notes counts as one note.
    """
    noise = torch.Generator().manual_seed(seed)
    rows = max(1, AT_ONCE // samples)
    with torch.inference_mode():
        parts = [
            _ask(network, parameters, torch.from_numpy(tokens[at : at + rows]), samples, noise)
            for at in range(0, len(tokens), rows)
        ]
    return LikelihoodQuery(*(torch.cat(part, 1) for part in zip(*parts, strict=True)))


def _ask(
    network: MeasureVAE,
    parameters: Mapping[str, Tensor],
    inputs: Tensor,
    samples: int,
    noise: torch.Generator,
) -> LikelihoodQuery:
    encoded = vmap(lambda own: _Encoder.call(network, own, inputs))(parameters)
    mean, logvar = (part[:, :, None] for part in encoded)
    drawn = torch.randn(len(inputs), samples, mean.shape[-1], generator=noise)
    codes = mean + drawn * (0.5 * logvar).exp()
    repeated = inputs.repeat_interleave(samples, 0)
    state, pitch = _decoded(network, parameters, codes.flatten(1, 2))
    likely = -cross_entropy(state, pitch, repeated).view(len(mean), len(inputs), samples)
    prior = -0.5 * (codes**2 + log(2 * pi)).sum(-1)
    posterior = -0.5 * (drawn**2 + logvar + log(2 * pi)).sum(-1)
    bound = (likely + prior - posterior).logsumexp(-1) - log(samples)
    logits = Logits(*_decoded(network, parameters, mean[:, :, 0]))
    notes = (inputs > 1).sum(1).clamp(min=1)
    plain = -cross_entropy(logits.state, logits.pitch, inputs)
    return LikelihoodQuery(bound / notes, plain / notes, (logits.tokens() == inputs).all(-1))


def _decoded(
    network: MeasureVAE, parameters: Mapping[str, Tensor], codes: Tensor
) -> tuple[Tensor, Tensor]:
    return vmap(lambda own, code: _Decoder.call(network, own, code))(parameters, codes)


class _Part(torch.nn.Module):
    """One half of a network as a module of its own, as `functional_call` needs it."""

    def __init__(self, network: MeasureVAE) -> None:
        super().__init__()
        self.network = network

    @classmethod
    def call(
        cls, network: MeasureVAE, parameters: Mapping[str, Tensor], given: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return both results of the half at ``parameters``."""
        inside = {f"network.{name}": value for name, value in parameters.items()}
        first, second = functional_call(cls(network), inside, (given,))
        return first, second


class _Encoder(_Part):
    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        mean, logvar = self.network.encode(tokens)
        return mean, logvar


class _Decoder(_Part):
    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        state, pitch = self.network.decode(codes)
        return state, pitch
