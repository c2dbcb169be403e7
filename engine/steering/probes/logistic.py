"""Logistic regression on all heads at once."""

from __future__ import annotations

import torch
from torch import Tensor

_AT_ONCE = 2**24
"""How many numbers of the features are worked on at a time: 64 MiB of them."""

_ITERATIONS, _HALVINGS = 30, 12
_CLOSE = 1e-4


def logistic(features: Tensor, labels: Tensor, ridge: float = 1.0) -> tuple[Tensor, Tensor]:
    """Fit one logistic probe per head; both classes weigh the same, however many they are.

    ``features`` [examples, heads, size] float32, ``labels`` [examples] bool with both values.
    Gives weights [heads, size] and intercepts [heads], on the scale of the features.
    ``ridge`` is the L2 penalty on the weights of standardised features, beside the sum of the
    examples' losses; above 0.
    """
    count, heads, size = features.shape
    chunk = max(1, _AT_ONCE // (count * (size + 1)))
    parts = [
        _fitted(features[:, start : start + chunk], labels, ridge)
        for start in range(0, heads, chunk)
    ]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def _fitted(features: Tensor, labels: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    count, heads, size = features.shape
    middle = features.mean(0)
    spread = features.std(0, unbiased=False)
    # A number that never changes tells nothing; it must not blow up rounding either.
    spread = torch.where(spread > 1e-6 * (middle.abs() + 1e-6), spread, torch.inf)
    x = torch.empty(heads, count, size + 1)
    x[..., :size] = ((features - middle) / spread).transpose(0, 1)
    x[..., size] = 1.0
    y = labels.float()
    share = y.mean()
    weight = torch.where(labels, 0.5 / share, 0.5 / (1 - share))
    penalty = torch.full((size + 1,), float(ridge))
    penalty[size] = 1e-4  # Enough to keep the equations solvable where classes part cleanly.

    def loss(w: Tensor, z: Tensor) -> Tensor:
        fit = (weight * (torch.nn.functional.softplus(z) - y * z)).sum(-1)
        return fit + 0.5 * (penalty * w * w).sum(-1)

    w = torch.zeros(heads, size + 1)
    z = torch.zeros(heads, count)
    here = loss(w, z)
    for _ in range(_ITERATIONS):
        p = torch.sigmoid(z)
        gradient = torch.einsum("hn,hnd->hd", weight * (p - y), x) + penalty * w
        curve = (x * (weight * p * (1 - p))[..., None]).transpose(1, 2) @ x
        curve.diagonal(dim1=1, dim2=2).add_(penalty)
        factor = torch.linalg.cholesky(curve)
        step = torch.cholesky_solve(gradient[..., None], factor)[..., 0]
        if bool(((gradient * step).sum(-1) < _CLOSE * (here + 1)).all()):
            break
        change = torch.einsum("hnd,hd->hn", x, step)
        # Newton's step may be too long far from the end; each head halves its own.
        length = torch.ones(heads)
        for _ in range(_HALVINGS):
            tried = loss(w - length[:, None] * step, z - length[:, None] * change)
            worse = tried > here
            if not bool(worse.any()):
                break
            length = torch.where(worse, length / 2, length)
        length = torch.where(tried > here, 0.0, length)
        w = w - length[:, None] * step
        z = z - length[:, None] * change
        here = torch.minimum(tried, here)
    weights = w[:, :size] / spread
    return weights, w[:, size] - (weights * middle).sum(-1)
