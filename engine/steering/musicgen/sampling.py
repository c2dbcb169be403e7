"""Draws codes from logits: the likeliest, or one of the likely by its chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import torch

from engine.errors import BadModel

if TYPE_CHECKING:
    from torch import Tensor


class Drawn(Protocol):
    """What is asked of a request."""

    @property
    def seed(self) -> int:
        """What chance begins with."""

    @property
    def temperature(self) -> float:
        """How evenly is drawn; 0 takes the likeliest."""

    @property
    def top_k(self) -> int:
        """How many codes there are to draw from; 0 is all."""

    @property
    def top_p(self) -> float:
        """The share of the chances from which is drawn, the likeliest first; 0 is all."""


class Sampler:
    """Draws the codes of pieces side by side, each by a chance of its own.

    A seed draws the same as `torch.multinomial` would with a generator of that seed.
    """

    def __init__(self, requests: Sequence[Drawn], device: Any) -> None:
        self._requests = tuple(requests)
        self._chances = [torch.Generator(device).manual_seed(request.seed) for request in requests]
        kinds: dict[tuple[float, int, float], list[int]] = {}
        for row, each in enumerate(requests):
            kinds.setdefault((each.temperature, each.top_k, each.top_p), []).append(row)
        self._kinds = kinds

    def __call__(self, logits: Tensor) -> Tensor:
        """Return a code for each codebook: [B, K, codes] -> [B, K].

        Raises `BadModel` where the logits are no numbers.
        """
        if len(self._kinds) == 1:
            ((kind, rows),) = self._kinds.items()
            return self._drawn(logits, *kind, rows)
        found = torch.empty(logits.shape[:2], dtype=torch.long, device=logits.device)
        for kind, rows in self._kinds.items():
            found[rows] = self._drawn(logits[rows], *kind, rows)
        return found

    def _drawn(
        self, logits: Tensor, temperature: float, top_k: int, top_p: float, rows: Sequence[int]
    ) -> Tensor:
        size = logits.shape[-1]
        greedy = temperature == 0 or top_k == 1
        best, which = logits.topk(1 if greedy else min(top_k or size, size), dim=-1)
        # What is no number counts as the highest.
        if not math.isfinite(best[..., 0].sum().item()):
            raise BadModel(
                "The model gives no numbers: its weights are damaged, or too large for it.",
                "Fetch it again, or choose another model.",
            )
        if greedy:
            return which[..., 0]
        chances = torch.softmax(best / temperature, dim=-1)
        if top_p:
            # The first one is always among them.
            chances = chances * (chances.cumsum(dim=-1) - chances <= top_p)
        noise = torch.empty_like(chances)
        for row, own in zip(rows, noise, strict=True):
            own.exponential_(generator=self._chances[row])
        return which.gather(-1, (chances / noise).argmax(dim=-1, keepdim=True))[..., 0]
