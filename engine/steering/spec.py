"""What an audio model is to the rest of the program, and who may push it while it generates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    pass

Arm = Literal["none", "iti", "smitin", "closed-loop"]
ARMS: tuple[Arm, ...] = ("none", "iti", "smitin", "closed-loop")

Mode = Literal["off", "add", "remove"]
MODES: tuple[Mode, ...] = ("off", "add", "remove")

DecoderName = Literal["own", "modules"]
"""What makes a model's steps: the decoder of our own, or audiocraft's modules."""

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


SHORTEST = 0.5
"""The least that is added to a prompt, in seconds."""
