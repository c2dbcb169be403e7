"""From notes at any time and pitch to measures on the grid, with an account of what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, repeat

from engine.music.grid import Grid
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure

_TOLD = 256
"""Measures between two tellings of how much is done."""


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note as the file has it: ``start`` and ``end`` in quarter notes, its pitch and channel."""

    start: Fraction
    end: Fraction
    pitch: int
    channel: int


@dataclass
class Account:
    """What was changed to make notes fit, counted; `sentences` says it."""

    onsets: int = 0
    onset_most: Fraction = Fraction(0)
    ends: int = 0
    end_most: Fraction = Fraction(0)
    folded: int = 0
    crowded: int = 0
    below: int = 0
    cut: int = 0
    others: list[str] = field(default_factory=list)

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence for each kind of change that was made."""
        told = (
            (
                self.onsets,
                "{} moved to the grid, at most by " + _quarters(self.onset_most),
                "onset",
            ),
            (self.ends, "{} moved to the grid, at most by " + _quarters(self.end_most), "note end"),
            (self.folded, "{} moved by octaves into the range from G3 to C6", "note"),
            (self.below, "{} left out below the highest line", "note"),
            (self.crowded, "{} left out where two fall on one place of the grid", "note"),
            (self.cut, "{} cut where the next one starts", "note"),
        )
        return (
            *self.others,
            *(text.format(count(number, noun)) + "." for number, text, noun in told if number),
        )


@dataclass
class _PlacedScoreNote:
    """A note on the grid: its first tick and the one after its last, and what it was."""

    start: int
    end: int
    source: ScoreNote


class MetreRuns:
    """Measures without end, of grids that change on the way.

    Each of ``runs`` is where a grid begins to hold, in quarter notes, and that grid; the first
    holds from 0 on, each of the others from a bar line on.
    """

    def __init__(self, runs: Sequence[tuple[Fraction, Grid]]) -> None:
        self._starts = [start for start, _ in runs]
        self._grids = [grid for _, grid in runs]
        self._measures, self._ticks = [0], [0]
        for (start, grid), (end, _) in pairwise(runs):
            count = int((end - start) / grid.length)
            self._measures.append(self._measures[-1] + count)
            self._ticks.append(self._ticks[-1] + count * grid.ticks)
        self._known: dict[tuple[int, int, int], tuple[int, Fraction]] = {}

    def nearest(self, time: Fraction) -> tuple[int, Fraction]:
        """Return the tick nearest to a time, counted from 0, and how far it is from that."""
        run = bisect_right(self._starts, time) - 1
        grid = self._grids[run]
        # In whole numbers: to divide and compare fractions takes many times as long.
        length, parts = grid.length.as_integer_ratio()
        within = time - self._starts[run] if run else time
        measure, rest = divmod(within.numerator * parts, within.denominator * length)
        place = run, rest, within.denominator
        if place not in self._known:
            at = Fraction(rest, within.denominator * parts)
            tick = grid.nearest(at)
            self._known[place] = tick, abs(grid.edges[tick] - at)
        tick, moved = self._known[place]
        return self._ticks[run] + measure * grid.ticks + tick, moved

    def place(self, tick: int) -> Fraction:
        """Return where a tick begins, in quarter notes."""
        run = bisect_right(self._ticks, tick) - 1
        grid = self._grids[run]
        measure, within = divmod(tick - self._ticks[run], grid.ticks)
        return self._starts[run] + measure * grid.length + grid.edges[within]

    def reaching(self, ticks: int) -> int:
        """Return how many measures so many ticks take."""
        run = max(0, bisect_left(self._ticks, ticks) - 1)
        return self._measures[run] - (self._ticks[run] - ticks) // self._grids[run].ticks

    def whole(self, length: Fraction) -> int:
        """Return how many measures end within a length, in quarter notes."""
        run = bisect_right(self._starts, length) - 1
        return self._measures[run] + int((length - self._starts[run]) // self._grids[run].length)

    def grids(self, count: int) -> Iterator[Grid]:
        """Yield the grids of the first measures."""
        ends = [*self._measures[1:], count]
        for grid, first, end in zip(self._grids, self._measures, ends, strict=True):
            yield from repeat(grid, max(0, min(end, count) - first))


def fit(
    notes: Iterable[ScoreNote],
    length: Fraction,
    runs: MetreRuns,
    account: Account,
    on_progress: Callable[[float], None] = lambda _: None,
) -> list[Measure]:
    """Return the measures that one voice made of ``notes`` fills, silence to ``length`` included.

    ``notes`` come in the order of their starts; times are in quarter notes from the start of
    the first measure. What had to be changed is added to ``account``. ``on_progress`` is told
    how much is done, 0 to 1.
    """
    placed = _placed(notes, runs, account)
    on_progress(0.5)
    line = _line(placed, account)
    ticks = max((note.end for note in line), default=0)
    grids = list(runs.grids(max(runs.reaching(ticks), runs.whole(length))))
    tokens = [HOLD] * sum(grid.ticks for grid in grids)
    free = 0
    for note in line:
        if free < note.start:
            tokens[free] = REST
        tokens[note.start] = folded(note.source.pitch, account)
        free = note.end
    if free < len(tokens):
        tokens[free] = REST
    measures = []
    resting, start = True, 0
    for grid in grids:
        bar = tokens[start : start + grid.ticks]
        start += grid.ticks
        if resting and bar[0] == HOLD:
            bar[0] = REST
        measures.append(Measure.from_tokens(bar, grid))
        resting = next((token == REST for token in reversed(bar) if token != HOLD), resting)
        if not len(measures) % _TOLD:
            on_progress(0.5 + 0.5 * start / len(tokens))
    on_progress(1.0)
    return measures


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _placed(
    notes: Iterable[ScoreNote], runs: MetreRuns, account: Account
) -> list[_PlacedScoreNote]:
    placed = []
    for note in notes:
        start, moved = runs.nearest(note.start)
        if moved:
            account.onsets += 1
            account.onset_most = max(account.onset_most, moved)
        end, moved = runs.nearest(note.end)
        if end <= start:
            end = start + 1
            moved = abs(runs.place(end) - note.end)
        if moved:
            account.ends += 1
            account.end_most = max(account.end_most, moved)
        placed.append(_PlacedScoreNote(start, end, note))
    return placed


def _line(placed: list[_PlacedScoreNote], account: Account) -> list[_PlacedScoreNote]:
    line: list[_PlacedScoreNote] = []
    for note in sorted(placed, key=lambda note: (note.start, -note.source.pitch, -note.end)):
        before = line[-1] if line else None
        if before is None or note.start >= before.end:
            line.append(note)
        elif note.start == before.start:
            together = min(note.source.end, before.source.end) > max(
                note.source.start, before.source.start
            )
            account.below += together
            account.crowded += not together
        # A higher note that sounds through most of a lower one hides it; one that only
        # reaches into it, as in legato, gives way.
        elif note.source.pitch < before.source.pitch and 2 * (
            min(before.end, note.end) - note.start
        ) > (note.end - note.start):
            account.below += 1
        else:
            account.cut += 1
            before.end = note.start
            line.append(note)
    return line


def folded(pitch: int, account: Account) -> int:
    """Return the pitch moved by octaves into the range of a measure, and counts it if it moved."""
    if LOWEST <= pitch <= HIGHEST:
        return pitch
    account.folded += 1
    if pitch < LOWEST:
        return pitch + 12 * -(-(LOWEST - pitch) // 12)
    return pitch - 12 * -(-(pitch - HIGHEST) // 12)


def _quarters(distance: Fraction) -> str:
    shown = f"{float(distance):.2f}" if distance >= Fraction(1, 100) else "less than 0.01"
    return f"{shown} quarter notes"
