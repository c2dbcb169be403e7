"""Where the notes of a file stand on the grid: beat by beat, without their swing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean

from engine.music.beat_division import divide, division_of, nearest
from engine.music.grid import QUARTER, Grid
from engine.music.groove import STRAIGHT, Groove
from engine.music.metre_runs import MetreRuns
from engine.music.score_notes import Account, ScoreNote
from engine.music.swing_finding import EARLY, ternary

EXACT = 0.004
"""What lies nearer to a place than so much of a beat stands there: files count in whole ticks."""

STRUM = 0.03
"""Onsets that follow each other within so many seconds are one, struck by one hand."""


@dataclass
class PlacedScoreNote:
    """A note on the grid: its first tick and the one after its last, and what it was."""

    start: int
    end: int
    source: ScoreNote


@dataclass(frozen=True, slots=True)
class _Beat:
    """A beat with notes: its first tick, grid, division and, of each note, where it was."""

    first: int
    grid: Grid
    family: tuple[Fraction, ...]
    swings: bool


class Placing:
    """Puts notes on the grid, beat by beat: all onsets of a beat belong to one division of it.

    A beat whose onsets all stand on places of the grid already is left as it is.
    """

    def __init__(self, runs: MetreRuns, pace: float, groove: Groove, account: Account) -> None:
        self._runs, self._pace, self._groove, self._account = runs, pace, groove, account
        self._beats: dict[int, _Beat] = {}

    def placed(self, notes: Sequence[ScoreNote]) -> list[PlacedScoreNote]:
        found: dict[int, tuple[Grid, list[tuple[ScoreNote, float]]]] = {}
        for note in notes:
            first, within, grid = self._runs.beat(note.start)
            found.setdefault(first, (grid, []))[1].append((note, float(within)))
        starts = []
        for first, (grid, struck) in found.items():
            starts += self._struck(first, grid, struck)
        return [PlacedScoreNote(at, self._end(at, note), note) for note, at in starts]

    def _struck(
        self, first: int, grid: Grid, struck: list[tuple[ScoreNote, float]]
    ) -> list[tuple[ScoreNote, int]]:
        onsets = sorted({at for _, at in struck})
        swings = grid.beat == QUARTER and self._groove.swing != STRAIGHT
        even = {at: self._groove.straightened(at) if swings else at for at in onsets}
        if swings and _triplet(onsets, [even[at] for at in onsets], grid):
            swings, even = False, {at: at for at in onsets}
        if all(_stands(grid.positions, at) for at in even.values()):
            places = {at: nearest(grid.positions, even[at]) for at in onsets}
        else:
            joined = _joined([even[at] for at in onsets], STRUM / (self._pace * float(grid.beat)))
            whole = sorted(set(joined))
            chosen = dict(zip(whole, divide(whole, grid, self._pace), strict=True))
            places = {at: chosen[mean] for at, mean in zip(onsets, joined, strict=True)}
        family = division_of(grid, [place for place in places.values() if place < 1])
        self._beats[first] = _Beat(first, grid, family, swings)
        account, beat = self._account, float(grid.beat)
        for _, at in struck:
            off = abs(even[at] - float(places[at])) * beat
            if off > EXACT * beat:
                account.onsets += 1
                account.onset_most = max(account.onset_most, off)
        return [(note, first + _tick(grid, places[at])) for note, at in struck]

    def _end(self, start: int, note: ScoreNote) -> int:
        first, within, grid = self._runs.beat(note.end)
        beat = self._beats.get(first) or _Beat(first, grid, grid.families[0], False)
        at = float(within)
        if self._groove.swing != STRAIGHT and (beat.swings or first not in self._beats):
            at = self._groove.straightened(at) if grid.beat == QUARTER else at
        family = grid.positions if _stands(grid.positions, at) else beat.family
        place = nearest(family, at)
        end = first + _tick(grid, place)
        off = abs(at - float(place)) * float(grid.beat)
        if end <= start:
            end = start + 1
            off = float(abs(self._runs.place(end) - note.end))
        if off > EXACT * float(grid.beat):
            self._account.ends += 1
            self._account.end_most = max(self._account.end_most, off)
        return end


def _triplet(onsets: Sequence[float], even: Sequence[float], grid: Grid) -> bool:
    # Of a swung passage: whether a beat is a triplet as it stands, rather than what swing made.
    usual, *others = grid.families
    if not others or not ternary([at for at in onsets if EARLY < at < 1 - EARLY]):
        return False
    return _off(onsets, others[0]) <= _off(even, usual)


def _off(onsets: Sequence[float], family: Sequence[Fraction]) -> float:
    return sum((at - float(nearest(family, at))) ** 2 for at in onsets)


def _stands(places: Sequence[Fraction], at: float) -> bool:
    return abs(float(nearest(places, at)) - at) <= EXACT


def _tick(grid: Grid, place: Fraction) -> int:
    return grid.positions.index(place) if place < 1 else len(grid.positions)


def _joined(onsets: list[float], gap: float) -> list[float]:
    """Return for each onset, in order, the mean of those that are struck with it."""
    groups: list[list[float]] = []
    for at in onsets:
        if groups and at - groups[-1][0] <= gap:
            groups[-1].append(at)
        else:
            groups.append([at])
    return [fmean(group) for group in groups for _ in group]
