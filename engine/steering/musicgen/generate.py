"""Grows audio codes step by step, where each step can be read, pushed, waited on or the last."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import NotReady, OutOfRange
from engine.steering.musicgen.delayed_codes import DelayedCodes
from engine.steering.musicgen.devices import lay_out
from engine.steering.musicgen.heads import Branch
from engine.steering.musicgen.intervention import Steering
from engine.steering.musicgen.module_steps import decoder_of, steps_of
from engine.steering.musicgen.sampling import Sampler
from engine.steering.spec import LONGEST, AudioSpec, DecoderName, TraitReading

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor


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

    def working(self, mixed: bool = True) -> AbstractContextManager[None]:
        """Choose threads and precision inside, and tell of memory that runs out."""


@dataclass(frozen=True, slots=True)
class Request:
    """A piece to generate: ``frames`` in all, those of the ``prompt`` codes [K, T] included.

    ``temperature`` 0 takes the likeliest code always; ``top_k`` 0 chooses among all codes, and
    ``top_p`` among the likeliest that have this share of the chances between them (0: all).
    ``guidance`` is how much more than plainly the ``text`` is followed; without a text it does
    nothing. ``branch`` says which rows are pushed under guidance. A model of a kind that the
    ``decoder`` of our own does not know is left to audiocraft's modules.
    """

    frames: int
    prompt: Tensor | None = None
    seed: int = 0
    temperature: float = 0.9
    top_k: int = 60
    top_p: float = 0.0
    text: str | None = None
    guidance: float = 3.0
    branch: Branch = "both"
    decoder: DecoderName = "own"


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
    sampler = Sampler([request], device)
    windows = _windows(model, request)
    late = max(model.lm.pattern_provider.delays)
    total = sum(window.frames - window.heard + late for window in windows)
    base, number = request.prompt, 0
    for window in windows:
        begin = 0 if base is None else base.shape[-1]
        before = None if base is None else base[:, : begin - window.heard]
        heard = None if base is None else base[:, begin - window.heard :]
        part = replace(request, frames=window.frames, prompt=heard if window.heard else None)
        for (codes,) in grow(model, [part], [steering], sampler, number):
            whole = codes if before is None else torch.cat([before.to(codes.device), codes], dim=1)
            readings = {} if steering is None else steering.readings()
            yield GenerationStep(number, total, whole.shape[-1], whole, readings)
            number += 1
            base = whole


@dataclass(frozen=True, slots=True)
class _GeneratedWindow:
    """A stretch grown in one go: ``frames`` in all, of which ``heard`` were there before."""

    frames: int
    heard: int


def _windows(model: LanguageModel, request: Request) -> list[_GeneratedWindow]:
    longest = int(model.spec.longest * model.spec.frame_rate)
    there = 0 if request.prompt is None else request.prompt.shape[-1]
    found: list[_GeneratedWindow] = []
    while there < request.frames:
        # As much is heard as leaves room for what is wanted, and a quarter of the room at least:
        # the more often a small model goes on from what it made itself, the more it swells.
        left = request.frames - there
        heard = min(there, max(longest - left, longest // 4))
        frames = min(longest, heard + left)
        found.append(_GeneratedWindow(frames, heard))
        there += frames - heard
    return found


def grow(
    model: LanguageModel,
    requests: Sequence[Request],
    steerings: Sequence[Steering | None],
    sampler: Sampler,
    first: int = 0,
) -> Iterator[Tensor]:
    """Yield the codes [B, K, frames] that are complete after each step, of pieces side by side.

    All are of one length, prompts too, and at most as long as the model hears at once; the
    steerings are told steps that count from ``first``. Only a single piece has a description.
    """
    import torch

    lm, spec, request = model.lm, model.spec, requests[0]
    decoder = decoder_of(lm, request.decoder)
    device = next(iter(lm.parameters())).device
    delays: list[int] = lm.pattern_provider.delays
    nothing = torch.zeros((len(delays), 0), dtype=torch.long)
    prompts = torch.stack([nothing if r.prompt is None else r.prompt for r in requests])
    text = request.text if len(requests) == 1 else None
    with ExitStack() as stack:
        stack.enter_context(alone(lm))
        if device.type == "cpu":
            # Takes that the modules made before were made by columns.
            lay_out(lm, columns=decoder == "modules" or not spec.text)
        with model.working(mixed=decoder == "modules"):
            codes = DelayedCodes(delays, request.frames, prompts, lm.card, device)
            guided = text is not None and request.guidance != 1.0
            texts = (text, None) if guided else (text,) * len(requests)
            conditions = model.conditions(*texts)
            guided = guided and bool(conditions)
            ahead = lm.fuser.fuse2cond["prepend"] if conditions else ()
            length = codes.positions + sum(conditions[each][0].shape[1] for each in ahead)
            rows = len(requests) + guided
            read = any(steering is not None for steering in steerings)
            steps = stack.enter_context(
                steps_of(lm, spec.name, decoder, rows, length, conditions, read)
            )
            pushes = _Pushes(spec, rows, guided and request.branch == "both", lm)
        last = 0
        for position in range(codes.first, codes.positions):
            number = first + position - codes.first
            with model.working(mixed=decoder == "modules"):
                push = pushes.of(steerings, number)
                logits = steps.step(codes.fed[:, last:position], push)
                if read:
                    _tell(steerings, number, steps.heads, spec)
                if guided:
                    logits = logits[1:] + (logits[:1] - logits[1:]) * request.guidance
                codes.put(position, sampler(logits))
                last = position
                grown = codes.codes[:, :, : codes.complete(position)]
            yield grown


class _Pushes:
    """Makes the pushes of pieces one tensor [layers, rows, size], or None where none is given."""

    def __init__(self, spec: AudioSpec, rows: int, both: bool, lm: Any) -> None:
        weight = next(iter(lm.parameters()))
        self._shape = (spec.layers, spec.heads, spec.head_size)
        self._rows, self._both = rows, both
        self._device, self._kind = weight.device, weight.dtype

    def of(self, steerings: Sequence[Steering | None], step: int) -> Tensor | None:
        import torch

        asked = [None if each is None else each.push(step) for each in steerings]
        if all(push is None for push in asked):
            return None
        for push in asked:
            if push is not None and tuple(push.shape) != self._shape:
                raise ValueError(f"a push has shape {self._shape}, not {tuple(push.shape)}")
        # Of two rows under guidance the second is pushed like the first, or not at all.
        asked += (asked if self._both else [None])[: self._rows - len(asked)]
        none = torch.zeros((), device=self._device, dtype=self._kind).expand(self._shape)
        given = [none if p is None else p.to(self._device, self._kind) for p in asked]
        return (
            given[0].flatten(-2)[:, None] if len(given) == 1 else torch.stack(given, 1).flatten(-2)
        )


def _tell(steerings: Sequence[Steering | None], step: int, heads: Tensor, spec: AudioSpec) -> None:
    apart = heads.view(spec.layers, -1, spec.heads, spec.head_size)
    for row, steering in enumerate(steerings):
        if steering is not None:
            steering.read(step, apart[:, row])


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
    if not 0 <= request.top_p <= 1:
        raise OutOfRange("Top-p is a share.", "Use a number from 0 to 1.")
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
