"""The network of the measure VAE without torch: codes of measures, and measures of codes.

It computes what `engine.latent.network` does with the same weights, and nothing that training
needs; see there for the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.latent.shape import LOGVARS, NAMED, NAMED_LOGVAR, Shape
from engine.latent.tokens import SPAN, TICKS, Floats, Ints

Singles = npt.NDArray[np.float32]
Part = TypeVar("Part", Ints, Floats)

EPSILON = np.float32(1e-5)
"""What is added to a variance, as torch does."""

AT_ONCE = 256
"""How many rows go through at a time: their numbers stay in the processor's cache."""

MANY = 128
"""From so many rows on it pays to compute pitches tick by tick, for the rows that need them."""

ONSET = 2
"""The state of a tick at which a note starts, after hold and rest."""


class ForwardPass:
    """The network as a function, in single precision; ``parameters`` are its weights by name.

    Raises `ValueError` where they are not those of ``shape``.
    """

    def __init__(self, shape: Shape, parameters: Mapping[str, npt.NDArray[np.floating]]) -> None:
        wanted = shape.parameters()
        if {name: array.shape for name, array in parameters.items()} != wanted:
            raise ValueError("the weights are not those of a network of this shape")
        self.shape = shape
        self.parameters: dict[str, Singles] = {
            name: np.ascontiguousarray(parameters[name], np.float32) for name in wanted
        }

    def encode(self, tokens: Ints) -> tuple[Singles, Singles]:
        """Return mean and log-variance [N, 31] of the posteriors of relative tokens [N, 24]."""
        found = np.concatenate([self._posterior(part) for part in _parts(tokens)])
        mean, logvar = np.split(found, 2, axis=1)
        logvar[:, :NAMED] = NAMED_LOGVAR
        return mean, np.clip(logvar, *LOGVARS)

    def decode(self, codes: Floats) -> Ints:
        """Return the most probable relative tokens [N, 24] at codes [N, 31]."""
        return np.concatenate([self._tokens(self._decoded(part)) for part in _parts(codes)])

    def logits(self, codes: Floats) -> tuple[Singles, Singles]:
        """Return the logits at codes [N, 31]: of states [N, 24, 3], of pitches [N, 24, 30]."""
        hidden = np.concatenate([self._decoded(part) for part in _parts(codes)])
        state, pitch = self._linear("state", hidden), self._linear("pitch", hidden)
        return state.reshape(-1, TICKS, 3), pitch.reshape(-1, TICKS, SPAN)

    def _posterior(self, tokens: Ints) -> Singles:
        embedded = self.parameters["embed.weight"][tokens]
        hidden = self._linear("encoder_in", embedded.reshape(len(tokens), -1))
        for at in range(self.shape.encoder_blocks):
            hidden = self._block(f"encoder.{at}", hidden)
        return self._linear("posterior", _silu(self._norm("encoder_norm", hidden)))

    def _decoded(self, codes: Floats) -> Singles:
        code = codes.astype(np.float32)
        hidden = self._linear("decoder_in", code)
        for at in range(self.shape.decoder_blocks):
            hidden = self._block(f"decoder.{at}", hidden, code[:, :NAMED])
        return self._norm("decoder_norm", hidden)

    def _tokens(self, hidden: Singles) -> Ints:
        logits = self._linear("state", hidden).reshape(-1, TICKS, 3)
        onset = (logits[:, :, ONSET] > logits[:, :, 0]) & (logits[:, :, ONSET] > logits[:, :, 1])
        state = (logits[:, :, 1] > logits[:, :, 0]).astype(np.int64)
        if len(hidden) < MANY:
            pitch = self._linear("pitch", hidden).reshape(-1, TICKS, SPAN)[onset]
            state[onset] = pitch.argmax(axis=1) + ONSET
            return state
        weight = self.parameters["pitch.weight"].reshape(TICKS, SPAN, -1)
        bias = self.parameters["pitch.bias"].reshape(TICKS, SPAN)
        # Two ticks in three begin no note, and need no pitch.
        for tick in range(TICKS):
            rows = np.flatnonzero(onset[:, tick])
            if len(rows):
                found = hidden[rows] @ weight[tick].T
                found += bias[tick]
                state[rows, tick] = found.argmax(axis=1) + ONSET
        return state

    def _block(self, name: str, given: Singles, condition: Singles | None = None) -> Singles:
        hidden = self._norm(f"{name}.norm", given)
        if condition is not None:
            scale, shift = np.split(self._linear(f"{name}.film", condition), 2, axis=1)
            scale += 1
            hidden *= scale
            hidden += shift
        changed = self._linear(f"{name}.second", _silu(self._linear(f"{name}.first", hidden)))
        changed += given
        return changed

    def _linear(self, name: str, given: Singles) -> Singles:
        found: Singles = given @ self.parameters[f"{name}.weight"].T
        found += self.parameters[f"{name}.bias"]
        return found

    def _norm(self, name: str, given: Singles) -> Singles:
        found: Singles = given - given.mean(axis=1, keepdims=True)
        variance = np.einsum("nw,nw->n", found, found) / np.float32(given.shape[1])
        found *= (1 / np.sqrt(variance + EPSILON))[:, None]
        found *= self.parameters[f"{name}.weight"]
        found += self.parameters[f"{name}.bias"]
        return found


def _silu(given: Singles) -> Singles:
    # What is far below nought comes to nought: one over infinity.
    with np.errstate(over="ignore"):
        below = np.exp(-given)
    below += 1
    return np.divide(given, below, out=below)


def _parts(rows: Part) -> list[Part]:
    return [rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)]
