"""`armonica bench map`: a whole map from a new measure, against the published decoder's shape."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from engine.bench import Result
from engine.corpus.table import shipped
from engine.latent.attribute_map import surface
from engine.latent.evaluation.published_decoder import LATENT, ReferenceDecoder
from engine.latent.tokens import measured
from engine.latent.weights import load
from engine.locations import MEASURE_VAE

WIDTH, HEIGHT = 64, 24
ROUNDS = 7


def run() -> tuple[Result, ...]:
    """Time both in turn on one thread and compares the medians."""
    torch.set_num_threads(1)
    model, corpus = load(MEASURE_VAE), shipped()
    rows = iter(corpus.test())
    reference = ReferenceDecoder().eval()

    def ours() -> None:
        base = model.encode([corpus.measure(int(next(rows)))])[0]
        surface(model, base, 0, 2, "note_density", WIDTH, HEIGHT)

    def other() -> None:
        with torch.inference_mode():
            measured(reference(torch.randn(WIDTH * HEIGHT, LATENT)).numpy())

    times = [(_timed(ours), _timed(other)) for _ in range(ROUNDS)][1:]
    how = (
        f"one map of {WIDTH}x{HEIGHT} cells with attributes, from a measure not seen before; "
        f"median of {ROUNDS - 1} turns, one thread; the other decodes as many codes in one batch "
        "with the published shape (two GRU layers of 512 at each of two levels, latent 256)"
    )
    return (Result("map", median(a for a, _ in times), median(b for _, b in times), "s", how),)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
