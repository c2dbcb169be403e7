"""Steps by audiocraft's own modules: for kinds of models that the decoder does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from engine.steering.musicgen.decoder import OwnSteps
from engine.steering.musicgen.decoder_weights import unknown_kind
from engine.steering.musicgen.fast_attention import quick_steps
from engine.steering.musicgen.heads import Heads
from engine.steering.spec import DecoderName

if TYPE_CHECKING:
    from torch import Tensor


class DecoderSteps(Protocol):
    """One generation, step after step."""

    heads: Tensor
    """What the last step read at its last position [layers, rows, size], before the push."""

    def step(self, fed: Tensor, push: Tensor | None = None) -> Tensor:
        """Return the logits [rows, K, codes] behind what is fed: [rows or 1, positions, K].

        ``push`` [layers, rows, size] is added to the heads at the last position.
        """


class ModuleSteps:
    """Steps that audiocraft's modules make; ``heads`` reads them, None does not."""

    def __init__(self, lm: Any, rows: int, conditions: dict[str, Any], heads: Heads | None) -> None:
        import torch

        self._lm, self._rows, self._conditions, self._reader = lm, rows, conditions, heads
        device = next(iter(lm.parameters())).device
        self._offsets = torch.arange(lm.n_q, device=device) * (lm.card + 1)
        self.heads = torch.zeros(0)

    def step(self, fed: Tensor, push: Tensor | None = None) -> Tensor:
        """Return the logits [rows, K, codes] behind what is fed: [rows or 1, positions, K]."""
        column = (fed - self._offsets).transpose(1, 2).expand(self._rows, -1, -1)
        if self._reader is not None:
            if push is not None:
                push = push.transpose(0, 1).view(self._rows, *self._reader.shape)
            self._reader.begin(push)
        logits: Tensor = self._lm(column, [], condition_tensors=self._conditions)[:, :, -1].float()
        if self._reader is not None:
            self.heads = self._reader.outputs().flatten(-2)
        return logits


def decoder_of(lm: Any, asked: DecoderName = "own") -> DecoderName:
    """Return what makes the steps of a language model, where ``asked`` would be wished."""
    return "own" if asked == "own" and unknown_kind(lm) is None else "modules"


@contextmanager
def steps_of(
    lm: Any,
    name: str,
    decoder: DecoderName,
    rows: int,
    length: int,
    conditions: dict[str, Any],
    read: bool,
) -> Iterator[DecoderSteps]:
    """Give the steps of one generation of up to ``length`` positions.

    With ``read`` the heads are read and can be pushed; ``name`` is the model's, for messages.
    Raises `BadModel` where they cannot be reached.
    """
    with ExitStack() as stack:
        if decoder == "own":
            # Nothing streams in it; it tells others that the model is at work.
            stack.enter_context(lm.streaming())
            yield OwnSteps(lm, rows, length, conditions)
            return
        stack.enter_context(quick_steps(lm, length))
        stack.enter_context(lm.streaming())
        heads = stack.enter_context(Heads(lm, name)) if read else None
        yield ModuleSteps(lm, rows, conditions, heads)
