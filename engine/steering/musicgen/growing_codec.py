"""The sound of the small MusicGen's codes while they grow: nothing settled is decoded again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional

from engine.steering.musicgen.growing_phases import GrowingPhases

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

    from engine.steering.musicgen.codec import SpectralCodec

SETTLE = 4
"""Token frames at the end that are not given yet: later codes change them by more than a little."""

CONTEXT = 13
"""Token frames that the decoder looks back over: where it begins anew, it begins so far before."""

_REACH = 3
"""Frames to each side that a block looks over."""

_AFTER = 4
"""Spectral frames behind the last sample that still sound in it."""


class SpectralModel(Protocol):
    """What is asked of a model."""

    @property
    def codec(self) -> SpectralCodec:
        """Its codec."""

    def working(self, mixed: bool = True) -> AbstractContextManager[None]:
        """Choose threads and precision inside, and tell of memory that runs out."""


class GrowingSpectra:
    """A `Growing` for a spectral codec.

    The decoder's blocks keep the frames before what is new, and phases go on from those that
    were given, so pieces join of themselves. What is held back is `SETTLE` frames.
    """

    def __init__(self, model: SpectralModel, begin: int = 0) -> None:
        """Begin at frame ``begin``, behind a prompt that need not be heard again."""
        codec = model.codec
        self._model, self._codec, self._per_frame = model, codec, codec.shape.subframes
        self._done = begin
        self._first = self._decoded = max(0, begin - CONTEXT)
        device = codec.out.weight.device
        self._phases = GrowingPhases(device)
        width, latent = codec.shape.width, codec.shape.latent
        self._latents = torch.zeros(1, latent, 1, device=device)
        self._before = [torch.zeros(1, width, _REACH, device=device) for _ in codec.decoder]
        self._spectral = 0

    @property
    def frames(self) -> int:
        """How many frames were given as sound."""
        return self._done

    def add(self, codes: Tensor, last: bool = False) -> Tensor:
        """Return the samples that are settled and were not given yet, perhaps none."""
        frames = codes.shape[-1]
        end = frames if last else frames - SETTLE
        if end <= self._done:
            return torch.zeros(0)
        with self._model.working(mixed=False):
            found = self._sounded(codes, end, last).cpu()
        return found.clone()

    def _sounded(self, codes: Tensor, end: int, last: bool) -> Tensor:
        each, first = self._per_frame, self._decoded
        spectra = self._decoded_spectra(codes[:, first:], end - first)
        # What was settled already of the frames behind the last end.
        begun = self._spectral - (first - self._first) * each
        to = (end - self._first) * each
        if last:
            spectra = torch.cat([spectra, spectra[-1:].expand(_AFTER, -1)])
        settled = to + _AFTER - self._spectral
        wave = self._phases.add(spectra[begun:], settled, to)
        self._spectral += settled
        given = wave[max(0, self._done - first) * self._codec.shape.hop :]
        self._decoded = self._done = end
        return given

    def _decoded_spectra(self, codes: Tensor, keep: int) -> Tensor:
        """Return magnitudes [frames, 513] of codes [K, frames]; ``keep`` frames are settled."""
        codec = self._codec
        latents = codec.decode_latent(codes[None].to(self._latents.device))
        whole = functional.pad(torch.cat([self._latents, latents], dim=2), (0, 1))
        x = functional.conv1d(whole, codec.from_latent.weight, codec.from_latent.bias)
        self._latents = whole[:, :, keep : keep + 1].clone()
        for number, before in enumerate(self._before):
            wide = torch.cat([before, x], dim=2)
            self._before[number] = wide[:, :, keep : keep + _REACH].clone()
            x = codec.block_behind(number, wide)
        return codec.spectra(x)[0].t().exp()
