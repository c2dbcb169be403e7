"""Chords as they are played: what lasts into a measure hangs on what is played before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from engine.music.chord_track import ChordTrack, PlacedChord, of_slot, sounding
from engine.music.form import Step

_START = Fraction(0)


def lasting_into(
    chords: ChordTrack, steps: Sequence[Step], before: PlacedChord | None = None
) -> Iterator[PlacedChord | None]:
    """Yield the chord that lasts into each measure that is played, None where there is none.

    Into the first one lasts what was ``before``.
    """
    last_of = {each.slot: each for each in chords}
    lasting = before
    for step in steps:
        yield lasting
        lasting = last_of.get(step.slot, lasting)


def held_in(chords: ChordTrack, slot: int, lasting: PlacedChord | None) -> ChordTrack:
    """Return the chords of a slot, at its start the one that lasts into it."""
    return _with(of_slot(chords, slot), slot, lasting)


def held_by_step(
    chords: ChordTrack, steps: Sequence[Step], before: PlacedChord | None = None
) -> Iterator[ChordTrack]:
    """Yield the chords of each measure that is played; equal ones are the same object."""
    own: dict[int, list[PlacedChord]] = {}
    for each in chords:
        own.setdefault(each.slot, []).append(each)
    known: dict[tuple[int, int], ChordTrack] = {}
    pairs = zip(steps, lasting_into(chords, steps, before), strict=True)
    for step, lasting in pairs:
        key = step.slot, id(lasting)
        if key not in known:
            known[key] = _with(tuple(own.get(step.slot, ())), step.slot, lasting)
        yield known[key]


def as_played(chords: ChordTrack, steps: Sequence[Step]) -> ChordTrack:
    """Return the chords with what lasts into each slot written out, where it is played first.

    Slots that are not played have what lies before them.
    """
    held: dict[int, ChordTrack] = {}
    for step, each in zip(steps, held_by_step(chords, steps), strict=True):
        held.setdefault(step.slot, each)
    found = {each.at: each for each in chords}
    before: PlacedChord | None = None
    for slot in sorted({*held, *(each.slot for each in chords)}):
        own = held.get(slot, ())
        # Only where it differs from what lasts on as the measures lie.
        if own and own[0].place == _START and (before is None or own[0].chord != before.chord):
            found.setdefault(own[0].at, own[0])
        before = own[-1] if own else before
    return tuple(found[at] for at in sorted(found))


def step_of(steps: Sequence[Step], slot: int, entry: int | None, repeat: int = 0) -> int | None:
    """Return at which step a slot is played: in an entry of the order, or else the first time."""
    first = None
    for at, step in enumerate(steps):
        if step.slot == slot:
            if (step.entry, step.repeat) == (entry, repeat):
                return at
            first = at if first is None else first
    return first


def before_step(chords: ChordTrack, steps: Sequence[Step], slot: int, at: int | None) -> (
    PlacedChord | None
):  # fmt: skip
    """Return the chord that lasts into a slot at a step; as the measures lie where it has none."""
    if at is None:
        earlier = tuple(each for each in chords if each.slot < slot)
        return sounding(earlier, slot, 0)
    last_of = {each.slot: each for each in chords}
    played = (last_of.get(step.slot) for step in reversed(steps[:at]))
    return next((each for each in played if each is not None), None)


def next_in_order(
    chords: ChordTrack, steps: Sequence[Step], slot: int, at: int | None, place: Fraction
) -> PlacedChord | None:
    """Return the chord that begins next after a place of a slot that is played at a step."""
    rest = [each for each in of_slot(chords, slot) if each.place > place]
    if rest:
        return rest[0]
    if at is None:
        return next((each for each in chords if each.slot > slot), None)
    first_of = {each.slot: each for each in reversed(chords)}
    played = (first_of.get(step.slot) for step in steps[at + 1 :])
    return next((each for each in played if each is not None), None)


def _with(own: ChordTrack, slot: int, lasting: PlacedChord | None) -> ChordTrack:
    if lasting is None or (own and own[0].place == _START):
        return own
    return (replace(lasting, slot=slot, place=_START), *own)
