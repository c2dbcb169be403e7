"""Strategies for every value that travels, drawn from the fields and hints of its class."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import cycle, islice
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from engine.common.codec import concrete
from engine.errors import ArmonicaError
from engine.midi import messages as m
from engine.midi.limits import LAST_OUTLET, LAST_POSITION, LAST_VOICE
from engine.music.accompaniment.style import STYLES, Accompaniment
from engine.music.chord_track import PlacedChord
from engine.music.chords import QUALITIES, ChordSymbol
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.groove import (
    LARGEST_SEED,
    MOST_SWING,
    MOST_TIMING,
    MOST_VELOCITY,
    STRAIGHT,
    SWING_UNITS,
    Groove,
)
from engine.music.measure import HOLD, REST, Measure, silence
from engine.music.modulation import MODULATION_KINDS, Modulation
from engine.music.pattern import RESOLUTION, Hit, Pattern
from engine.music.performance import MOST_OFF, Touch
from engine.music.routes import Route
from engine.music.scales import SCALES, Key
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.snapshot import MOST_COUNT_IN, MOST_LATENCY

TIMES = st.floats(0, 1e6)
GRID = st.sampled_from([*GRIDS.values()])


def measures(grid: Grid) -> st.SearchStrategy[Measure]:
    """Draw measures of a grid."""
    tokens = st.sampled_from([HOLD, REST, 55, 60, 84])
    return st.lists(tokens, min_size=grid.ticks, max_size=grid.ticks).map(
        lambda found: Measure(tuple(found), grid)
    )


MEASURES = measures(FOUR_QUARTERS)
INTERVALS = st.floats(0.001, 1.0)
NOTES = st.builds(
    lambda on, length, channel, pitch, velocity: m.TimedNote(
        on, on + length, channel, pitch, velocity
    ),
    TIMES,
    st.floats(0.01, 10),
    st.integers(0, 15),
    st.integers(0, 127),
    st.integers(1, 127),
)
MODULATIONS = st.builds(
    Modulation,
    st.integers(0, 31),
    st.sampled_from(["cc14", "cc"]),
    st.integers(0, 15),
    st.integers(0, 31),
    st.integers(0, 127),
    st.integers(0, 127),
)
ROUTES = st.builds(
    Route,
    st.text(max_size=8),
    st.integers(0, 15),
    st.none() | st.integers(0, 127),
    st.integers(-24, 24),
    st.booleans(),
)
GROOVES = st.builds(
    Groove,
    st.floats(STRAIGHT, MOST_SWING),
    st.sampled_from(SWING_UNITS),
    st.floats(0, MOST_TIMING),
    st.integers(0, MOST_VELOCITY),
    st.integers(0, LARGEST_SEED),
)
KEYS = st.builds(Key, st.integers(0, 11), st.sampled_from([*SCALES]))
CHORDS = st.none() | st.builds(
    ChordSymbol,
    st.integers(0, 11),
    st.sampled_from([*QUALITIES]),
    st.none() | st.integers(0, 11),
)
PLACED_CHORDS = st.builds(
    PlacedChord, st.integers(0, 255), st.fractions(0, 15, max_denominator=12), CHORDS
)
PLACES = st.fractions(0, 15, max_denominator=12)
CHORD_TRACKS = st.dictionaries(PLACES, CHORDS, max_size=4).map(
    lambda placed: tuple(PlacedChord(0, place, placed[place]) for place in sorted(placed))
)
TOUCHES = st.builds(Touch, st.integers(1, 127), st.floats(-MOST_OFF, MOST_OFF))
HITS = st.builds(
    Hit,
    st.integers(0, 6 * RESOLUTION).map(lambda part: Fraction(part, RESOLUTION)),
    st.integers(0, 127),
    st.integers(1, 6 * RESOLUTION).map(lambda part: Fraction(part, RESOLUTION)),
    st.integers(1, 127),
)
ACCOMPANIMENTS = st.builds(
    Accompaniment,
    st.sampled_from([style for styles in STYLES.values() for style in styles]),
    *[st.floats(0, 1)] * 4,
)
PATTERNS = st.lists(HITS, max_size=8).map(Pattern.of)
_BYTES = st.sampled_from([b"\x90\x3c\x40", b"\xb0\x07\x7f", b"\xf8", b"\xf0\x01\xf7"])
_NARROW: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("Song", "tempo"): st.floats(20, 400),
    ("Song", "chords"): CHORD_TRACKS,
    ("RecordSettings", "strength"): st.floats(0, 1),
    ("RecordSettings", "latency"): st.floats(0, MOST_LATENCY),
    ("RecordSettings", "count_in"): st.integers(0, MOST_COUNT_IN),
    ("Prolong", "channel"): st.integers(0, 15),
    ("Prolong", "pitch"): st.integers(0, 127),
    ("ClockRun", "position"): st.integers(0, LAST_POSITION),
    ("ClockRun", "interval"): INTERVALS,
    ("ClockTempo", "interval"): INTERVALS,
}


@st.composite
def modulations(draw: st.DrawFn) -> Modulation:
    """Draw any modulation there is."""
    kind = draw(st.sampled_from(MODULATION_KINDS))
    values = st.integers(0, 127 if kind == "cc" else 16_383)
    number = draw(st.integers(0, {"cc": 119, "cc14": 31, "bend": 0}[kind]))
    channel = draw(st.integers(0, 15))
    return Modulation(draw(st.integers(0, 31)), kind, channel, number, draw(values), draw(values))


def values(kind: type, few: int = 2, grid: Grid = FOUR_QUARTERS) -> st.SearchStrategy[Any]:
    """Draw values of a class; places that may hold several kinds hold any of them.

    A slot is one of a ``grid``.
    """
    hints = get_type_hints(kind)
    given = {}
    for part in fields(kind):
        anywhere = _ANYWHERE.get(part.name) if hints[part.name] in (int, float) else None
        narrow = _NARROW.get((kind.__name__, part.name), anywhere)
        if part.init:
            given[part.name] = _of(hints[part.name], few) if narrow is None else narrow
    if kind is Slot:
        given |= {"measure": measures(grid), "source": st.none() | measures(grid)}
    if kind is Song:
        given["tracks"] = st.lists(GRID, min_size=1, max_size=3).flatmap(
            lambda grids: st.lists(tracks(grids, few), min_size=1, max_size=3).map(tuple)
        )

    def made(parts: dict[str, Any]) -> Any:
        if kind is Slot:
            # One touch for each note, or none.
            count = len(parts["source"].pitches) if parts["source"] else 0
            parts = parts | {"played": tuple(islice(cycle(parts["played"]), count))}
            if parts["pattern"] is not None:
                rest = silence(parts["measure"].grid)
                silent = {"measure": rest, "source": None, "played": ()}
                parts = parts | silent | {"latent": None, "anchor": None}
            # Notes alone are locked.
            starts = [tick for tick, each in enumerate(parts["measure"].tokens) if each > REST]
            locked = frozenset(starts[: len(parts["locked_notes"])])
            parts = parts | {"locked_notes": locked}
        try:
            return kind(**parts)
        except ArmonicaError:
            return None

    return st.fixed_dictionaries(given).map(made).filter(lambda value: value is not None)


def tracks(grids: Sequence[Grid], few: int = 2) -> st.SearchStrategy[Track]:
    """Draw tracks of a slot for each grid."""
    return st.builds(
        Track,
        name=st.text(max_size=8),
        channel=st.integers(0, 15),
        program=st.integers(0, 127),
        velocity=st.integers(1, 127),
        level=st.none() | st.integers(0, 127),
        pan=st.none() | st.integers(0, 127),
        port=st.text(max_size=8),
        octave=st.integers(-4, 4),
        transpose=st.integers(-24, 24),
        muted=st.booleans(),
        solo=st.booleans(),
        locked=st.booleans(),
        routes=st.lists(ROUTES, max_size=2).map(tuple),
        slots=st.tuples(*[values(Slot, few, grid) for grid in grids]),
    )


def any_of(kinds: Iterable[type]) -> st.SearchStrategy[Any]:
    """Draw a value of any of the classes."""
    return st.one_of([values(kind) for kind in kinds])


def _of(hint: Any, few: int) -> st.SearchStrategy[Any]:
    origin, given = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of([_of(each, few) for each in given])
    if origin is Literal:
        return st.sampled_from(given)
    if origin is tuple and given[-1] is not Ellipsis:
        return st.tuples(*[_of(each, few) for each in given])
    if origin is tuple:
        return st.lists(_of(given[0], few), max_size=few).map(tuple)
    if origin is frozenset:
        return st.frozensets(_of(given[0], few), max_size=few)
    if origin is dict:
        return st.dictionaries(_of(given[0], few), _of(given[1], few), max_size=few)
    ready = {
        float: st.floats(allow_nan=False, width=32),
        int: st.integers(0, 15) | st.integers(-(2**63), 2**63 - 1),
        bool: st.booleans(),
        str: st.text(max_size=8),
        bytes: _BYTES,
        Fraction: st.fractions(max_denominator=48).filter(lambda value: abs(value) < 2**40),
        type(None): st.none(),
        Measure: GRID.flatmap(measures),
        Grid: GRID,
        m.TimedNote: NOTES,
        Track: st.lists(GRID, min_size=1, max_size=2).flatmap(tracks),
        Modulation: MODULATIONS,
        Route: ROUTES,
        Groove: GROOVES,
        Key: KEYS,
        Touch: TOUCHES,
        Hit: HITS,
        Pattern: PATTERNS,
        Accompaniment: ACCOMPANIMENTS,
        ChordSymbol: CHORDS.filter(bool),
        PlacedChord: PLACED_CHORDS,
    }
    if hint in ready:
        return ready[hint]
    found = concrete(hint)
    return st.deferred(lambda: st.one_of([values(each, few) for each in found]))


_ANYWHERE = {
    "at": TIMES,
    "off": TIMES,
    "outlet": st.integers(0, LAST_OUTLET),
    "voice": st.integers(0, LAST_VOICE),
}
