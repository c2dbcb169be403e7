"""Surprise in words: which note is out of the ordinary, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.music.grid import Grid
from engine.music.measure import Measure
from engine.music.scales import Key
from engine.phrase.surprise import EventSurprise, MeasureSurprise

SHARP = {
    "when": 4.0,
    "key": 3.0,
    "leap": 4.0,
    "which": 4.5,
}
"""From so many bits on a part is worth a sentence."""

MOST = 3
"""The most sentences about one measure."""

_LETTERS = ["C", "D", "E", "F", "G", "A", "B"]
_NATURAL = (0, 2, 4, 5, 7, 9, 11)
_SIGNS = {-1: " flat", 0: "", 1: " sharp"}
_FLAT_KEYS = {1, 3, 5, 8, 10}
_PARTS = {
    Fraction(1, 8): "1/8", Fraction(1, 6): "1/6", Fraction(1, 4): "1/4", Fraction(1, 3): "1/3",
    Fraction(1, 2): "1/2", Fraction(2, 3): "2/3", Fraction(3, 4): "3/4", Fraction(5, 6): "5/6",
}  # fmt: skip


def words(found: MeasureSurprise, key: Key) -> tuple[str, ...]:
    """Return up to three sentences about a measure, the largest surprise first.

    Each names a note and its place, what it does, and the bits of that part.
    """
    said = [(bits, text) for event in found.events for bits, text in _about(event, found.grid, key)]
    said.sort(key=lambda each: -each[0])
    return tuple(f"{text} ({bits:.1f} bits)" for bits, text in said[:MOST])


def reason(event: EventSurprise, grid: Grid, key: Key) -> str:
    """Return the largest part of a note's surprise in words; empty where none is large."""
    said = _about(event, grid, key)
    if not said:
        return ""
    bits, text = max(said, key=lambda each: each[0])
    return f"{text} ({bits:.1f} bits)"


def compared(percentile: float) -> str:
    """Say a percentile: ``more unusual than 97 % of printed measures``."""
    return f"more unusual than {min(99, int(percentile))} % of printed measures"


def repeated(measures: Sequence[Measure], number: int) -> int | None:
    """Return the first measure before ``number`` that is the same, if there is one."""
    own = measures[number]
    return next((at for at in range(number) if measures[at] == own), None)


def _about(event: EventSurprise, grid: Grid, key: Key) -> list[tuple[float, str]]:
    when, in_key, leap, which = event.parts
    said: list[tuple[float, str]] = []
    if event.tick >= grid.ticks:
        return [(when, "It ends early")] if when > SHARP["when"] else []
    place = beat(event.tick, grid)
    if event.pitch is None:
        if when > SHARP["when"]:
            said.append((when, f"Something on {place} was not expected"))
        if in_key > SHARP["key"]:
            said.append((in_key, f"A rest on {place} was not expected"))
        return said
    name = pitch_name(event.pitch, key)
    if when > SHARP["when"]:
        said.append((when, f"A note on {place} was not expected"))
    if in_key > SHARP["key"]:
        does = "stays in" if key.holds(event.pitch) else "leaves"
        said.append((in_key, f"{name} on {place} {does} {key.name}"))
    if leap > SHARP["leap"]:
        said.append((leap, f"{name} on {place} is an unexpected step away"))
    if which > SHARP["which"]:
        said.append((which, f"{name} on {place} stands where another note was expected"))
    return said


def beat(tick: int, grid: Grid) -> str:
    """Return where a tick stands: ``beat 3``, or ``beat 3 + 1/2``."""
    number, part = divmod(grid.edges[tick] / grid.beat, 1)
    within = f" + {_PARTS.get(part, str(part))}" if part else ""
    return f"beat {int(number) + 1}{within}"


def pitch_name(pitch: int, key: Key) -> str:
    """Return a pitch without its octave, spelt for the key: ``A flat``, ``F sharp``."""
    number = pitch % 12
    if number in _NATURAL:
        return _LETTERS[_NATURAL.index(number)]
    flat = _flat(number, key)
    letter = _NATURAL.index(number + 1 if flat else number - 1)
    return f"{_LETTERS[letter]}{_SIGNS[-1 if flat else 1]}"


def _flat(number: int, key: Key) -> bool:
    # In the key: as its signature has it. Outside: the lowered second, third, sixth and seventh.
    signature = (key.tonic - _third(key)) % 12
    if key.holds(number):
        return signature in _FLAT_KEYS
    return (number - key.tonic) % 12 in (1, 3, 8, 10)


def _third(key: Key) -> int:
    """Return how far the tonic is above that of the major key with the same signature."""
    return {"natural minor": 9, "harmonic minor": 9, "melodic minor": 9, "dorian": 2,
            "phrygian": 4, "lydian": 5, "mixolydian": 7, "locrian": 11,
            "minor pentatonic": 9, "blues": 9}.get(key.scale, 0)  # fmt: skip
