"""The meter: how sure a probe's monitor heads are of its trait, step by step."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median
from typing import Literal, get_args

import torch
from torch import Tensor

from engine.errors import UnknownName
from engine.steering.probes.probe import Probe

Aggregate = Literal["median", "mean"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


class ProbeMeter:
    """Reads one probe on the heads' outputs, over as many steps as the probe was fitted to.

    The confidence is the median (or mean) of the monitor heads' probabilities. A probe of a
    window reads the mean of the outputs of the last ``window`` steps, of those there are.
    """

    def __init__(self, probe: Probe, aggregate: Aggregate = "median") -> None:
        if aggregate not in AGGREGATES:
            raise UnknownName("way to sum up heads", aggregate, AGGREGATES)
        self._aggregate = aggregate
        self._window = probe.card.window
        self._heads = probe.top(probe.card.monitor_heads)
        self._weights = probe.weights.flatten(0, 1)[self._heads]
        self._intercepts = probe.intercepts.flatten()[self._heads]
        self._kept: deque[tuple[int, Tensor]] = deque()
        self._sum = torch.zeros(())

    def read(self, step: int, outputs: Tensor) -> float | None:
        """Return the confidence after step ``step``, None where the outputs are no numbers.

        ``outputs`` [layers, heads, head size], on any device. A step that is not after the
        last one read begins anew.
        """
        if self._weights.device != outputs.device:
            self._weights = self._weights.to(outputs.device)
            self._intercepts = self._intercepts.to(outputs.device)
            self._heads = self._heads.to(outputs.device)
            self._kept.clear()
        now = outputs.flatten(0, 1)[self._heads].float()
        mean = now if self._window == 1 else self._mean(step, now)
        # A few numbers are summed up faster outside torch, and leave a GPU in one piece.
        scores = ((mean * self._weights).sum(-1) + self._intercepts).tolist()
        if not all(map(math.isfinite, scores)):
            self._kept.clear()
            return None
        chances = [_sigmoid(score) for score in scores]
        return fmean(chances) if self._aggregate == "mean" else median(chances)

    def _mean(self, step: int, now: Tensor) -> Tensor:
        kept = self._kept
        if kept and step <= kept[-1][0]:
            kept.clear()
        if not kept:
            self._sum = torch.zeros_like(now, dtype=torch.float32)
        kept.append((step, now))
        self._sum = self._sum + now
        while kept[0][0] <= step - self._window:
            self._sum = self._sum - kept.popleft()[1]
        return self._sum / len(kept)


def _sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-max(score, -700.0)))
