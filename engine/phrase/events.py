"""Measures as the phrase model sees them: events, with pitches counted from the tonic.

An event is a tick at which something starts, and what starts: a pitch, or a rest. A pitch is
counted from eleven semitones below the *base*, which is the lowest tonic from G3 up, so that all
keys are one to the model.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import OutOfRange
from engine.music.grid import Grid
from engine.music.measure import HOLD, LOWEST, REST, Measure
from engine.music.scales import SCALES, Key

Event = tuple[int, int]
"""A tick of the grid, and a pitch from 0 to 40 or `SILENT`."""

Events = tuple[Event, ...]

PITCHES = 41
"""How many pitches an event can have."""

SILENT = PITCHES
"""What starts at a rest."""

BAR, HEAD = PITCHES + 1, PITCHES + 2
"""What stands in the place of a pitch before the first event of a measure, and of a sequence."""

TICKS = 24
"""The most ticks of a measure that the model reads; as a tick it says that the measure is over."""

END = TICKS

BELOW = 11
"""How far below the base pitches go."""

METRES = ("4/4", "2/4", "3/4", "6/8", "9/8", "12/8")
"""The metres of the tune books, by their place; 2/2 counts as 4/4."""

MODES = ("major", "minor", "dorian", "mixolydian")
"""What a scale is told as."""


def base(key: Key) -> int:
    """Return the pitch from which the pitches of a key are counted, 55 to 66."""
    return LOWEST + (key.tonic - LOWEST) % 12


def mode(key: Key) -> int:
    """Return which of the `MODES` is nearest to a key's scale, by its third, sixth and seventh."""
    scale = SCALES[key.scale]
    if 4 in scale:
        return MODES.index("mixolydian" if 10 in scale and 11 not in scale else "major")
    if 3 in scale:
        return MODES.index("dorian" if 9 in scale and 10 in scale else "minor")
    return MODES.index("major")


def metre(grid: Grid) -> int:
    """Return the place of a grid's metre in `METRES`; raises `OutOfRange` for one not in the books.

    A fine grid counts as the coarse one of its metre.
    """
    if grid.metre not in METRES:
        raise OutOfRange(
            f"The phrase model knows no {grid.metre}: the tune books have none.",
            f"It knows {', '.join(METRES)}.",
        )
    return METRES.index(grid.metre)


def events(measure: Measure, low: int) -> Events:
    """Return the events of a measure, with pitches counted from the base ``low``."""
    return tuple(
        (tick, SILENT if token == REST else token - low + BELOW)
        for tick, token in enumerate(measure.tokens)
        if token != HOLD
    )


def measure_of(found: Iterable[Event], low: int, grid: Grid) -> Measure:
    """Return the measure of events, as `events` makes them of one."""
    tokens = [HOLD] * grid.ticks
    for tick, what in found:
        tokens[tick] = REST if what == SILENT else pitch_of(what, low)
    return Measure.from_tokens(tokens, grid)


def pitch_of(what: int, low: int) -> int:
    """Return the MIDI number of an event's pitch."""
    return what + low - BELOW
