"""The network of the measure VAE: residual blocks, the named dimensions modulating the decoder.

This is the one that is trained, and whose gradients are asked; what plays is `ForwardPass`.

One step of a measure's code: relative tokens [B, 24] -> mean and log-variance [B, 31]
-> logits of state (hold, rest, onset) [B, 24, 3] and of relative pitch [B, 24, 30].
The register (lowest pitch) passes beside the network, see `engine.latent.model`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.latent.forward import ForwardPass
from engine.latent.shape import LOGVARS, NAMED, NAMED_LOGVAR, Shape
from engine.latent.tokens import SPAN, TICKS, VOCABULARY


class Posterior(NamedTuple):
    """A diagonal Gaussian over the named and free dimensions: mean and log-variance [B, 31]."""

    mean: Tensor
    logvar: Tensor

    def sample(self) -> Tensor:
        """Draw a code by the reparameterisation trick."""
        return self.mean + torch.randn_like(self.mean) * (0.5 * self.logvar).exp()

    def divergence(self) -> Tensor:
        """Return the Kullback-Leibler divergence from the standard normal [B, 31]."""
        return 0.5 * (self.mean**2 + self.logvar.exp() - 1 - self.logvar)


class Logits(NamedTuple):
    """Unnormalised log-probabilities: state [B, 24, 3] and relative pitch [B, 24, 30]."""

    state: Tensor
    pitch: Tensor

    def tokens(self) -> Tensor:
        """Return the most probable relative tokens [B, 24]."""
        state = self.state.argmax(-1)
        return torch.where(state == 2, self.pitch.argmax(-1) + 2, state)

    def cross_entropy(self, tokens: Tensor) -> Tensor:
        """Return the negative log-likelihood of tokens [B, 24], per tick and measure [B, 24]."""
        state = functional.cross_entropy(
            self.state.flatten(0, 1), tokens.clamp(max=2).flatten(), reduction="none"
        )
        pitch = functional.cross_entropy(
            self.pitch.flatten(0, 1), (tokens - 2).clamp(min=0).flatten(), reduction="none"
        )
        return (state + pitch * (tokens > 1).flatten()).view(tokens.shape)


class Block(nn.Module):
    """A residual block: norm, optional scale and shift by the named dimensions, two layers."""

    def __init__(self, width: int, condition: int = 0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.film = nn.Linear(condition, 2 * width) if condition else None
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map [B, width] (and a condition [B, 4]) to [B, width]."""
        hidden = self.norm(x)
        if self.film is not None and condition is not None:
            scale, shift = self.film(condition).chunk(2, dim=-1)
            hidden = hidden * (1 + scale) + shift
        changed: Tensor = self.second(functional.silu(self.first(hidden)))
        return x + changed


class MeasureVAE(nn.Module):
    """A variational autoencoder of one measure (Pati et al. 2019; Bryan-Kinns et al. 2021)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, size = shape.width, NAMED + shape.free
        # By itself an embedding draws its numbers even where there is no memory to hold them,
        # for which torch brings in its compiler: seconds, each time a model is loaded.
        embedding = torch.empty(VOCABULARY, shape.embedding)
        if not embedding.is_meta:
            nn.init.normal_(embedding)
        self.embed: nn.Embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
            embedding, freeze=False
        )
        self.encoder_in = nn.Linear(TICKS * shape.embedding, width)
        self.encoder = nn.ModuleList(Block(width) for _ in range(shape.encoder_blocks))
        self.encoder_norm = nn.LayerNorm(width)
        self.posterior = nn.Linear(width, 2 * size)
        self.decoder_in = nn.Linear(size, width)
        self.decoder = nn.ModuleList(Block(width, NAMED) for _ in range(shape.decoder_blocks))
        self.decoder_norm = nn.LayerNorm(width)
        self.state = nn.Linear(width, TICKS * 3)
        self.pitch = nn.Linear(width, TICKS * SPAN)

    @classmethod
    def of(cls, network: ForwardPass) -> MeasureVAE:
        """Return the network with the weights of one that plays; it can be differentiated."""
        with torch.device("meta"):
            made = cls(network.shape)
        arrays = {name: torch.from_numpy(array) for name, array in network.parameters.items()}
        made.load_state_dict(arrays, assign=True)
        return made.eval()

    def forward_pass(self) -> ForwardPass:
        """Return what plays with these weights, as they are now."""
        arrays = {n: t.detach().numpy().copy() for n, t in self.state_dict().items()}
        return ForwardPass(self.shape, arrays)

    def encode(self, tokens: Tensor) -> Posterior:
        """Return the posterior of relative tokens [B, 24]."""
        hidden = self.encoder_in(self.embed(tokens).flatten(1))
        for block in self.encoder:
            hidden = block(hidden)
        mean, logvar = self.posterior(functional.silu(self.encoder_norm(hidden))).chunk(2, dim=-1)
        logvar = torch.cat([torch.full_like(mean[:, :NAMED], NAMED_LOGVAR), logvar[:, NAMED:]], 1)
        return Posterior(mean, logvar.clamp(*LOGVARS))

    def decode(self, code: Tensor) -> Logits:
        """Return the logits at codes [B, 31]."""
        named = code[:, :NAMED]
        hidden = self.decoder_in(code)
        for block in self.decoder:
            hidden = block(hidden, named)
        hidden = self.decoder_norm(hidden)
        return Logits(
            self.state(hidden).view(-1, TICKS, 3), self.pitch(hidden).view(-1, TICKS, SPAN)
        )
