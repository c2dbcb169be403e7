"""Grows many pieces side by side, each with a steering of its own: a step costs little more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import OutOfRange
from engine.steering.musicgen.generate import LanguageModel, Request, check, grow
from engine.steering.musicgen.intervention import Steering
from engine.steering.musicgen.sampling import Sampler

if TYPE_CHECKING:
    from torch import Tensor


def generate_many(
    model: LanguageModel, requests: Sequence[Request], steerings: Sequence[Steering]
) -> Tensor:
    """Return the codes [B, K, frames] of pieces of one length, each as `generate` would grow it.

    They are the same up to rounding: a product of many rows may round otherwise than that of
    one, and where two codes are as likely as each other the pieces part ways. Descriptions
    have no effect. Raises `OutOfRange` where the pieces or their prompts differ in length, or
    are longer than the model hears at once, and what `generate` raises.
    """
    for request in requests:
        check(model, request)
    lengths = {(r.frames, 0 if r.prompt is None else r.prompt.shape[-1]) for r in requests}
    if len(lengths) != 1 or len(steerings) != len(requests):
        raise OutOfRange("Pieces that grow side by side are of one length, each steered.")
    ((frames, _),) = lengths
    if frames > int(model.spec.longest * model.spec.frame_rate):
        raise OutOfRange(f"{model.spec.name} hears {model.spec.longest:g} seconds at once.")
    sampler = Sampler(requests, next(iter(model.lm.parameters())).device)
    *_, codes = grow(model, requests, steerings, sampler)
    return codes.clone()
