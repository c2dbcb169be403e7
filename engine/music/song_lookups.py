"""What is asked of songs again and again, remembered for the rows and forms they share."""

from __future__ import annotations

from functools import lru_cache
from typing import Generic, TypeVar

from engine.music import chord_order
from engine.music.accompaniment.under import MeasureChords, melody_chords, placed_chords
from engine.music.chord_track import ChordTrack
from engine.music.form import SLOWEST, SongForm, Step
from engine.music.scales import Key
from engine.music.slot import Slot


@lru_cache(maxsize=64)
def steps_of(form: SongForm, tempo: float, first: int, count: int) -> tuple[Step, ...]:
    """Return the steps of a form, or of ``count`` slots from the first on."""
    if not count:
        return tuple(form.steps(tempo))
    if not form:
        return tuple(Step(slot, (tempo, tempo)) for slot in range(first, first + count))
    return tuple(form.step_at(slot, tempo) for slot in range(first, first + count))


@lru_cache(maxsize=64)
def following(form: SongForm, length: int, sounding: int) -> tuple[int, ...]:
    """Return which slot is heard after each; after one that is not played, the one beside it."""
    found = [(at + 1) % length for at in range(length)]
    slots = [step.slot for step in steps_of(form, SLOWEST, 0, 0 if form else sounding)]
    for at, slot in reversed([*enumerate(slots)]):
        found[slot] = slots[(at + 1) % len(slots)]
    return tuple(found)


Value = TypeVar("Value")


class Same(Generic[Value]):
    """A value that equals itself alone: to compare rows of slots takes longer than it saves."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=64)
def last_of(slots: Same[tuple[Slot, ...]]) -> int:
    """Return how many slots there are up to the last that is not empty."""
    end = len(slots.value)
    while end and slots.value[end - 1].empty:
        end -= 1
    return end


@lru_cache(maxsize=16)
def chords_of_melody(slots: Same[tuple[Slot, ...]], key: Key) -> tuple[MeasureChords, ...]:
    """Return chords for each slot that fit a melody."""
    return melody_chords([slot.measure for slot in slots.value], key)


@lru_cache(maxsize=16)
def chords_as_played(chords: Same[ChordTrack], steps: Same[tuple[Step, ...]]) -> ChordTrack:
    """Return the chords with what lasts into each slot, by the order in which slots are played."""
    return chord_order.as_played(chords.value, steps.value)


@lru_cache(maxsize=16)
def chords_of_slots(
    placed: Same[ChordTrack], row: Same[tuple[Slot, ...]]
) -> tuple[MeasureChords, ...]:
    """Return the chords of each slot."""
    global _under
    chords = [(each.slot, each.place, each.chord) for each in placed.value]
    _under = placed_chords(chords, [slot.grid.length for slot in row.value], _under)
    return _under


_under: tuple[MeasureChords, ...] = ()
"""The chords of each slot as they were last: an edit changes few of them."""
