"""`armonica bench decode`: a step of our decoder beside audiocraft's loop, at MusicGen's shapes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median

import torch

from engine.bench import Result
from engine.bench.random_musicgen import SHAPES, TEXT, RandomMusicGen
from engine.steering.control.captured_step import CapturedStep
from engine.steering.musicgen.devices import choose_device
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.memory import free_memory
from engine.steering.musicgen.model import AudioModel, open_model

TURNS = 3
LIMIT = 240.0
"""Seconds after which no further model is begun, so that all ends within six minutes."""

_Model = AudioModel | RandomMusicGen


@dataclass(frozen=True, slots=True)
class DecodeTiming:
    """How one model is measured: ``layers`` of it on ``device``, ``steps`` at a time."""

    name: str
    model: _Model
    device: str
    steps: int

    @property
    def text(self) -> str | None:
        """A description, where the model takes one."""
        return "drums" if self.model.spec.text else None


def run(device: str | None = None) -> tuple[Result, ...]:
    """Measure the shipped model, then random weights in the shapes of small, medium and large.

    On a processor one thread is used, and of medium and large four layers. Raises `OutOfRange`
    where the device is not there.
    """
    chosen = choose_device(device or "cpu")
    on_gpu = chosen.startswith("cuda")
    if not on_gpu:
        torch.set_num_threads(1)
    began = time.monotonic()
    found = list(_figures(DecodeTiming("tiny", open_model("tiny", chosen, 1), chosen, 100)))
    for name, (size, layers, heads) in SHAPES.items():
        if time.monotonic() - began > LIMIT:
            break
        kept = layers if on_gpu or name == "small" else 4
        weights = 14 * size * size * kept + 2 * size * 4 * 2049
        free = free_memory(chosen)
        if free is not None and weights * (2 if on_gpu else 4) > 0.7 * free:
            continue
        made = RandomMusicGen(name, size, kept, heads, chosen)
        told = name if kept == layers else f"{name} ({kept} of {layers} layers)"
        found += _figures(DecodeTiming(told, made, chosen, 50 if on_gpu else 8))
        del made
        if on_gpu:
            torch.cuda.empty_cache()
    return tuple(found)


def _figures(measure: DecodeTiming) -> Iterator[Result]:
    runs: dict[str, Callable[[], float]] = {"": lambda: _ours(measure)}
    others: dict[str, Callable[[], float]] = {"": lambda: _audiocraft(measure)}
    if measure.device.startswith("cuda"):
        replayed = captured(measure)
        runs |= {
            ", captured": lambda: replayed(False),
            ", captured and played": lambda: replayed(True),
        }
    missing = ""
    if measure.text is not None:
        try:
            others["transformers"] = _transformers(measure)
        except ImportError as error:
            missing = f"; transformers' MusicGen cannot be imported here ({error.name})"
    every = runs | {f"other {name}": timed for name, timed in others.items()}
    for timed in every.values():
        timed()
    times = [{name: timed() for name, timed in every.items()} for _ in range(TURNS)]
    rows = "two rows under guidance" if measure.text else "one row"
    where = (
        f"on {torch.cuda.get_device_name()}"
        if measure.device.startswith("cuda")
        else "seconds of one thread of the processor"
    )
    for name in runs:
        how = f"a step with sampling, {rows}, {where}; median of {TURNS} turns; the other is "
        if "played" in name:
            how = f"with a push that changes and readings fetched at every step; {how}"
        yield _result(
            f"{measure.name}{name}", times, name, "other ", f"{how}audiocraft's own loop{missing}"
        )
    if "transformers" in others:
        how = f"a step, {rows}, {where}; median of {TURNS} turns; the other is transformers' "
        how += "MusicGen with its growing past, the pass alone, nothing drawn"
        yield _result(f"{measure.name}, transformers", times, "", "other transformers", how)


def _result(name: str, times: list[dict[str, float]], ours: str, other: str, how: str) -> Result:
    mine, theirs = (median(each[key] * 1e3 for each in times) for key in (ours, other))
    return Result(name, mine, theirs, "ms", how)


def _now(device: str) -> float:
    # Another process on the same core must not count; a GPU has only the clock on the wall.
    if not device.startswith("cuda"):
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def _ours(measure: DecodeTiming) -> float:
    steps = generate(measure.model, Request(measure.steps, text=measure.text, top_k=250))
    # What is made once for a piece is not a step.
    next(steps)
    began = _now(measure.device)
    count = sum(1 for _ in steps)
    return (_now(measure.device) - began) / count


def _audiocraft(measure: DecodeTiming) -> float:
    from audiocraft.modules.conditioners import ConditioningAttributes

    described = [ConditioningAttributes(text={"description": measure.text})]
    times: list[float] = []
    working: AbstractContextManager[None] = measure.model.working()
    with working:
        measure.model.lm.generate(
            None,
            described if measure.text else [],
            max_gen_len=measure.steps,
            top_k=250,
            temp=0.9,
            cfg_coef=3.0,
            callback=lambda *_: times.append(_now(measure.device)),
        )
    return (times[-1] - times[0]) / (len(times) - 1)


def captured(measure: DecodeTiming) -> Callable[[bool], float]:
    """Return what times a captured step, alone or with what an instrument does at every step."""
    model = measure.model
    with model.working(mixed=False):
        conditions = model.conditions(*(("drums", None) if measure.text else ()))
        step = CapturedStep(model.lm, 30 * 50, conditions, rows=2 if measure.text else 1, top_k=250)
        step.draw(0)
        step.capture()
        pushes = [torch.randn_like(step.push) * 0.1, torch.zeros_like(step.push)]

    def timed(played: bool) -> float:
        with model.working(mixed=False):
            step.position.zero_()
            began = _now(measure.device)
            for number in range(measure.steps):
                if played:
                    step.push.copy_(pushes[number % 2])
                step.step()
                if played:
                    step.heads[:, 0].float().mean().item()
            return (_now(measure.device) - began) / measure.steps

    return timed


def _transformers(measure: DecodeTiming) -> Callable[[], float]:
    from transformers import MusicgenDecoderConfig
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache
    from transformers.models.musicgen.modeling_musicgen import MusicgenForCausalLM

    spec, lm = measure.model.spec, measure.model.lm
    config = MusicgenDecoderConfig(
        vocab_size=lm.card,
        max_position_embeddings=2048,
        num_hidden_layers=spec.layers,
        ffn_dim=4 * lm.dim,
        num_attention_heads=spec.heads,
        hidden_size=lm.dim,
        num_codebooks=lm.n_q,
    )
    config._attn_implementation = "sdpa"
    weight = next(iter(lm.parameters()))
    with torch.device("meta"):
        model = MusicgenForCausalLM(config)
    model = model.to_empty(device=measure.device).to(weight.dtype).eval()
    told = torch.randn(2, TEXT, lm.dim, device=measure.device, dtype=weight.dtype)
    heard = torch.ones(2, TEXT, device=measure.device, dtype=torch.long)
    fed = torch.zeros(2 * lm.n_q, 1, device=measure.device, dtype=torch.long)

    def timed() -> float:
        past = EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
        with torch.inference_mode():
            began = _now(measure.device)
            for _ in range(measure.steps):
                model(
                    input_ids=fed,
                    encoder_hidden_states=told,
                    encoder_attention_mask=heard,
                    past_key_values=past,
                    use_cache=True,
                )
            return (_now(measure.device) - began) / measure.steps

    return timed
