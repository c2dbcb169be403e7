"""Makes a piece heard while it grows: its settled sound, in pieces that join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from engine.steering.spec import AudioSpec

CONTEXT = 0.5
"""Seconds decoded before a piece, so that it begins as if it had not been cut."""

SETTLE = 0.15
"""Seconds at the end that are not given yet: codecs look ahead, and later codes change them."""

BLEND = 0.02
"""Seconds over which a piece fades into the next."""


class Growing(Protocol):
    """The sound of codes [K, T] that become longer, each sample once."""

    @property
    def frames(self) -> int:
        """How many frames were given as sound."""

    def add(self, codes: Tensor, last: bool = False) -> Tensor:
        """Return the samples that are settled and were not given yet, perhaps none.

        ``codes`` [K, T] are all frames that are complete; with ``last`` nothing is held back.
        """


class Decoder(Protocol):
    """What is asked of a model."""

    @property
    def spec(self) -> AudioSpec:
        """The model's shapes and rates."""

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return the wave of codes: [K, T] -> [samples]; a ``sketch`` may be rougher."""


class GrowingAudio:
    """A `Growing` for any codec, by decoding anew what lies around a piece.

    Every piece is decoded with `CONTEXT` seconds of what came before, ends `SETTLE` seconds
    before the codes do, and fades over `BLEND` seconds from what the last decoding made of the
    same place. The pieces end to end differ from the whole decoded at once only where a codec
    looks further than that, or sketches; what is kept as a file is decoded at once.
    """

    def __init__(self, model: Decoder, begin: int = 0) -> None:
        """Begin at frame ``begin``, behind a prompt that need not be heard again."""
        spec = model.spec
        self._model = model
        self._hop = spec.sample_rate / spec.frame_rate
        self._context = round(CONTEXT * spec.frame_rate)
        self._settle = max(1, round(SETTLE * spec.frame_rate))
        self._blend = round(BLEND * spec.sample_rate)
        self._done = begin
        self._tail: Tensor | None = None

    @property
    def frames(self) -> int:
        """How many frames were given as sound."""
        return self._done

    def add(self, codes: Tensor, last: bool = False) -> Tensor:
        """Return the samples that are settled and were not given yet, perhaps none.

        ``codes`` [K, T] are all frames that are complete; with ``last`` nothing is held back.
        """
        import torch

        frames = codes.shape[-1]
        end = frames if last else frames - self._settle
        if end <= self._done:
            return torch.zeros(0)
        start = max(0, self._done - self._context)
        wave = self._model.decode(codes[:, start:frames], sketch=True)
        origin = round(start * self._hop)
        at, to = round(self._done * self._hop) - origin, round(end * self._hop) - origin
        piece = wave[at:to].clone()
        if self._tail is not None:
            width = min(len(self._tail), len(piece))
            fade = torch.linspace(0.0, 1.0, width + 2)[1:-1]
            piece[:width] = self._tail[:width] * (1 - fade) + piece[:width] * fade
        self._tail = wave[to : to + self._blend].clone()
        self._done = end
        return piece
