"""What an audio model is to the rest of the program, and who may push it while it generates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

Arm = Literal["none", "iti", "smitin", "closed-loop"]
ARMS: tuple[Arm, ...] = ("none", "iti", "smitin", "closed-loop")

Mode = Literal["off", "add", "remove"]
MODES: tuple[Mode, ...] = ("off", "add", "remove")

PARTS = ("drums", "bass", "guitar", "piano", "pad")
"""The parts of an accompaniment, beside the melody."""


@dataclass(frozen=True, slots=True)
class AudioSpec:
    """An audio model: its shapes and rates; ``digest`` names the weights its probes belong to.

    ``frame_rate`` is in steps a second, ``longest`` how many seconds it hears at once,
    ``text`` whether it takes a description.
    """

    name: str
    digest: str
    sample_rate: int
    frame_rate: float
    codebooks: int
    layers: int
    heads: int
    head_size: int
    longest: float
    text: bool = False


@dataclass(frozen=True, slots=True)
class TraitReading:
    """One trait at one step: the meter's ``confidence`` (0 to 1), and the gate on its push.

    ``gate`` is the share of the full push in force, negative where it removes; a law that
    pushes only every few steps keeps it between them, and ``pushed`` says whether it was
    given at this step.
    """

    confidence: float
    gate: float
    pushed: bool = False


class Steering(Protocol):
    """Who pushes a model while it generates: asked before each step, told after it."""

    def push(self, step: int) -> Tensor | None:
        """Gives what is added to the heads' outputs at the last position of step ``step``.

        Shape [layers, heads, head size], or None for an untouched step. Steps count from 0,
        the step that holds the prompt.
        """

    def read(self, step: int, outputs: Tensor) -> None:
        """Takes the heads' outputs at the last position, before the push was added.

        Shape [layers, heads, head size]; with guidance those of the conditional rows.
        """

    def readings(self) -> Mapping[str, TraitReading]:
        """Gives each trait as it was read last."""
