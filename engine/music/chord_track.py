"""The chord track of a song: which chord lies from which place on, and charts of chords as text.

A chord lasts until the next one, over bar lines also. Placed chords are in order of their places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from engine.errors import OutOfRange
from engine.music.chords import NO_CHORD, ChordSymbol, chord_of
from engine.music.grid import Grid
from engine.music.scales import Key

LATEST = Fraction(64)
"""No chord begins as many quarter notes into its measure as this."""

FINEST = 96
"""The finest part of a quarter note on which a chord begins."""

LONGEST_CHART = 2000
"""The longest chart that is read, in characters."""

_BEAT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?(?:/\d{1,3})?):(.*)")


@dataclass(frozen=True, slots=True)
class PlacedChord:
    """A chord from a place on: ``slot``, and ``place`` in quarter notes into its measure.

    ``chord`` is None where there is to be none. Raises `OutOfRange` for a place that no measure
    has.
    """

    slot: int
    place: Fraction
    chord: ChordSymbol | None

    def __post_init__(self) -> None:
        if self.slot < 0 or not 0 <= self.place < LATEST or self.place.denominator > FINEST:
            raise OutOfRange("A chord begins on a beat of a measure, or on a part of one.")

    @property
    def at(self) -> tuple[int, Fraction]:
        """Its measure, and its place in that."""
        return self.slot, self.place

    def name(self, key: Key | None = None) -> str:
        """Return the symbol, ``N.C.`` for none."""
        return NO_CHORD if self.chord is None else self.chord.name(key)


ChordTrack = tuple[PlacedChord, ...]


def check(chords: ChordTrack, length: int) -> None:
    """Raise `OutOfRange` where chords are out of order, or outside a song of so many slots."""
    places = [each.at for each in chords]
    if any(a >= b for a, b in pairwise(places)):
        raise OutOfRange("The chords of a song are in order, one at each place.")
    if chords and chords[-1].slot >= length:
        raise OutOfRange(
            f"There is no measure {chords[-1].slot + 1} for a chord: the song has {length}."
        )


def sounding(chords: ChordTrack, slot: int, place: Fraction | float) -> PlacedChord | None:
    """Return the chord that lasts at a place, None before the first."""
    found = None
    for each in chords:
        if each.at > (slot, place):
            break
        found = each
    return found


def following(chords: ChordTrack, slot: int, place: Fraction | float) -> PlacedChord | None:
    """Return the chord that begins next after a place, None after the last."""
    return next((each for each in chords if each.at > (slot, place)), None)


def of_slot(chords: ChordTrack, slot: int) -> ChordTrack:
    """Return the chords that begin in a slot."""
    return tuple(each for each in chords if each.slot == slot)


def joined(chords: ChordTrack, fresh: Iterable[PlacedChord]) -> ChordTrack:
    """Return the chords with fresh ones in the place of those that begin there."""
    by_place = {each.at: each for each in (*chords, *fresh)}
    return tuple(by_place[at] for at in sorted(by_place))


def inserted(chords: ChordTrack, index: int, count: int) -> ChordTrack:
    """Return the chords after ``count`` measures were put in before ``index``."""
    return tuple(
        replace(each, slot=each.slot + count) if each.slot >= index else each for each in chords
    )


def removed(chords: ChordTrack, index: int, count: int, length: int) -> ChordTrack:
    """Return the chords after ``count`` of ``length`` measures were taken out from ``index`` on.

    Their chords go with them, and the measures that stay keep theirs: one that lasted on into the
    measure after them begins there.
    """
    after = index + count
    gone = [each for each in chords if index <= each.slot < after]
    rest = [replace(each, slot=each.slot - count) for each in chords if each.slot >= after]
    begins = bool(rest) and rest[0].at == (index, Fraction(0))
    if gone and not begins and after < length:
        rest.insert(0, PlacedChord(index, Fraction(0), gone[-1].chord))
    return (*(each for each in chords if each.slot < index), *rest)


# Charts


def written(text: str, slot: int, place: Fraction, grids: Sequence[Grid], key: Key) -> ChordTrack:
    """Read chords that are typed at a place of a song whose slots have ``grids``.

    One chord stands at ``place``, or on a beat that goes before it (``3: Am7``). Of several in a
    measure (``Am7 D7``) those without a beat are spread over its beats evenly; after a bar line
    (``C | Am7 D7 | G``) comes the next measure, and one that is empty stays as it is. Raises
    `OutOfRange` for what is no chord, or does not fit.
    """
    if len(text) > LONGEST_CHART:
        raise OutOfRange(f"A chart of chords has at most {LONGEST_CHART} characters.")
    measures = [part.split() for part in re.sub(r":\s+", ":", text).strip().strip("|").split("|")]
    if not any(measures):
        raise OutOfRange("No chord is named.", "Write for example Am7, or C | Am7 D7 | G.")
    if slot + len(measures) > len(grids):
        raise OutOfRange(
            f"The chart has {len(measures)} measures, and from measure {slot + 1} on the song has "
            f"{len(grids) - slot}.",
            "Add measures first, or write fewer.",
        )
    alone = len(measures) == 1 and len(measures[0]) == 1
    found: list[PlacedChord] = []
    for at, symbols in enumerate(measures, slot):
        for number, symbol in enumerate(symbols):
            begins = place if alone else _spread(number, len(symbols), grids[at])
            if on_beat := _BEAT.fullmatch(symbol):
                begins, symbol = _place(on_beat[1], grids[at]), on_beat[2]
            if not 0 <= begins < grids[at].length:
                raise OutOfRange(
                    f"Measure {at + 1} has {grids[at].beats} beats, and no place for {symbol[:20]}."
                )
            found.append(PlacedChord(at, begins, chord_of(symbol, key)))
    return joined((), found)


def place_words(place: Fraction, grid: Grid) -> str:
    """Name a place by its beat, as it is typed: ``3``, ``2+1/2``."""
    beat, part = divmod(place / grid.beat, 1)
    return f"{beat + 1}" + (f"+{part}" if part else "")


def _spread(number: int, count: int, grid: Grid) -> Fraction:
    if count > grid.beats:
        raise OutOfRange(f"{count} chords do not fit in {grid.beats} beats.", "Write fewer.")
    # The first has the longer part where it does not come out even.
    return -(-number * grid.beats // count) * grid.beat


def _place(beat: str, grid: Grid) -> Fraction:
    try:
        return (Fraction(beat) - 1) * grid.beat
    except (ValueError, ZeroDivisionError):
        raise OutOfRange(f"{beat[:20]!r} is no beat.", "Write for example 3: Am7.") from None
