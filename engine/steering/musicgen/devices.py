"""The device a model runs on, and how many threads are fastest for it there."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Any

from engine.common import atomic
from engine.errors import CannotWrite, OutOfRange
from engine.locations import state_folder

SMALL = 30_000_000
"""Weights below which one thread is fastest: a step is over before two have met."""

MEASURED = "threads.json"


def choose_device(asked: str | None) -> str:
    """Return the device that was asked for, or the best there is; raises `OutOfRange`."""
    import torch

    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = asked.split(":")[0]
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not torch.cuda.is_available()):
        raise OutOfRange(f"There is no device {asked!r} here.", "Use cpu, or leave it out.")
    return asked


def choose_threads(lm: Any, digest: str, device: str) -> int:
    """Return the number of threads with which a model's step is fastest.

    Small models take one. Others are measured when they are first loaded, which takes a few
    steps, and the figure is kept for this model and number of processors.
    """
    # Beside a device the processor only hands over work.
    if device != "cpu" or sum(each.numel() for each in lm.parameters()) < SMALL:
        return 1
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    key = f"{digest} {processors}"
    path = state_folder() / MEASURED
    known: dict[str, int] = {}
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text())
        if isinstance(found, dict):
            known = {str(k): n for k, n in found.items() if isinstance(n, int) and 0 < n <= 256}
    if key in known:
        return known[key]
    tried = sorted({1, max(1, processors // 2), processors})
    best = min(tried, key=lambda threads: _seconds(lm, threads)) if len(tried) > 1 else 1
    # A figure that cannot be kept is measured again.
    with suppress(CannotWrite):
        atomic.make_folder(path.parent)
        atomic.write(path, json.dumps(known | {key: best}, indent=1).encode())
    return best


def lay_out(lm: Any, columns: bool = True) -> None:
    """Lay a language model's matrices out in memory as a processor reads them fastest.

    Shapes and values stay. With one row at a time a matrix that widens is read twice as fast by
    ``columns``, one that narrows by rows; with the two rows of guidance all are read faster by
    rows. It goes by shape and not by measuring, because the order of additions depends on it,
    and the same seed must give the same piece.
    """
    wide = lm.transformer.layers[0].linear1.weight
    if (wide.stride(0) == 1) == columns:
        return
    for matrix in lm.parameters():
        if matrix.dim() == 2 and matrix.shape[0] >= matrix.shape[1]:
            laid = matrix.data.t().contiguous().t() if columns else matrix.data.contiguous()
            matrix.data = laid


def _seconds(lm: Any, threads: int) -> float:
    import torch

    before = torch.get_num_threads()
    layer = lm.transformer.layers[0]
    x = torch.zeros(1, 1, lm.dim)
    # A sixth of a second's work at the most, and the best of it: others may be busy.
    times = []
    try:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            for _ in range(12):
                began = time.perf_counter()
                layer.linear2(layer.linear1(layer.norm1(x)))
                lm.linears[0](x)
                times.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
    return sorted(times)[len(times) // 4]
