"""Musical sense of probabilities: the rhythms and the key of what a decoder would make."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.latent.plausibility import BEATS, MAJOR, PATTERNS, POSITIONS, RARE
from engine.latent.tokens import SPAN, Floats


class SensePenalty:
    """The two measures of sense of `engine.latent.plausibility`, as penalties to train on."""

    def __init__(self, surprise: Floats) -> None:
        self._patterns = torch.as_tensor(PATTERNS, dtype=torch.bool)
        self._excess = torch.as_tensor((surprise - RARE).clip(min=0), dtype=torch.float32)
        self._classes = torch.eye(12).repeat(SPAN // 12 + 1, 1)[:SPAN]
        self._major = torch.as_tensor(MAJOR, dtype=torch.float32)

    def rhythm(self, onset: Tensor) -> Tensor:
        """Return the expected excess surprise of the beats, summed [B], of onsets [B, 24]."""
        beats = onset.view(-1, BEATS, 1, POSITIONS)
        likely = torch.where(self._patterns, beats, 1 - beats).prod(-1)
        return (likely @ self._excess).sum(1)

    def key(self, onset: Tensor, pitch: Tensor) -> Tensor:
        """Return the share of notes outside the best major collection [B].

        A measure without notes counts as wholly outside: a decoder must not hide in silence.
        """
        counts = ((onset[..., None] * pitch) @ self._classes).sum(1)
        total = counts.sum(1).clamp(min=1)
        return 1 - (counts @ self._major.T).amax(1) / total
