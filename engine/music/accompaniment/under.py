"""The chords under each measure of a song, as accompaniment follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from engine.music.chords import ChordSymbol
from engine.music.measure import Measure
from engine.music.scales import SCALES, Key


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from ``start`` to ``end`` in quarter notes of a measure; None where there is none."""

    start: Fraction
    end: Fraction
    chord: ChordSymbol | None


MeasureChords = tuple[ChordSpan, ...]
"""The chords of one measure, in order, without a gap."""


def placed_chords(
    chords: Sequence[tuple[int, Fraction, ChordSymbol | None]],
    lengths: Sequence[Fraction],
    before: Sequence[MeasureChords] = (),
) -> tuple[MeasureChords, ...]:
    """Return the chords of measures of such lengths, of chords each placed in one of them.

    Each lasts to the next, over bar lines also; before the first there is none. A measure that
    has what it had ``before`` has the same object, which tells what is to be played anew.
    """
    found: list[MeasureChords] = []
    at, last = 0, None
    for slot, length in enumerate(lengths):
        begins: list[tuple[Fraction, ChordSymbol | None]] = [(Fraction(0), last)]
        while at < len(chords) and chords[at][0] <= slot:
            _, place, last = chords[at]
            if place < length:
                # What begins with the measure takes the place of what lasted on.
                begins = [each for each in begins if each[0] < place] + [(place, last)]
            at += 1
        ends = [*(start for start, _ in begins[1:]), length]
        spans = tuple(
            ChordSpan(start, end, chord) for (start, chord), end in zip(begins, ends, strict=True)
        )
        same = slot < len(before) and before[slot] == spans
        found.append(before[slot] if same else spans)
    return tuple(found)


_LIKED = (0.5, 0.05, -0.1, 0.35, 0.35, 0.15, -1.0)
"""How much a triad on each degree is liked for itself: I, IV and V before the others."""

_STAY, _FALL, _LAST_TONIC = 0.15, 0.35, 1.0


def melody_chords(measures: Sequence[Measure], key: Key) -> tuple[MeasureChords, ...]:
    """Return a triad of a key under each measure of a melody, which fits its notes best.

    The sum of three things is as large as it can be: notes of the chord against notes outside it,
    the liking for a degree, and the steps from chord to chord.
    """
    triads = _triads(key)
    total, back = [0.0] * 7, []
    for fit in _all_fits(tuple(measures), key):
        best = max(range(7), key=total.__getitem__)
        here, came = [], []
        for degree in range(7):
            # A chord stays, falls a fifth, or comes from whatever was best before it.
            found = [(total[best], best), (total[degree] + _STAY, degree)]
            found.append((total[(degree + 4) % 7] + _FALL, (degree + 4) % 7))
            most, before = max(found)
            here.append(most + fit[degree])
            came.append(before)
        total = here
        back.append(came)
    total[0] += _LAST_TONIC
    path = [max(range(7), key=total.__getitem__)]
    for pointers in reversed(back[1:]):
        path.append(pointers[path[-1]])
    return tuple(
        _alone(measure.grid.length, triads[degree])
        for measure, degree in zip(measures, reversed(path), strict=True)
    )


@lru_cache(maxsize=512)
def _alone(length: Fraction, chord: ChordSymbol) -> MeasureChords:
    # The same object each time: what is the same chord is told by that.
    return (ChordSpan(Fraction(0), length, chord),)


Fits = tuple[float, ...]


_LAST: dict[Key, tuple[tuple[Measure, ...], list[Fits]]] = {}
"""What came of the last melody in a key: an edit changes one measure of it."""

_MOST_KEPT = 16


def _all_fits(measures: tuple[Measure, ...], key: Key) -> list[Fits]:
    before, fits = _LAST.get(key, ((), []))
    found = [
        fits[at] if at < len(fits) and before[at] is measure else _fits(measure, key)
        for at, measure in enumerate(measures)
    ]
    if len(_LAST) >= _MOST_KEPT:
        _LAST.clear()
    _LAST[key] = measures, found
    return found


@lru_cache(maxsize=64)
def _triads(key: Key) -> tuple[ChordSymbol, ...]:
    scale = SCALES[key.scale]
    if len(scale) != 7:
        scale = SCALES["natural minor" if 3 in scale and 4 not in scale else "major"]
    qualities = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}
    found = []
    for degree in range(7):
        root = scale[degree]
        third, fifth = ((scale[(degree + up) % 7] - root) % 12 for up in (2, 4))
        found.append(ChordSymbol((key.tonic + root) % 12, qualities.get((third, fifth), "")))
    return tuple(found)


def _fits(measure: Measure, key: Key) -> Fits:
    notes = [
        # The note that stands on the beat says more about the harmony than those that pass.
        (note.pitch, float(note.duration) * (1.5 if note.onset % 1 == 0 else 1.0))
        for note in measure.notes
    ]
    return tuple(
        liked + sum(weight * (1.0 if triad.holds(pitch) else -0.7) for pitch, weight in notes)
        for triad, liked in zip(_triads(key), _LIKED, strict=True)
    )
