"""Edits of slots: measures come in, go, and are copied."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.edit import ClearSlot, CopySlot, InsertSlot, LoadMeasures, RemoveSlot
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import EditContext, apply_edit, step_name


@apply_edit.register
def _(command: LoadMeasures, song: Song, context: EditContext) -> Song:
    first, measures, origins, played = (
        command.slot, command.measures, command.origins, command.played
    )  # fmt: skip
    if not measures or len(measures) != len(origins) or len(played) not in (0, len(measures)):
        raise OutOfRange("To load measures takes at least one, and an origin for each.")
    if not 0 <= first <= song.length:
        raise OutOfRange(f"There is no place {first + 1} for a measure.")
    if first + len(measures) > MOST_SLOTS:
        raise OutOfRange(
            f"{len(measures)} measures from place {first + 1} on are more than the "
            f"{MOST_SLOTS} that a song can have.",
            "Load fewer, or at an earlier place.",
        )
    coming = tuple(map(Slot.brought_in, measures, origins, played or ((),) * len(measures)))
    row = song.track(command.row).slots
    song = song.with_slots((*row[:first], *coming, *row[first + len(coming) :]), command.row)
    return encoded([song], context.model)[0] if context.model else song


@step_name.register
def _(command: LoadMeasures, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if not command.gesture:
        return f"load {_measures(command.slot, command.slot + len(command.measures) - 1)}"
    # One pass of recording puts in several, one after the other.
    before = (*old.track(command.row).slots, *[None] * (new.length - old.length))
    row = new.track(command.row).slots
    changed = [at for at, slot in enumerate(row) if slot is not before[at]]
    return f"record {_measures(min(changed, default=0), max(changed, default=0))}"


@apply_edit.register
def _(command: CopySlot, song: Song, context: EditContext) -> Song:
    of = command.row if command.of is None else command.of
    slot = song.slot(command.source, of)
    if (of, command.source) == (command.row, command.target) or slot.empty:
        return song.with_slot(command.target, slot, command.row)
    origin = Origin("copy", slot.origin.title, f"copy of measure {command.source + 1}")
    if slot.pattern is not None:
        return song.with_slot(command.target, replace(slot, origin=origin), command.row)
    copied = replace(
        slot, anchor=slot.latent, origin=origin, source=slot.measure, played=slot.touches
    )
    return song.with_slot(command.target, copied, command.row)


@step_name.register
def _(command: CopySlot, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"copy measure {command.source + 1} to {command.target + 1}"


@apply_edit.register
def _(command: ClearSlot, song: Song, context: EditContext) -> Song:
    return song.with_slot(command.slot, Slot(), command.row)


@step_name.register
def _(command: ClearSlot, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"clear measure {command.slot + 1}"


@apply_edit.register
def _(command: InsertSlot, song: Song, context: EditContext) -> Song:
    if not 0 <= command.slot <= song.length:
        raise OutOfRange(f"There is no place {command.slot + 1} for a measure.")
    return song.inserted(command.slot)


@step_name.register
def _(command: InsertSlot, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"insert measure {command.slot + 1}"


@apply_edit.register
def _(command: RemoveSlot, song: Song, context: EditContext) -> Song:
    song.slot(command.slot)
    if song.length == 1:
        raise OutOfRange("A song keeps at least one measure.", "Clear it instead.")
    return song.removed(command.slot)


@step_name.register
def _(command: RemoveSlot, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"remove measure {command.slot + 1}"


def _measures(first: int, last: int) -> str:
    return f"measure {first + 1}" if first == last else f"measures {first + 1} to {last + 1}"
