"""Grows audio codes step by step, where each step can be read, pushed, waited on or the last."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import NotReady, OutOfRange
from engine.steering.musicgen.fast_attention import quick_steps
from engine.steering.musicgen.heads import Branch, Heads
from engine.steering.musicgen.intervention import Steering
from engine.steering.spec import AudioSpec, TraitReading

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor


LONGEST = 300.0
"""The longest piece in seconds, the prompt included."""


class LanguageModel(Protocol):
    """What generation asks of a model."""

    @property
    def spec(self) -> AudioSpec:
        """The model's shapes and rates."""

    @property
    def lm(self) -> Any:
        """The language model, audiocraft's ``LMModel``."""

    def conditions(self, *texts: str | None) -> dict[str, Any]:
        """Return the condition tensors of one row for each text; None is no description."""

    def working(self) -> AbstractContextManager[None]:
        """Choose threads and precision inside, and tell of memory that runs out."""


@dataclass(frozen=True, slots=True)
class Request:
    """A piece to generate: ``frames`` in all, those of the ``prompt`` codes [K, T] included.

    ``temperature`` 0 takes the likeliest code always; ``top_k`` 0 chooses among all codes.
    ``guidance`` is how much more than plainly the ``text`` is followed; without a text it does
    nothing. ``branch`` says which rows are pushed under guidance.
    """

    frames: int
    prompt: Tensor | None = None
    seed: int = 0
    temperature: float = 0.9
    top_k: int = 60
    text: str | None = None
    guidance: float = 3.0
    branch: Branch = "both"


@dataclass(frozen=True, slots=True)
class GenerationStep:
    """One step: ``number`` of ``total``, counted from 0, and what there is after it.

    ``frames`` of ``codes`` [K, frames] are complete, the prompt's among them: with codebooks
    delayed by one step each, a frame is complete K - 1 steps after its first code.
    """

    number: int
    total: int
    frames: int
    codes: Tensor
    readings: Mapping[str, TraitReading] = field(default_factory=dict)


