"""Muon: momentum whose matrices are made orthogonal before they are taken as a step.

Torch's own does the same in half precision, which takes ten times as long on many processors
as the rest of a training step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

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
        """Takes one step along the gradients; matrices of one shape are worked on together."""
        del closure
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for shape, parameters in alike.items():
                moved = [self._moment(each, group["momentum"]) for each in parameters]
                steps = orthogonal(torch.stack(moved))
                size = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, step in zip(parameters, steps, strict=True):
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


def orthogonal(matrices: Tensor) -> Tensor:
    """Gives matrices [N, rows, columns] with singular values near 1 and the same directions.

    Five rounds of a quintic Newton-Schulz iteration bring them to between .7 and 1.2.
    """
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x: Tensor = matrices.transpose(1, 2) if tall else matrices
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp_min(1e-7)
    for _ in range(_ROUNDS):
        squared = x @ x.transpose(1, 2)
        x = a * x + (b * squared + c * squared @ squared) @ x
    return x.transpose(1, 2) if tall else x
