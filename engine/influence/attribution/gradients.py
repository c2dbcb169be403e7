"""The gradient channel: which training measures pull a model the way that a query does.

TRAK (Park et al. 2023, arXiv 2303.14186): phi(q) (Phi^T Phi + ridge)^-1 phi(i), with phi the
projected gradient of one measure's loss, averaged over models. The projection is that of LoGra
(Choe et al. 2024, arXiv 2405.13954): the gradient of a linear layer is the outer product of what it
is given and what is asked of its output, and each of the two is projected by itself. With "output"
the gradient is that of the squared length of the logits instead (D-TRAK, Zheng et al. 2023,
arXiv 2311.00500).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from engine.common import atomic
from engine.errors import CannotWrite
from engine.latent.calibration import CalibratedCodec
from engine.latent.differentiable import Scores
from engine.latent.network import MeasureVAE
from engine.latent.shape import NAMED
from engine.latent.tokens import Floats, Ints, measured, relative
from engine.latent.training_recipe import TrainingRecipe

SIDE = 12
"""Each side of a layer is projected to so many numbers; 15 layers make 2,160 for a measure."""

RIDGE = 0.1
"""The ridge, as a share of the mean of the diagonal."""

CHUNK = 1024
RANDOM_ROWS = 1000
"""Training measures, drawn at random, that a candidate is compared with."""

CONFIRMED = 99.0
"""The percentile among them from which a candidate counts as confirmed by gradients."""

Of = Literal["loss", "output"]


class Gradients:
    """Projected gradients of one model, and what they say of its training measures.

    ``tokens`` [N, 24] are the training measures; ``digest`` names the model. The matrix of all
    training measures is kept in ``folder``, where one is given, as it takes a pass over them.
    """

    def __init__(
        self,
        network: MeasureVAE,
        codec: CalibratedCodec,
        recipe: TrainingRecipe,
        tokens: Ints,
        digest: str,
        *,
        of: Of = "loss",
        folder: Path | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._network, self._recipe, self._of = network, recipe, of
        self._scores = Scores(codec.tables)
        self._tokens = tokens
        self._place = folder / f"gradients-{digest[:16]}-{of}.safetensors" if folder else None
        self._on_progress = on_progress
        self._layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
        generator = torch.Generator().manual_seed(0)
        self._sides = [
            tuple(
                torch.randn(size, SIDE, generator=generator) / SIDE**0.5
                for size in (layer.in_features, layer.out_features)
            )
            for layer in self._layers
        ]
        self._known: dict[int, Tensor] = {}

    def score(self, tokens: Ints, rows: Sequence[int] | None = None) -> Floats:
        """Score training measures for absolute tokens [Q, 24]: [Q, R], the higher the nearer.

        ``rows`` are places among the training measures (all). The features of a row are made
        once.
        """
        asked = torch.cholesky_solve(self.features(tokens).T, self._factor).T
        if rows is None:
            parts = [asked @ part.T for part in self._passes()]
            return np.asarray(torch.cat(parts, 1).double().numpy())
        missing = [row for row in dict.fromkeys(rows) if row not in self._known]
        if missing:
            made = self.features(self._tokens[missing])
            self._known.update(zip(missing, made, strict=True))
        found = torch.stack([self._known[row] for row in rows])
        return np.asarray((asked @ found.T).double().numpy())

    def percentiles(self, tokens: Ints, others: Ints) -> Floats:
        """Return the share [Q, R], 0 to 100, of random training measures that others outdo.

        Both are absolute tokens, [Q, 24] and [R, 24].
        """
        count = min(RANDOM_ROWS, len(self._tokens))
        usual = np.random.default_rng(0).permutation(len(self._tokens))[:count].tolist()
        among = np.sort(self.score(tokens, usual), axis=1)
        asked = torch.cholesky_solve(self.features(tokens).T, self._factor).T
        found = (asked @ self.features(others).T).double().numpy()
        places = [np.searchsorted(a, f) for a, f in zip(among, found, strict=True)]
        return np.array(places, dtype=np.float64).reshape(len(tokens), len(others)) * 100 / count

    def features(self, tokens: Ints) -> Tensor:
        """Return the projected gradients [N, 2160] of absolute tokens [N, 24]."""
        parts = [
            self._projected(relative(tokens[at : at + CHUNK])[0])
            for at in range(0, len(tokens), CHUNK)
        ]
        return torch.cat(parts)

    def _passes(self) -> list[Tensor]:
        found = []
        for at in range(0, len(self._tokens), CHUNK):
            found.append(self.features(self._tokens[at : at + CHUNK]))
            self._on_progress(min(1.0, (at + CHUNK) / len(self._tokens)))
        return found

    @cached_property
    def _factor(self) -> Tensor:
        # The Cholesky factor of Phi^T Phi + ridge.
        size = len(self._layers) * SIDE**2
        if self._place is not None and (found := _read(self._place, size)) is not None:
            return found
        matrix = torch.zeros(size, size)
        for part in self._passes():
            matrix += part.T @ part
        matrix /= len(self._tokens)
        matrix += RIDGE * matrix.diagonal().mean() * torch.eye(size)
        factor: Tensor = torch.linalg.cholesky(matrix).contiguous()
        if self._place is not None:
            # Where it cannot be kept it is made again.
            with contextlib.suppress(CannotWrite):
                atomic.make_folder(self._place.parent)
                atomic.write(self._place, save_tensors({"factor": factor}))
        return factor

    def _projected(self, tokens: Ints) -> Tensor:
        given: list[Tensor] = []
        found: list[Tensor] = []

        def watch(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            given.append(inputs[0].detach())
            found.append(output)

        hooks = [layer.register_forward_hook(watch) for layer in self._layers]
        try:
            with torch.enable_grad():
                losses = self._losses(tokens)
        finally:
            for hook in hooks:
                hook.remove()
        asked = torch.autograd.grad(losses.sum(), found)
        parts = []
        # Layers are called in the order in which the network holds them.
        for inputs, gradient, (into, out) in zip(given, asked, self._sides, strict=True):
            outer = (gradient @ out)[:, :, None] * (inputs @ into)[:, None, :]
            parts.append(outer.flatten(1))
        return torch.cat(parts, 1)

    def _losses(self, tokens: Ints) -> Tensor:
        # Of each measure by itself, at its posterior's mean: without the noise of a draw.
        inputs = torch.from_numpy(tokens)
        posterior = self._network.encode(inputs)
        logits = self._network.decode(posterior.mean)
        if self._of == "output":
            return logits.state.square().sum((1, 2)) + logits.pitch.square().sum((1, 2))
        wanted = self._scores(torch.from_numpy(measured(tokens)).float()).clamp(-4, 4)
        off = (posterior.mean[:, :NAMED] - wanted).square().sum(1)
        return (
            logits.cross_entropy(inputs).mean(1)
            + self._recipe.divergence * posterior.divergence().sum(1)
            + self._recipe.normal * off
        )


def _read(place: Path, size: int) -> Tensor | None:
    try:
        factor = load_tensors(place.read_bytes())["factor"]
    except (OSError, SafetensorError, KeyError):
        return None
    fits = factor.dtype == torch.float32 and factor.shape == (size, size)
    return factor if fits and bool(factor.isfinite().all()) else None
