"""Some notes of a measure changed by chance: its pitches, its rhythm, or both."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Literal

from engine.errors import OutOfRange
from engine.music.asked_tones import ANY_TONES, AskedTones
from engine.music.grid import Grid
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.scales import SCALES

NoteScope = Literal["notes", "rhythm", "pitches"]
"""What is changed: pitches in their rhythm, the rhythm of the pitches, or any of it, with notes
added and dropped."""

MOST = 10.0
"""An amount is in tenths of the notes: with this all are changed."""

FARTHEST_STEP = 7
"""By how many semitones one pitch changes at most."""

_HOWS: tuple[Literal["pitches", "rhythm", "added", "dropped"], ...] = (
    "pitches", "rhythm", "added", "dropped",
)  # fmt: skip


def varied(
    measure: Measure,
    scope: NoteScope,
    amount: float,
    seed: int,
    kept: KeptNotes = NOTHING,
    tones: AskedTones = ANY_TONES,
    ticks: Collection[int] | None = None,
) -> Measure:
    """Return a measure with ``amount`` tenths of its free notes changed, one at least (0: none).

    Which, and into what, ``seed`` alone decides. What is ``kept`` stays; new pitches are ``tones``
    that are asked for, and where any may be, of the major collection that fits the measure best.
    ``ticks`` are those of the notes that may change; None: all. Onsets go to places that the other
    notes leave, strong ones above all. Raises `OutOfRange` for an amount outside 0 to 10, and where
    there is no note to change.
    """
    if not 0 <= amount <= MOST:
        raise OutOfRange(f"Notes are varied by 0 to {MOST:g} tenths, and {amount:g} is not that.")
    fixed = frozenset(tick for tick, _ in kept.tokens)
    free = [
        tick
        for tick, token in enumerate(measure.tokens)
        if token > REST and tick not in fixed and (ticks is None or tick in ticks)
    ]
    if not free:
        raise OutOfRange("There is no free note here.", "Unlock one, or vary where some are.")
    if not amount:
        return measure
    dice = Random(seed)
    made = _Varied(measure, fixed, tones, dice)
    count = max(1, round(len(free) * amount / MOST))
    for tick in sorted(dice.sample(free, count)):
        made.change(tick, dice.choice(_HOWS) if scope == "notes" else scope)
    return kept.of(Measure.from_tokens(made.tokens, measure.grid))


@dataclass
class _Varied:
    """The tokens on the way, and what they may become."""

    measure: Measure
    fixed: frozenset[int]
    tones: AskedTones
    dice: Random

    def __post_init__(self) -> None:
        self.tokens = list(self.measure.tokens)
        self._collection = _collection(self.measure)
        self._places = _places(self.measure)

    def change(self, tick: int, how: Literal["pitches", "rhythm", "added", "dropped"]) -> None:
        match how:
            case "pitches":
                self._write(tick, self._pitch(tick, self.tokens[tick]))
            case "rhythm":
                pitch = self.tokens[tick]
                place = self._place(self._between(tick), tick, lambda to: self._fits(to, pitch))
                if place is not None:
                    self._silence(tick)
                    self.tokens[place] = pitch
            case "added":
                after = [to for to in self._between(tick) if to > tick]
                place = self._place(after, tick, lambda _: True)
                if place is not None:
                    self._write(place, self._pitch(place, self.tokens[tick]))
            case "dropped":
                if sum(token > REST for token in self.tokens) > 1:
                    self._silence(tick)

    def _write(self, tick: int, pitch: int | None) -> None:
        if pitch is not None:
            self.tokens[tick] = pitch

    def _silence(self, tick: int) -> None:
        # A measure does not begin by going on with what lies before it.
        self.tokens[tick] = HOLD if tick else REST

    def _pitch(self, tick: int, near: int) -> int | None:
        ways = [by for by in range(-FARTHEST_STEP, FARTHEST_STEP + 1) if by]
        near_by = [by for by in ways if LOWEST <= near + by <= HIGHEST]
        fitting = [by for by in near_by if self._fits(tick, near + by)]
        if not self.tones.inside:
            inside = [by for by in fitting if (near + by) % 12 in self._collection]
            fitting = inside or fitting
        if not fitting:
            return None
        return near + self.dice.choices(fitting, [1 / abs(by) for by in fitting])[0]

    def _fits(self, tick: int, pitch: int) -> bool:
        return self.tones.allows(tick, pitch)

    def _between(self, tick: int) -> list[int]:
        """Return the places around a note up to the notes before and after it."""
        onsets = [at for at, token in enumerate(self.tokens) if token > REST]
        before = max((at for at in onsets if at < tick), default=-1)
        after = min((at for at in onsets if at > tick), default=len(self.tokens))
        return [at for at in range(before + 1, after) if at != tick and at not in self.fixed]

    def _place(self, places: list[int], tick: int, fits: Callable[[int], bool]) -> int | None:
        weights, onsets = self.measure.grid.weights, self.measure.grid.places
        open_ = [at for at in places if at in self._places and fits(at)]
        if not open_:
            return None
        liked = [1 / (weights[at] * (0.5 + abs(onsets[at] - onsets[tick]))) for at in open_]
        return self.dice.choices(open_, liked)[0]


def _collection(measure: Measure) -> frozenset[int]:
    """Return the major collection (pitch classes) that most notes are of, the lowest of several."""
    held = [frozenset((tonic + step) % 12 for step in SCALES["major"]) for tonic in range(12)]
    return max(held, key=lambda each: sum(pitch % 12 in each for pitch in measure.pitches))


def _places(measure: Measure) -> frozenset[int]:
    """Return the ticks of one way to divide a beat that has all notes of a measure, or all."""
    grid: Grid = measure.grid
    onsets = {tick for tick, token in enumerate(measure.tokens) if token > REST}
    size = len(grid.positions)
    for family in grid.families:
        ticks = frozenset(at for at in range(grid.ticks) if grid.positions[at % size] in family)
        if onsets <= ticks:
            return ticks
    return frozenset(range(grid.ticks))
