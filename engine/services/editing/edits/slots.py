"""Edits of slots: measures come in, go, and are copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.refitting import RefitChanges, refitted
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.edit import ClearSlot, CopySlot, InsertSlot, LoadMeasures, RemoveSlot
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import EditContext, apply_edit, change_words, step_name
from engine.services.editing.edits.metres import measures_words


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
    song = _swung(put_slots(song, coming, first, command.row), command)
    return encoded([song], context.model)[0] if context.model else song


def _swung(song: Song, command: LoadMeasures) -> Song:
    track, last = song.track(command.row), command.slot + len(command.measures)
    others = (*track.slots[: command.slot], *track.slots[last:])
    if command.groove is None or not all(slot.empty for slot in others):
        return song
    groove = replace(track.groove, swing=command.groove.swing, unit=command.groove.unit)
    return song.with_track(command.row, groove=groove)


def put_slots(song: Song, coming: Sequence[Slot], first: int, row: int) -> Song:
    """Return the song with slots put into a track, which bring the metre of their measures.

    Raises `OutOfRange` where another track has notes in another metre there.
    """
    song.track(row)
    tracks = []
    for number, track in enumerate(song.tracks):
        slots = list(track.slots)
        for at, slot in enumerate(coming, first):
            there = slots[at] if at < len(slots) else None
            if number == row:
                slots[at : at + 1] = [slot]
            elif there is None or (there.empty and there.grid != slot.grid):
                slots[at : at + 1] = [Slot.blank(slot.grid)]
            elif there.grid != slot.grid:
                raise OutOfRange(
                    f"Measure {at + 1} is in {there.grid.name} in track {number + 1}, "
                    f"and what comes is in {slot.grid.name}.",
                    "Choose measures that other tracks leave empty, or set their metre first.",
                )
        tracks.append(replace(track, slots=tuple(slots)))
    return replace(song, tracks=tuple(tracks))


@change_words.register
def _(command: LoadMeasures, old: Song, new: Song) -> str:
    last = min(command.slot + len(command.measures), old.length)
    changed = [at for at in range(command.slot, last) if old.grid(at) != new.grid(at)]
    words = []
    if changed:
        metres = " and ".join(dict.fromkeys(new.grid(at).name for at in changed))
        where = measures_words(changed[0], changed[-1])
        verb = "is" if len(changed) == 1 else "are"
        words.append(f"{where[0].upper()}{where[1:]} {verb} in {metres} now, as what came.")
    if (groove := command.groove) is not None:
        there = new.track(command.row).groove
        if (there.swing, there.unit) == (groove.swing, groove.unit):
            words.append(f"The track swings as the file does: {groove.unit} {groove.swing:g} %.")
        else:
            words.append("The track holds other measures too and keeps its own swing.")
    return " ".join(words)


@step_name.register
def _(command: LoadMeasures, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if not command.gesture:
        return f"load {measures_words(command.slot, command.slot + len(command.measures) - 1)}"
    # One pass of recording puts in several, one after the other.
    before = (*old.track(command.row).slots, *[None] * (new.length - old.length))
    row = new.track(command.row).slots
    changed = [at for at, slot in enumerate(row) if slot is not before[at]]
    return f"record {measures_words(min(changed, default=0), max(changed, default=0))}"


@apply_edit.register
def _(command: CopySlot, song: Song, context: EditContext) -> Song:
    of = command.row if command.of is None else command.of
    slot, there = song.slot(command.source, of), song.slot(command.target, command.row)
    if (of, command.source) == (command.row, command.target):
        return song
    if slot.empty:
        return song.with_slot(command.target, Slot.blank(there.grid), command.row)
    origin = Origin("copy", slot.origin.title, f"copy of measure {command.source + 1}")
    if slot.pattern is not None:
        copied, gone, cut = slot.unlocked().regridded(there.grid)
        _check_fits(command, slot, there, RefitChanges(gone, cut))
        return song.with_slot(command.target, replace(copied, origin=origin), command.row)
    copied = replace(
        slot.unlocked(),
        anchor=slot.latent,
        origin=origin,
        source=slot.measure,
        played=slot.touches,
    )
    if slot.grid != there.grid:
        ((measure, touches),), changes = refitted([slot.measure], [slot.touches], [there.grid])
        _check_fits(command, slot, there, changes)
        copied = Slot.brought_in(measure, origin, touches)
    song = song.with_slot(command.target, copied, command.row)
    return encoded([song], context.model)[0] if context.model else song


def _check_fits(command: CopySlot, slot: Slot, there: Slot, changes: RefitChanges) -> None:
    if changes:
        raise OutOfRange(
            f"Measure {command.source + 1}, in {slot.grid.name}, does not fit measure "
            f"{command.target + 1}, in {there.grid.name}: {changes.words}.",
            "Give one of them the metre of the other first.",
        )


@step_name.register
def _(command: CopySlot, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"copy measure {command.source + 1} to {command.target + 1}"


@apply_edit.register
def _(command: ClearSlot, song: Song, context: EditContext) -> Song:
    grid = song.slot(command.slot, command.row).grid
    return song.with_slot(command.slot, Slot.blank(grid), command.row)


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
