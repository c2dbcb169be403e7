"""What a language model makes of a sound: the mean of a middle layer's state, in few directions."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

    from engine.steering.musicgen.model import AudioModel

DIRECTIONS = 32
"""Directions that are kept, those in which training clips differ most."""

_FULL = 3.5
"""Deviations that fill a byte."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HiddenStateSpace:
    """The directions in which states are compared, each scaled to deviation 1 among clips.

    ``mean`` is [size], ``directions`` [size, 32].
    """

    mean: Floats
    directions: Floats

    def project(self, states: Floats) -> Floats:
        """Return states [..., size] in the space, [..., 32]."""
        return np.asarray((states - self.mean) @ self.directions, np.float32)


def fit(states: Floats) -> HiddenStateSpace:
    """Return the space of states [clips, size]: principal components, whitened."""
    mean = states.mean(axis=0)
    _, deviations, rows = np.linalg.svd(states - mean, full_matrices=False)
    kept = min(DIRECTIONS, int((deviations > 1e-4 * max(deviations[0], 1e-12)).sum()))
    scaled = rows[:kept].T * (np.sqrt(len(states)) / deviations[:kept])
    directions = np.zeros((states.shape[1], DIRECTIONS))
    directions[:, :kept] = scaled
    return HiddenStateSpace(mean.astype(np.float32), directions.astype(np.float32))


def kept(projected: Floats) -> npt.NDArray[np.int8]:
    """Return projected states as bytes."""
    return np.clip(np.round(projected * (127 / _FULL)), -127, 127).astype(np.int8)


class HiddenIndex:
    """The states of clips, int8 [clips, 32], ready to be compared."""

    def __init__(self, states: npt.NDArray[np.int8]) -> None:
        self._directions = _unit(states.astype(np.float32))

    def similar(self, projected: Floats) -> Floats:
        """Return the cosine with every clip, [clips], of a projected state [32]; 0 below 0."""
        found: Floats = np.maximum(self._directions @ _unit(projected), 0)
        return found


def middle(layers: int) -> int:
    """Return the layer, from 0, that is read of a model with so many."""
    return layers // 2


def states(model: AudioModel, codes: Tensor) -> Floats:
    """Return the mean states [B, size] that codes [B, codebooks, frames] reach in the middle.

    No layer above is computed.
    """

    from engine.steering.musicgen.heads import delayed

    layer = model.lm.transformer.layers[middle(model.spec.layers)]
    found: list[Tensor] = []

    def read(_: Any, __: Any, given: Tensor) -> None:
        found.append(given)
        raise _Reached

    hook = layer.register_forward_hook(read)
    try:
        with model.working():
            conditions = model.conditions(*[None] * len(codes))
            fed = delayed(model.lm, codes.to(model.device))
            with contextlib.suppress(_Reached):
                model.lm(fed, [], condition_tensors=conditions)
            # From the end, because some conditions are put in front of the sequence.
            mean = found[0][:, -codes.shape[-1] :].float().mean(dim=1).cpu()
    finally:
        hook.remove()
    return np.asarray(mean.numpy(), dtype=np.float32)


def ears(model: AudioModel) -> str:
    """Return a name for what turns sound into codes: sixteen hexadecimal digits.

    A decoder that is trained further while its codes stay leaves it as it is.
    """
    import torch

    found = hashlib.sha256()
    state = model.codec.state_dict()
    for name in sorted(state):
        first, last = name.split(".")[0], name.rpartition(".")[2]
        if first in _SPEAKING or last in _TRAINING:
            continue
        tensor = state[name].detach().cpu().contiguous()
        found.update(f"{name} {tuple(tensor.shape)}\n".encode())
        found.update(memoryview(tensor.reshape(-1).view(torch.uint8).numpy()))
    return found.hexdigest()[:16]


_SPEAKING = ("decoder", "from_latent", "out")
_TRAINING = ("sums", "uses")


class _Reached(Exception):
    """Ends a pass where all is known that is asked for."""


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: Floats = vectors / np.maximum(length, np.float32(1e-6))
    return found
