"""Speed, measured beside something else within one run: ratios travel, seconds do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

BENCHES = {
    "decode": "engine.bench.decode",
    "start": "engine.bench.start",
    "latency": "engine.bench.latency",
    "jitter": "engine.bench.jitter",
    "map": "engine.bench.map",
    "remote": "engine.bench.remote",
    "screen": "engine.bench.screen",
    "search": "engine.bench.search",
    "steer": "engine.bench.steer",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One figure of ours, the same figure of the named other, and ``ratio`` = ours / other."""

    name: str
    ours: float
    other: float
    unit: str
    how: str

    @property
    def ratio(self) -> float:
        """Ours over the other's; below 1 is smaller."""
        return self.ours / self.other if self.other else float("inf")


ON_DEVICES = ("decode",)
"""Benches that can be run on another device than the processor."""


def measure(what: str, device: str | None = None) -> tuple[Result, ...]:
    """Run one bench of `BENCHES`, on a device where it is one of `ON_DEVICES`.

    Raises `NotReady` or `OutOfRange` where the machine lacks what it needs.
    """
    run: Callable[..., tuple[Result, ...]] = import_module(BENCHES[what]).run
    return run() if device is None else run(device)
