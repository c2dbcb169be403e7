"""Measures in a row as the arrays that the phrase model reads, a step for each event.

The measures may stand in any order: each says which one it is. So what is asked for comes last,
and what stands after it in the song comes before it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.music.grid import Grid
from engine.music.scales import Key
from engine.phrase.events import BAR, END, HEAD, METRES, MODES, Events, metre, mode

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAST_INDEX = 63
"""The highest index that a measure is told by; those after it are told as it."""

NO_INDEX = LAST_INDEX + 1
LAST_TO_END = 16
NO_END = LAST_TO_END + 1
BAR_TICK, HEAD_TICK = 24, 25
GAUGES = 5
"""The values that a measure can be asked for: its four attributes in normal scores, and its lowest
pitch as `lowest_told` says it."""

NOTHING_ASKED: tuple[float | None, ...] = (None,) * GAUGES


@dataclass(frozen=True, slots=True)
class About:
    """What the model is told of a whole sequence: tonic, mode and metre, each by its number."""

    tonic: int = 12
    mode: int = len(MODES)
    metre: int = len(METRES)

    @classmethod
    def of(cls, key: Key, grid: Grid) -> About:
        """Tell a key and a metre; raises `OutOfRange` for a metre that is not in the books."""
        return cls(key.tonic, mode(key), metre(grid))


@dataclass(frozen=True, slots=True)
class Seen:
    """A measure in a sequence: which it is, and its events.

    ``index`` counts measures from 0; ``told`` is False where the model is not to know it.
    ``to_end`` is how many measures follow in the tune, None where that is not told. ``asked``
    are the values of `GAUGES` that are told, None for each that is not.
    """

    index: int
    events: Events
    told: bool = True
    to_end: int | None = None
    asked: tuple[float | None, ...] = NOTHING_ASKED


@dataclass(frozen=True, eq=False, slots=True)
class NoteSteps:
    """A sequence, a step for its head, for each bar line and for each event: int64 [T].

    ``pitch`` to ``to_end`` are what a step is; ``next_tick`` and ``next_pitch`` are the event
    after it, -1 where there is none. ``asked`` is float32 [T, 10]: values, and which are told.
    """

    pitch: Ints
    tick: Ints
    measure: Ints
    shown: Ints
    count: Ints
    to_end: Ints
    tonic: Ints
    mode: Ints
    metre: Ints
    next_tick: Ints
    next_pitch: Ints
    asked: npt.NDArray[np.float32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.pitch)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def part(self, begin: int, end: int) -> NoteSteps:
        """Return the steps from ``begin`` to before ``end``."""
        return NoteSteps(**{name: array[begin:end] for name, array in self.arrays().items()})


def head(about: About, first: int) -> NoteSteps:
    """Return the step before a sequence whose first measure has the index ``first``."""
    return _steps(about, [(HEAD, HEAD_TICK, first, NO_INDEX, 0, NO_END, -1, -1)], [NOTHING_ASKED])


def steps(about: About, measures: Sequence[Seen], *, headed: bool = True) -> NoteSteps:
    """Return the steps of measures in their order, after a head where ``headed``."""
    rows: list[tuple[int, ...]] = []
    asked: list[tuple[float | None, ...]] = []
    if headed:
        first = measures[0].index if measures else 0
        rows.append((HEAD, HEAD_TICK, first, NO_INDEX, 0, NO_END, -1, -1))
        asked.append(NOTHING_ASKED)
    for seen in measures:
        shown = min(seen.index, LAST_INDEX) if seen.told else NO_INDEX
        left = NO_END if seen.to_end is None else min(seen.to_end, LAST_TO_END)
        here = ((BAR_TICK, BAR), *seen.events)
        after = (*seen.events, (END, -1))
        for count, ((tick, what), (then, follows)) in enumerate(zip(here, after, strict=True)):
            rows.append((what, tick, seen.index, shown, count, left, then, follows))
            asked.append(seen.asked)
    return _steps(about, rows, asked)


def _steps(
    about: About, rows: Sequence[tuple[int, ...]], asked: Sequence[tuple[float | None, ...]]
) -> NoteSteps:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 8).T
    pitch, tick, measure, shown, count, to_end, next_tick, next_pitch = columns
    values = np.zeros((len(rows), 2 * GAUGES), dtype=np.float32)
    for at, each in enumerate(asked):
        if each is not NOTHING_ASKED:
            for gauge, value in enumerate(each):
                if value is not None:
                    values[at, gauge], values[at, GAUGES + gauge] = value, 1.0
    every = np.ones(len(rows), dtype=np.int64)
    return NoteSteps(
        pitch, tick, measure, shown, np.minimum(count, 25), to_end, about.tonic * every,
        about.mode * every, about.metre * every, next_tick, next_pitch, values,
    )  # fmt: skip


def lowest_told(lowest: int, low: int) -> float:
    """Return the lowest pitch of a measure as it is told, about -2 to 4."""
    return (lowest - low - 3) / 6.0
