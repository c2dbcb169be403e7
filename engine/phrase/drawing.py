"""A measure drawn note by note, by the probabilities of the phrase model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.music.grid import Grid
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.phrase.events import BELOW, END, PITCHES, SILENT, Event, events, measure_of, pitch_of
from engine.phrase.model import Array, Reading
from engine.phrase.sequences import NOTHING_ASKED, About, Seen, steps

NUCLEUS = 0.95
"""Of ticks and of pitches the least likely, which together are no more than the rest of this, are
never drawn."""


ANY = -1
"""A token in `KeptNotes` of which only the place is kept: a note starts here, whichever it is."""


def rhythm(measure: Measure) -> KeptNotes:
    """Return what keeps the rhythm of a measure, its rests, and none of its pitches."""
    tokens = [(tick, token if token <= REST else ANY) for tick, token in enumerate(measure.tokens)]
    return KeptNotes(tuple(tokens))


class Drawer:
    """Draws measures of one grid after what a reading has read, which stays as it is.

    ``low`` is the base from which pitches are counted.
    """

    def __init__(self, reading: Reading, about: About, grid: Grid, low: int) -> None:
        self.reading, self.about, self.grid, self.low = reading, about, grid, low
        self._barred = np.array(
            [not LOWEST <= pitch_of(what, low) <= HIGHEST for what in range(PITCHES)] + [False]
        )

    def draw(self, place: Seen, random: np.random.Generator, kept: KeptNotes = NOTHING) -> Measure:
        """Draw a measure at a place, with what is kept in it."""
        begun = self.reading.length
        tokens: Mapping[int, int] = dict(kept.tokens)
        must = sorted({tick for tick, token in tokens.items() if token != HOLD} | set(kept.ends))
        found: list[Event] = []
        now = -1
        while (tick := self._tick(place, found, now, tokens, must, random)) != END:
            found.append((tick, self._what(tick, found, tokens, random)))
            now = tick
        self.reading.length = begun
        return measure_of(found, self.low, self.grid)

    def bits(self, place: Seen, measure: Measure) -> float:
        """Return the bits of a measure at a place, with nothing asked."""
        begun = self.reading.length
        found = self.read(place, measure)
        self.reading.length = begun
        return found

    def read(self, place: Seen, measure: Measure) -> float:
        """Return the bits of a measure at a place; from here on it has been read."""
        seen = replace(place, events=events(measure, self.low), asked=NOTHING_ASKED)
        found = steps(self.about, [seen], headed=False)
        ticks = self.reading.read(found)
        pitches = self.reading.pitches(np.maximum(found.next_tick, 0))
        rows = np.arange(len(found))
        which = np.where(found.next_pitch >= 0, pitches[rows, found.next_pitch], 0.0)
        return float(-(ticks[rows, found.next_tick].sum() + which.sum()) / np.log(2))

    def _tick(
        self,
        place: Seen,
        found: list[Event],
        now: int,
        tokens: Mapping[int, int],
        must: list[int],
        random: np.random.Generator,
    ) -> int:
        at = len(found)
        newest = steps(self.about, [replace(place, events=tuple(found))], headed=False)
        logs = self.reading.read(newest.part(at, at + 1))[0].copy()
        logs[: now + 1] = -np.inf
        logs[self.grid.ticks : END] = -np.inf
        logs[[tick for tick, token in tokens.items() if token == HOLD]] = -np.inf
        due = next((tick for tick in must if tick > now), END)
        logs[due + 1 :] = -np.inf
        return due if due == now + 1 else _pick(logs, random)

    def _what(
        self,
        tick: int,
        found: list[Event],
        tokens: Mapping[int, int],
        random: np.random.Generator,
    ) -> int:
        token = tokens.get(tick)
        if token is not None and token != ANY:
            return SILENT if token == REST else token - self.low + BELOW
        logs = self.reading.pitches(np.array([tick]))[0].copy()
        logs[self._barred] = -np.inf
        if token == ANY or (found and found[-1][1] == SILENT):
            logs[SILENT] = -np.inf
        return _pick(logs, random)


def _pick(logs: Array, random: np.random.Generator) -> int:
    chance = np.exp((logs - logs.max()).astype(np.float64))
    chance /= chance.sum()
    order = np.argsort(-chance, kind="stable")
    rising = np.cumsum(chance[order])
    likely = order[rising - chance[order] <= NUCLEUS]
    heights = np.cumsum(chance[likely])
    at = int(np.searchsorted(heights, random.random() * heights[-1]))
    return int(likely[min(at, len(likely) - 1)])
