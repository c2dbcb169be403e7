"""Who may push a model while it generates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from engine.steering.spec import TraitReading

if TYPE_CHECKING:
    from torch import Tensor


class Steering(Protocol):
    """Who pushes a model while it generates: asked before each step, told after it."""

    def push(self, step: int) -> Tensor | None:
        """Return what is added to the heads' outputs at the last position of step ``step``.

        Shape [layers, heads, head size], or None for an untouched step. Steps count from 0,
        the step that holds the prompt.
        """

    def read(self, step: int, outputs: Tensor) -> None:
        """Take the heads' outputs at the last position, before the push was added.

        Shape [layers, heads, head size]; with guidance those of the conditional rows.
        """

    def readings(self) -> Mapping[str, TraitReading]:
        """Return each trait as it was read last."""
