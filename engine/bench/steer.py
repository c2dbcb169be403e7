"""`armonica bench steer`: a second of audio, steered, metered and heard as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from engine.bench import Result
from engine.steering.control.settings import TraitSetting
from engine.steering.control.steerer import Steerer
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import open_model
from engine.steering.probes.store import find, shelf

SECONDS = 4.0
ROUNDS = 5
CHUNK = 0.5


def run() -> tuple[Result, ...]:
    """Time both in turn on one thread and compares the medians.

    Raises `BadModel` where the small model is not there.
    """
    torch.set_num_threads(1)
    model = open_model("tiny", device="cpu", threads=1)
    rate = model.spec.frame_rate
    frames = round(SECONDS * rate)
    probes = [find(each.card.name, model.spec) for each in shelf().of(model.spec)]

    def ours() -> None:
        settings = [TraitSetting(probe.card.name, "add") for probe in probes[:2]]
        steerer = Steerer(probes, settings, pace=rate)
        audio, decoded = model.growing(), 0
        for step in generate(model, Request(frames), steerer):
            last = step.number + 1 == step.total
            if last or step.frames - decoded >= CHUNK * rate:
                decoded = step.frames
                audio.add(step.codes, last)

    def other() -> None:
        with model.working():
            codes = model.lm.generate(
                None, [], num_samples=1, max_gen_len=frames, top_k=60, temp=0.9
            )
        model.decode(codes[0])

    times = [(_timed(ours), _timed(other)) for _ in range(ROUNDS)][1:]
    how = (
        f"seconds for a second of audio of the small model on one thread, of {SECONDS:g}; two "
        f"traits steered, {len(probes)} metered at every step, decoded as it grows; median of "
        f"{ROUNDS - 1} turns; the other is audiocraft's own loop, neither steered nor metered, "
        "decoded at the end"
    )
    ours_median, other_median = (median(each) / SECONDS for each in zip(*times, strict=True))
    return (Result("steer", ours_median, other_median, "s", how),)


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
