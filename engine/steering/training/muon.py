"""Muon: momentum whose matrices are made orthogonal before they are taken as a step.

Torch's own does the same in bfloat16 always, which takes ten times as long as the rest of a
training step on processors that do not have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from engine.steering.training.loop import has_bfloat16

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) for matrices [rows, columns]; steps are of ``lr`` in size.

    A matrix with more rows than columns takes steps larger by the root of their ratio.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Take one step along the gradients."""
        del closure
        dtype = torch.bfloat16 if has_bfloat16() else torch.float32
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                step = orthogonal(self._moment(parameter, group["momentum"]), dtype)
                rows, columns = parameter.shape
                size = group["lr"] * max(1.0, rows / columns) ** 0.5
                parameter.mul_(1 - group["lr"] * group["decay"]).sub_(step, alpha=size)

    def _moment(self, parameter: Tensor, momentum: float) -> Tensor:
        # Nesterov's: the gradient looks ahead along the momentum it is added to.
        state = self.state[parameter]
        if "moment" not in state:
            state["moment"] = torch.zeros_like(parameter)
        gradient = parameter.grad
        assert gradient is not None
        moment: Tensor = state["moment"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(moment, momentum)


def orthogonal(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a matrix [rows, columns] with singular values near 1 and the same directions.

    Five rounds of a quintic Newton-Schulz iteration, in ``dtype``, bring them to between .7
    and 1.2.
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.t() if tall else matrix
    x = (x / torch.linalg.matrix_norm(x).clamp_min(1e-7)).to(dtype)
    for _ in range(_ROUNDS):
        squared = x @ x.t()
        x = torch.addmm(x, torch.addmm(squared, squared, squared, beta=b, alpha=c), x, beta=a)
    x = x.to(matrix.dtype)
    return x.t() if tall else x
