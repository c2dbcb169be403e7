"""The meters: how sure the monitor heads of each probe are of its trait, step by step."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal, get_args

import torch
from torch import Tensor

from engine.errors import UnknownName
from engine.steering.probes.probe import Probe

Aggregate = Literal["median", "mean"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


class Meters:
    """Reads probes on the heads' outputs, each over as many steps as it was fitted to.

    The confidence is the median (or mean) of the monitor heads' probabilities. A probe of a
    window reads the mean of the outputs of the last ``window`` steps, of those there are.
    """

    def __init__(self, probes: Sequence[Probe], aggregate: Aggregate = "median") -> None:
        if aggregate not in AGGREGATES:
            raise UnknownName("way to sum up heads", aggregate, AGGREGATES)
        self._aggregate = aggregate
        windows: dict[int, list[Probe]] = {}
        for probe in probes:
            windows.setdefault(probe.card.window, []).append(probe)
        self._windows = [_Window(window, found) for window, found in windows.items()]

    def read(self, step: int, outputs: Tensor) -> Mapping[str, float]:
        """Return the confidences after step ``step`` by trait, but of those that are no numbers.

        ``outputs`` [layers, heads, head size], on any device. A step that is not after the
        last one read begins anew.
        """
        found: dict[str, float] = {}
        flat = outputs.flatten(0, 1)
        for window in self._windows:
            scores = window.scores(step, flat)
            for name, heads in window.heads.items():
                own = scores[heads]
                if all(map(math.isfinite, own)):
                    found[name] = self._summed(own)
                else:
                    window.forget()
        return found

    def _summed(self, scores: list[float]) -> float:
        if self._aggregate == "mean":
            return fmean(map(_sigmoid, scores))
        # The order of probabilities is that of the scores.
        scores.sort()
        middle = len(scores) // 2
        if len(scores) % 2:
            return _sigmoid(scores[middle])
        return (_sigmoid(scores[middle - 1]) + _sigmoid(scores[middle])) / 2


class _Window:
    """The monitor heads of all probes that read over so many steps, as one product."""

    def __init__(self, window: int, probes: Sequence[Probe]) -> None:
        self._window = window
        chosen, weights, intercepts = [], [], []
        self.heads: dict[str, slice] = {}
        begin = 0
        for probe in probes:
            heads = probe.top(probe.card.monitor_heads)
            chosen.append(heads)
            weights.append(probe.weights.flatten(0, 1)[heads])
            intercepts.append(probe.intercepts.flatten()[heads])
            self.heads[probe.card.name] = slice(begin, begin + len(heads))
            begin += len(heads)
        self._heads, self._weights = torch.cat(chosen), torch.cat(weights)
        self._intercepts = torch.cat(intercepts)
        self._kept: deque[tuple[int, Tensor]] = deque()
        self._sum = torch.zeros(())

    def forget(self) -> None:
        self._kept.clear()

    def scores(self, step: int, outputs: Tensor) -> list[float]:
        if self._weights.device != outputs.device:
            self._weights = self._weights.to(outputs.device)
            self._intercepts = self._intercepts.to(outputs.device)
            self._heads = self._heads.to(outputs.device)
            self._kept.clear()
        now = outputs.index_select(0, self._heads).float()
        mean = now if self._window == 1 else self._mean(step, now)
        # A few numbers are summed up faster outside torch, and leave a GPU in one piece.
        found: list[float] = ((mean * self._weights).sum(-1) + self._intercepts).tolist()
        return found

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
