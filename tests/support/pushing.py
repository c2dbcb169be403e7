"""A steerer that pushes the same at every step, and the kinds of MusicGen that it pushes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from engine.steering.spec import TraitReading
from tests.support.checkpoints import ENTRIES

SHAPES: dict[str, dict[str, Any]] = {
    "custom": {},
    "fast": {"fast": True},
    "rotary": {"positional_embedding": "rope", "qk_layer_norm": True},
    "rotary fast": {"positional_embedding": "rope", "fast": True},
    "text": {"text": "lut", "fast": True},
    "repeated": {"kv_repeat": 2, "fast": True},
}


class Pusher:
    """Pushes the same at every step that ``when`` names, and keeps what it reads."""

    def __init__(self, push: torch.Tensor | None, every: int = 1) -> None:
        self.given, self.every = push, every
        self.read_at: dict[int, torch.Tensor] = {}

    def push(self, step: int) -> torch.Tensor | None:
        return self.given if step % self.every == 0 else None

    def read(self, step: int, outputs: torch.Tensor) -> None:
        self.read_at[step] = outputs.clone()

    def readings(self) -> Mapping[str, TraitReading]:
        return {"drums": TraitReading(len(self.read_at) / 100, 1.0)}


def prompt(frames: int = 12, seed: int = 1) -> torch.Tensor:
    return torch.randint(ENTRIES, (4, frames), generator=torch.Generator().manual_seed(seed))
