"""Edits of metres: measures of all tracks get another grid."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.chord_track import ChordTrack
from engine.music.grid import Grid, grid_of
from engine.music.measure import Measure
from engine.music.performance import Touches
from engine.music.refitting import RefitChanges, refitted
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.edit import SetMetre
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    change_words,
    step_name,
    takes_long,
)

MOST_AT_ONCE = 8
"""How many measures with notes get another grid on the engine thread."""


@apply_edit.register
def _(command: SetMetre, song: Song, context: EditContext) -> Song:
    grid, first, last = grid_of(command.metre), command.first, command.last
    song.slot(first)
    song.slot(last)
    if last < first:
        raise OutOfRange(f"There is no measure from {first + 1} to {last + 1}.")
    tracks = tuple(replace(track, slots=_row(track, first, last, grid)[0]) for track in song.tracks)
    song = replace(song, tracks=tracks, chords=_chords_within(song, command))
    return encoded([song], context.model)[0] if context.model else song


@step_name.register
def _(command: SetMetre, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{command.metre} in {measures_words(command.first, command.last)}"


@change_words.register
def _(command: SetMetre, old: Song, new: Song) -> str:
    grid, changes = grid_of(command.metre), RefitChanges()
    for track in old.tracks:
        changes += _row(track, command.first, command.last, grid)[1]
    where = measures_words(command.first, command.last)
    said = f"{where[0].upper()}{where[1:]} {'is' if command.first == command.last else 'are'}"
    lost = len(old.chords) - len(new.chords)
    chords = f"{lost} chord{'s' * (lost > 1)} past the end left out." if lost else ""
    return " ".join(f"{said} in {command.metre}. {changes.sentences} {chords}".split())


@takes_long.register
def _(command: SetMetre, song: Song) -> bool:
    slots = (track.slots[max(0, command.first) : command.last + 1] for track in song.tracks)
    return sum(not slot.empty for row in slots for slot in row) > MOST_AT_ONCE


def _chords_within(song: Song, command: SetMetre) -> ChordTrack:
    """Return the chords without those that begin where a shorter measure has ended."""
    length = grid_of(command.metre).length
    return tuple(
        each
        for each in song.chords
        if not command.first <= each.slot <= command.last or each.place < length
    )


def measures_words(first: int, last: int) -> str:
    """Name measures: ``measure 3``, ``measures 3 to 5``."""
    return f"measure {first + 1}" if first == last else f"measures {first + 1} to {last + 1}"


def _row(track: Track, first: int, last: int, grid: Grid) -> tuple[tuple[Slot, ...], RefitChanges]:
    """Return the slots of a track with another grid in some, and what that changed.

    Raises `Locked` where notes of a locked track would be changed.
    """
    row = track.slots
    begin, stop = first, last + 1
    # What is tied to these measures is read and written with them.
    while begin > 0 and row[begin].measure.held_in:
        begin -= 1
    while stop < len(row) and row[stop].measure.held_in:
        stop += 1
    tied = bool(row[stop % len(row)].measure.held_in)
    here = row[begin:stop]
    grids = [grid if first <= at <= last else row[at].grid for at in range(begin, stop)]
    if [slot.grid for slot in here] == grids:
        return row, RefitChanges()
    made, changes = refitted(
        [slot.measure for slot in here], [slot.touches for slot in here], grids, tied=tied
    )
    fresh = tuple(_slot(slot, *each) for slot, each in zip(here, made, strict=True))
    for slot, on in zip(here, grids, strict=True):
        _, gone, cut = slot.regridded(on)
        changes += RefitChanges(gone, cut)
    if any(new is not old and not old.empty for new, old in zip(fresh, here, strict=True)):
        track.check_unlocked()
    return (*row[:begin], *fresh, *row[stop:]), changes


def _slot(slot: Slot, measure: Measure, touches: Touches) -> Slot:
    if measure == slot.measure:
        return slot
    if slot.pattern is not None:
        return slot.regridded(measure.grid)[0]
    if slot.empty:
        if measure.silent:
            return Slot.blank(measure.grid)
        return Slot.brought_in(measure, Origin("written", "Written by hand"), touches)
    return Slot.brought_in(measure, slot.origin, touches)
