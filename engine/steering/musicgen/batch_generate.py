"""Grows many pieces side by side, each with a steering of its own: a step costs little more."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from engine.errors import OutOfRange
from engine.steering.musicgen.fast_attention import quick_steps
from engine.steering.musicgen.generate import (
    LanguageModel,
    Request,
    alone,
    check,
    fed,
    picked,
)
from engine.steering.musicgen.heads import Heads
from engine.steering.musicgen.intervention import Steering

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
    import torch

    for request in requests:
        check(model, request)
    lengths = {(r.frames, 0 if r.prompt is None else r.prompt.shape[-1]) for r in requests}
    if len(lengths) != 1 or len(steerings) != len(requests):
        raise OutOfRange("Pieces that grow side by side are of one length, each steered.")
    ((frames, begin),) = lengths
    if frames > int(model.spec.longest * model.spec.frame_rate):
        raise OutOfRange(f"{model.spec.name} hears {model.spec.longest:g} seconds at once.")
    lm, rows = model.lm, len(requests)
    device = next(iter(lm.parameters())).device
    delays: list[int] = lm.pattern_provider.delays
    total = frames + max(delays) - begin
    chances = [torch.Generator(device).manual_seed(request.seed) for request in requests]
    started = [fed(lm, request, device) for request in requests]
    columns, unknown = (torch.stack(each) for each in zip(*started, strict=True))
    none = torch.zeros(model.spec.layers, model.spec.heads, model.spec.head_size, device=device)
    with ExitStack() as stack:
        stack.enter_context(alone(lm))
        with model.working():
            conditions = model.conditions(*[None] * rows)
        stack.enter_context(quick_steps(lm, begin + 1 + total))
        stack.enter_context(lm.streaming())
        heads = stack.enter_context(Heads(lm, model.spec.name))
        last = 0
        for number in range(total):
            now = begin + 1 + number
            with model.working():
                pushes = [steering.push(number) for steering in steerings]
                pushed = any(push is not None for push in pushes)
                each = [none if push is None else push.to(device) for push in pushes]
                heads.begin(torch.stack(each) if pushed else None)
                logits = lm(columns[:, :, last:now], [], condition_tensors=conditions)[:, :, -1]
                read = heads.outputs()
                for row, steering in enumerate(steerings):
                    steering.read(number, read[:, row])
                for row, request in enumerate(requests):
                    chosen = picked(logits[row].float(), request, chances[row])
                    known = columns[row, :, now]
                    columns[row, :, now] = chosen.where(unknown[row, :, now], known)
            last = now
    found = [columns[:, at, 1 + late : 1 + late + frames] for at, late in enumerate(delays)]
    return torch.stack(found, dim=1)
