"""How surprising each note is after what came before it, in parts that add up.

The bits of an event are those of its time, then of its pitch: whether it is in the key, how far
it is from the note before, and which note it is of those that are so. By the chain rule the four
add up to -log2 of the event's probability, and those of a measure to -log2 of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from engine.music.grid import Grid
from engine.music.measure import Measure
from engine.music.scales import Key
from engine.phrase.context import BEFORE, first_index, readable, stretches
from engine.phrase.events import END, PITCHES, SILENT, base, events, pitch_of
from engine.phrase.model import Array, PhraseModel, Reading
from engine.phrase.sequences import About, NoteSteps, Seen, steps

PARTS = ("when", "key", "leap", "which")
"""What surprises: that something starts here, its being in the key or not, how far it is from the
note before (the same, a step, a third or fourth, more), and which of such notes it is."""

LN2 = float(np.log(2))
_SIZES = (1, 3, 6)
PIECE = 16
"""So many measures are read at once, after `BEFORE` that are their context."""


@dataclass(frozen=True, slots=True)
class EventSurprise:
    """The bits of an event by `PARTS`; ``pitch`` is None at a rest and at the measure's end.

    ``tick`` is the number of ticks of the grid at the measure's end.
    """

    tick: int
    pitch: int | None
    parts: tuple[float, float, float, float]

    @property
    def bits(self) -> float:
        """All bits of the event."""
        return sum(self.parts)


@dataclass(frozen=True, slots=True)
class MeasureSurprise:
    """The surprise of one measure: its events, the last of which is its end.

    ``percentile`` is the share of measures of printed tunes, 0 to 100, that take fewer bits a
    note.
    """

    grid: Grid
    events: tuple[EventSurprise, ...]
    percentile: float

    @property
    def bits(self) -> float:
        """All bits of the measure."""
        return sum(event.bits for event in self.events)

    @property
    def parts(self) -> tuple[float, ...]:
        """The bits of the measure by `PARTS`."""
        return tuple(sum(event.parts[at] for event in self.events) for at in range(len(PARTS)))

    @property
    def bits_a_note(self) -> float:
        """Bits for each event, what the percentile compares."""
        return self.bits / max(1, len(self.events) - 1)

    def onset(self, event: EventSurprise) -> Fraction:
        """Return where an event stands, in quarter notes from the start of the measure."""
        return self.grid.edges[min(event.tick, self.grid.ticks)]


def surprise(
    model: PhraseModel,
    measures: Sequence[Measure],
    key: Key,
    wanted: range | None = None,
) -> tuple[MeasureSurprise | None, ...]:
    """Return the surprise of measures in a row, each after up to 16 before it.

    None for a measure that is silent, or not in a metre or on a grid that the books have. Only
    those in ``wanted`` are looked at, and the others are None.
    """
    wanted = range(len(measures)) if wanted is None else wanted
    read = [readable(measure) for measure in measures]
    found: list[MeasureSurprise | None] = [None] * len(measures)
    for stretch in stretches(read):
        begin = max(stretch.start, wanted.start)
        end = min(stretch.stop, wanted.stop)
        for piece in range(begin, end, PIECE):
            first = max(stretch.start, piece - BEFORE)
            last = min(piece + PIECE, end)
            for number, each in _piece(model, read, key, range(first, last)).items():
                if number >= piece:
                    found[number] = each
    return tuple(found)


def _piece(
    model: PhraseModel, read: Sequence[Measure | None], key: Key, numbers: range
) -> dict[int, MeasureSurprise]:
    low, off = base(key), first_index(numbers.stop - 1)
    there = [(number, each) for number in numbers if (each := read[number]) is not None]
    if not there:
        return {}
    grid = there[0][1].grid
    seen = [Seen(number - off, events(measure, low)) for number, measure in there]
    rows = in_parts(model, steps(About.of(key, grid), seen), key, low)
    found: dict[int, MeasureSurprise] = {}
    at = 1
    for number, measure in there:
        count = sum(token != 0 for token in measure.tokens) + 1
        own = tuple(
            EventSurprise(grid.ticks if event.tick == END else event.tick, event.pitch, event.parts)
            for event in rows[at : at + count]
        )
        at += count
        found[number] = MeasureSurprise(grid, own, percentile_of(model, own))
    return found


def percentile_of(model: PhraseModel, found: Sequence[EventSurprise]) -> float:
    """Return the share, 0 to 100, of printed measures with fewer bits a note."""
    a_note = sum(event.bits for event in found) / max(1, len(found) - 1)
    places = np.arange(len(model.quantiles))
    return float(np.interp(a_note, model.quantiles, places))


def in_parts(model: PhraseModel, found: NoteSteps, key: Key, low: int) -> list[EventSurprise]:
    """Return the surprise of what comes after each step; the first entry, of the head, is empty."""
    reading = Reading(model, len(found))
    ticks = reading.read(found)
    pitches = reading.pitches(np.maximum(found.next_tick, 0))
    return parts_of(ticks, pitches, found, key, low)


def parts_of(
    ticks: Array, pitches: Array, found: NoteSteps, key: Key, low: int
) -> list[EventSurprise]:
    """Return the parts of events from the log-probabilities of their ticks and pitches."""
    inside = np.array([key.holds(pitch_of(what, low)) for what in range(PITCHES)])
    kinds = np.append(np.where(inside, 1, 0), 2)
    places = np.arange(PITCHES + 1)
    rows = [EventSurprise(-1, None, (0.0, 0.0, 0.0, 0.0))]
    before: int | None = None
    chances = np.exp(pitches.astype(np.float64))
    for at in range(1, len(found)):
        tick, what = int(found.next_tick[at]), int(found.next_pitch[at])
        when = -float(ticks[at, tick]) / LN2
        if what < 0:
            rows.append(EventSurprise(tick, None, (when, 0.0, 0.0, 0.0)))
            continue
        chance = chances[at]
        alike: npt.NDArray[np.bool_] = kinds == kinds[what]
        in_or_out, leap = _bits(chance, alike, kinds >= 0), 0.0
        nearer = alike
        if what != SILENT and before is not None:
            sizes = np.digitize(np.abs(places - before), _SIZES)
            nearer = alike & (sizes == sizes[what])
            leap = _bits(chance, nearer, alike)
        which = _bits(chance, places == what, nearer)
        if what != SILENT:
            before = what
        pitch = None if what == SILENT else pitch_of(what, low)
        rows.append(EventSurprise(tick, pitch, (when, in_or_out, leap, which)))
    return rows


def _bits(
    chance: npt.NDArray[np.float64], inner: npt.NDArray[np.bool_], outer: npt.NDArray[np.bool_]
) -> float:
    return float(np.log2(chance[outer].sum()) - np.log2(chance[inner].sum()))
