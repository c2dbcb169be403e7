"""Edits of locks, and what they hold against: notes and measures that other edits leave alone."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import Locked, OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.locks import kept
from engine.music.measure import REST
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.base import Edit, TrackEdit
from engine.protocol.edit import Interpolate, RemoveSlot, SetMetre
from engine.protocol.form import RemoveSection
from engine.protocol.notes import LockMeasure, LockNotes, ToggleMeasureLock, ToggleNoteLocks
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    resolve_edit,
    step_name,
)


@resolve_edit.register
def _(command: ToggleNoteLocks, song: Song, context: EditContext) -> LockNotes:
    slot = song.slot(command.slot, command.row)
    onsets = zip(slot.measure.grid.onsets, slot.measure.tokens, strict=True)
    ticks = tuple(
        tick
        for tick, (onset, token) in enumerate(onsets)
        if token > REST and command.start <= onset < command.end
    )
    if not ticks:
        raise OutOfRange("No note starts here.", "Choose one, or a stretch that has some.")
    locked = not slot.locked_notes.issuperset(ticks)
    return LockNotes(command.slot, ticks, locked, track=command.track)


@apply_edit.register
def _(command: LockNotes, song: Song, context: EditContext) -> Song:
    slot = song.slot(command.slot, command.row)
    change = slot.locked_notes.union if command.locked else slot.locked_notes.difference
    return song.with_slot(
        command.slot, replace(slot, locked_notes=change(command.ticks)), command.row
    )


@step_name.register
def _(command: LockNotes, old: Song, new: Song, spec: LatentSpec | None) -> str:
    count = len(command.ticks)
    many = "a note" if count == 1 else f"{count} notes"
    return f"{'lock' if command.locked else 'unlock'} {many} in measure {command.slot + 1}"


@resolve_edit.register
def _(command: ToggleMeasureLock, song: Song, context: EditContext) -> LockMeasure:
    locked = song.slot(command.slot, command.row).locked
    return LockMeasure(command.slot, not locked, track=command.track)


@apply_edit.register
def _(command: LockMeasure, song: Song, context: EditContext) -> Song:
    slot = song.slot(command.slot, command.row)
    if slot.empty:
        raise OutOfRange(
            f"Measure {command.slot + 1} is empty.", "Lock one that something was put into."
        )
    return song.with_slot(command.slot, replace(slot, locked=command.locked), command.row)


@step_name.register
def _(command: LockMeasure, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{'lock' if command.locked else 'unlock'} measure {command.slot + 1}"


def check_locks(command: Edit, old: Song, new: Song) -> None:
    """Raise `Locked` where an edit has changed a measure or a note that is locked."""
    gone: range | None = None
    match command:
        case RemoveSlot(slot):
            gone = range(slot, slot + 1)
        case RemoveSection(section):
            gone = old.form.slots_of(section)
        case SetMetre(_, first, last):
            gone = range(first, last + 1)
    for at in gone or ():
        for number in range(len(old.tracks)):
            was = old.slot(at, number)
            if not isinstance(command, SetMetre) or new.slot(at, number) is not was:
                was.check_unlocked(at + 1)
    # Between two measures others come in, and none is changed.
    if not isinstance(command, TrackEdit) or not command.edits_measures:
        return
    if isinstance(command, Interpolate):
        return
    before, after = old.track(command.row).slots, new.track(command.row).slots
    for at, (was, now) in enumerate(zip(before, after, strict=False)):
        if was is now:
            continue
        if _held(was) != _held(now):
            was.check_open(at + 1)
        _check_notes(before, at, now)


def _held(slot: Slot) -> tuple[object, ...]:
    return slot.measure, slot.touches, slot.origin, slot.pattern


def _check_notes(before: tuple[Slot, ...], at: int, now: Slot) -> None:
    keeps, was = kept(before, at), before[at]
    if keeps.of(now.measure) == now.measure and _touches(was) == _touches(now, was):
        return
    for number, slot in ((at + 1, was), (at, before[at - 1])):
        # A note that is tied over belongs to the measure that it starts in.
        if slot.locked_notes or slot.locked:
            count = len(slot.locked_notes)
            what = (
                f"1 note is locked in measure {number}."
                if count == 1
                else (f"{count} notes are locked in measure {number}.")
            )
            what = f"Measure {number} is locked." if slot.locked else what
            raise Locked(what, "Leave them as they are, or unlock them first.")


def _touches(slot: Slot, locked: Slot | None = None) -> list[object]:
    """Return how the locked notes of a slot (or of another) are played."""
    own = slot.touches
    ticks = [tick for tick, token in enumerate(slot.measure.tokens) if token > REST]
    held = (locked or slot).locked_notes
    return [own[at] if own else None for at, tick in enumerate(ticks) if tick in held]
