"""The four attributes as exact multilinear functions of token probabilities.

With o_t the probability of an onset at tick t and q_t(v) that of relative pitch v, each
function equals the attribute's definition where all probabilities are 0 or 1, and its gradient
there is the change of the attribute when one token flips. So the decoder can be trained to obey
its gauges with no attribute network in between.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.latent.network import Logits
from engine.latent.tokens import SPAN, TICKS, WEIGHTS, Floats
from engine.music.attributes import RANGE_SCALE


def straight_through(logits: Logits) -> tuple[Tensor, Tensor]:
    """Return onsets [B, 24] and pitches [B, 24, 30] of the decoded tokens, as 0 and 1.

    Their gradients are those of the softmax probabilities.
    """
    return _harden(logits.state)[..., 2], _harden(logits.pitch)


def _harden(logits: Tensor) -> Tensor:
    soft = logits.softmax(-1)
    hard = torch.zeros_like(soft).scatter_(-1, logits.argmax(-1, keepdim=True), 1.0)
    return hard + soft - soft.detach()


def attributes(onset: Tensor, pitch: Tensor) -> Tensor:
    """Return the four attributes [B, 4] of onsets [B, 24] and pitches [B, 24, 30]."""
    weights = torch.as_tensor(WEIGHTS, dtype=onset.dtype, device=onset.device)
    complexity = onset @ weights / weights.sum()
    count = onset.sum(1)
    return torch.stack(
        [
            complexity,
            _range(onset, pitch) / RANGE_SCALE,
            count / TICKS,
            _jumps(onset, pitch) / (count - 1).clamp(min=1),
        ],
        dim=1,
    )


def _range(onset: Tensor, pitch: Tensor) -> Tensor:
    # E[max] = sum over v of P(some note above v); E[min] likewise, of measures with a note.
    below = pitch.cumsum(-1)
    sounding = onset[..., None]
    none_above = (1 - sounding * (1 - below)).prod(1)
    none_below = (1 - sounding * below).prod(1)
    none = (1 - onset).prod(1, keepdim=True)
    return (1 - none_above).sum(-1) - (none_below - none).sum(-1)


def _jumps(onset: Tensor, pitch: Tensor) -> Tensor:
    # The last sounded pitch is a distribution that each tick's onset replaces.
    places = torch.arange(SPAN, dtype=pitch.dtype, device=pitch.device)
    distance = (places[:, None] - places[None, :]).abs()
    reach = pitch @ distance
    last = torch.zeros_like(pitch[:, 0])
    total = torch.zeros_like(onset[:, 0])
    for now, (o, p) in enumerate(zip(onset.unbind(1), pitch.unbind(1), strict=True)):
        if now:
            total = total + o * (reach[:, now] * last).sum(-1)
        last = last + o[:, None] * (p - last)
    return total


class Scores:
    """Normal scores of attributes, differentiable and going on straight beyond the knots."""

    def __init__(self, tables: list[Floats]) -> None:
        self._tables = [torch.as_tensor(table.T.copy(), dtype=torch.float32) for table in tables]

    def __call__(self, values: Tensor) -> Tensor:
        """Map attributes [B, 4] to normal scores [B, 4]."""
        columns = []
        for table, column in zip(self._tables, values.unbind(1), strict=True):
            scores, knots = table
            at = torch.searchsorted(knots, column.detach().contiguous()).clamp(1, len(knots) - 1)
            slope = (scores[at] - scores[at - 1]) / (knots[at] - knots[at - 1])
            columns.append(scores[at - 1] + (column - knots[at - 1]) * slope)
        return torch.stack(columns, dim=1)
