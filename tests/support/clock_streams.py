"""Streams of clock messages whose truth is known, and recorded ones whose tempo is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

PULSE, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"

STREAMS = Path(__file__).parent / "streams"
"""What jack_midi_clock sent to an independent client: seconds and bytes, a line each."""

Heard = list[tuple[float, bytes]]


def steady(tempo: float, beats: float, start: float = 0.0) -> list[float]:
    """Return the true times of pulses at one tempo."""
    return [start + n * 60 / tempo / 24 for n in range(round(beats * 24))]


def tempi(of: Callable[[float], float], beats: float) -> list[float]:
    """Return the true times of pulses whose tempo is a function of the beat."""
    times = [0.0]
    for n in range(round(beats * 24) - 1):
        times.append(times[-1] + 60 / of(n / 24) / 24)
    return times


def ramp(first: float, last: float, begin: float, end: float) -> Callable[[float], float]:
    """Return a tempo that goes evenly from one to another between two beats."""
    return lambda beat: first + (last - first) * min(max((beat - begin) / (end - begin), 0.0), 1.0)


def uniform(times: Iterable[float], most: float, seed: int = 1) -> list[float]:
    """Return when pulses arrive that are up to ``most`` seconds early or late."""
    draw = random.Random(seed)
    return sorted(time + draw.uniform(-most, most) for time in times)


def gaussian(times: Iterable[float], spread: float, seed: int = 1) -> list[float]:
    """Return when pulses arrive whose errors are normal."""
    draw = random.Random(seed)
    return sorted(time + draw.gauss(0.0, spread) for time in times)


def periods(times: Iterable[float], frames: int, rate: int = 48_000) -> list[float]:
    """Return when pulses arrive that a sound server hands on at the ends of its periods."""
    return [math.ceil(time * rate / frames) * frames / rate for time in times]


def without(times: Sequence[float], gaps: Iterable[tuple[int, int]]) -> list[tuple[int, float]]:
    """Return number and time of the pulses that are left when stretches of them are lost."""
    lost = {n for first, count in gaps for n in range(first, first + count)}
    return [(n, time) for n, time in enumerate(times) if n not in lost]


def recorded(name: str) -> Heard:
    """Read a recorded stream."""
    lines = (STREAMS / f"{name}.txt").read_text().splitlines()
    return [(float(at), bytes.fromhex(data)) for at, data in map(str.split, lines)]