def generate(
    model: LanguageModel, request: Request, steering: Steering | None = None
) -> Generator[GenerationStep, None, None]:
    """Yield each step as it is done; the last one's codes are the whole piece.

    Whoever stops asking has cancelled, who asks later has paused; the codes of the steps given
    stay good. The same request gives the same codes bit for bit on the same machine. With a
    description and guidance two rows are run, the described one first, and the heads of that
    one are read. A piece longer than the model hears at once slides: it goes on from the
    last quarter of what was heard, as often as needed.

    Raises `OutOfRange` where the request cannot be met, `NotReady` where the model generates
    already, and `ModelTooBig` where memory runs out.
    """
    import torch

    check(model, request)
    device = next(iter(model.lm.parameters())).device
    chance = torch.Generator(device).manual_seed(request.seed)
    windows = _windows(model, request)
    late = max(model.lm.pattern_provider.delays)
    total = sum(window.frames - window.heard + late for window in windows)
    base, number = request.prompt, 0
    for window in windows:
        begin = 0 if base is None else base.shape[-1]
        before = None if base is None else base[:, : begin - window.heard]
        heard = None if base is None else base[:, begin - window.heard :]
        part = replace(request, frames=window.frames, prompt=heard if window.heard else None)
        for codes in _grow(model, part, steering, chance, number):
            whole = codes if before is None else torch.cat([before.to(codes.device), codes], dim=1)
            readings = {} if steering is None else steering.readings()
            yield GenerationStep(number, total, whole.shape[-1], whole, readings)
            number += 1
            base = whole


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch grown in one go: ``frames`` in all, of which ``heard`` were there before."""

    frames: int
    heard: int


def _windows(model: LanguageModel, request: Request) -> list[_Window]:
    longest = int(model.spec.longest * model.spec.frame_rate)
    there = 0 if request.prompt is None else request.prompt.shape[-1]
    found: list[_Window] = []
    while there < request.frames:
        # As much is heard as leaves room for what is wanted, and a quarter of the room at least:
        # the more often a small model goes on from what it made itself, the more it swells.
        left = request.frames - there
        heard = min(there, max(longest - left, longest // 4))
        frames = min(longest, heard + left)
        found.append(_Window(frames, heard))
        there += frames - heard
    return found


def _grow(
    model: LanguageModel, request: Request, steering: Steering | None, chance: Any, first: int
) -> Iterator[Tensor]:
    """Yield the codes [K, frames] that are complete after each step; steps count from ``first``."""
    import torch

    lm = model.lm
    begin = 0 if request.prompt is None else request.prompt.shape[-1]
    delays: list[int] = lm.pattern_provider.delays
    total = request.frames + max(delays) - begin
    device = next(iter(lm.parameters())).device
    columns, unknown = fed(lm, request, device)
    guided = request.text is not None and request.guidance != 1.0
    with ExitStack() as stack:
        stack.enter_context(alone(lm))
        with model.working():
            texts = (request.text, None) if guided else (request.text,)
            conditions = model.conditions(*texts)
        guided = guided and bool(conditions)
        prefix = sum(
            conditions[each][0].shape[1] for each in lm.fuser.fuse2cond["prepend"] if conditions
        )
        stack.enter_context(quick_steps(lm, prefix + begin + 1 + total))
        stack.enter_context(lm.streaming())
        heads = None
        if steering is not None:
            heads = stack.enter_context(Heads(lm, model.spec.name, request.branch))
        rows = 2 if guided else 1
        last = 0
        for number in range(total):
            now = begin + 1 + number
            with model.working():
                if heads is not None and steering is not None:
                    heads.begin(steering.push(first + number), rows=1 if guided else None)
                column = columns[None, :, last:now].expand(rows, -1, -1)
                logits = lm(column, [], condition_tensors=conditions)[:, :, -1].float()
                if heads is not None and steering is not None:
                    steering.read(first + number, heads.outputs()[:, 0])
                chosen = logits[0]
                if guided:
                    chosen = logits[1] + (logits[0] - logits[1]) * request.guidance
                # Inside the prompt and outside the piece there is nothing to choose.
                best = picked(chosen, request, chance)
                columns[:, now] = best.where(unknown[:, now], columns[:, now])
                last = now
                done = min(request.frames, max(begin, now - max(delays)))
                rows_of = zip(columns, delays, strict=True)
                codes = torch.stack([row[1 + late : 1 + late + done] for row, late in rows_of])
            yield codes


def fed(lm: Any, request: Request, device: Any) -> tuple[Tensor, Tensor]:
    """Return what the model is fed [K, positions], and where that is still to be chosen.

    Codebook k is later by its delay, and what is unknown yet holds the special token.
    """
    import torch

    delays = lm.pattern_provider.delays
    begin = 0 if request.prompt is None else request.prompt.shape[-1]
    shape = (len(delays), 1 + request.frames + max(delays))
    columns = torch.full(shape, lm.special_token_id, dtype=torch.long, device=device)
    unknown = torch.zeros(shape, dtype=torch.bool, device=device)
    for book, delay in enumerate(delays):
        if request.prompt is not None:
            columns[book, 1 + delay : 1 + delay + begin] = request.prompt[book].to(device)
        unknown[book, 1 + delay + begin : 1 + delay + request.frames] = True
    return columns, unknown


def check(model: LanguageModel, request: Request) -> None:
    """Raise `OutOfRange` where a request cannot be met by the model."""
    begin = 0 if request.prompt is None else request.prompt.shape[-1]
    rate = model.spec.frame_rate
    if not begin < request.frames <= LONGEST * rate:
        raise OutOfRange(
            f"{request.frames / rate:.1f} seconds were asked for, {begin / rate:.1f} of them "
            f"given, and a piece lasts at most {LONGEST:.0f}.",
            "Ask for a length between the two.",
        )
    if not 0 <= request.temperature < math.inf or request.top_k < 0:
        raise OutOfRange("Temperature and top-k are not negative.", "Use 0.9 and 60.")
    if request.prompt is not None and (
        request.prompt.shape[0] != model.spec.codebooks
        or not 0 <= int(request.prompt.min()) <= int(request.prompt.max()) < model.lm.card
    ):
        raise OutOfRange(
            f"The prompt's codes are not those of {model.spec.name}.",
            "Encode the audio with the model that continues it.",
        )


@contextmanager
def alone(lm: Any) -> Iterator[None]:
    """Raise `NotReady` where the model generates already.

    A streaming model holds one past; a second piece would be written into it.
    """
    if lm._is_streaming:
        raise NotReady("This model is generating already.", "Cancel that, or wait for its end.")
    yield


def picked(logits: Tensor, request: Request, chance: Any) -> Tensor:
    """Choose one code for each codebook: [K, entries] -> [K]."""
    import torch

    if request.temperature == 0 or request.top_k == 1:
        return logits.argmax(dim=-1)
    among = min(request.top_k or logits.shape[-1], logits.shape[-1])
    best, which = logits.topk(among, dim=-1)
    probabilities = torch.softmax(best / request.temperature, dim=-1)
    picked = torch.multinomial(probabilities, 1, generator=chance)
    return which.gather(-1, picked)[:, 0]
