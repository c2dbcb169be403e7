"""What is selected after an edit: the measure, the track, the entry of the order, and the loop."""

from __future__ import annotations

from typing import Any

from engine.music.form import SongForm
from engine.music.song import Song
from engine.protocol.base import Edit
from engine.protocol.edit import InsertSlot, Interpolate, RemoveSlot
from engine.protocol.form import (
    AddEntry,
    AddSection,
    CopySection,
    Crossfade,
    MakeUnique,
    MoveEntry,
    RemoveEntry,
)
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import AddTrack, CopyTrack, MoveTrack, RemoveTrack


def selection_after(command: Edit, song: Song, shown: Snapshot) -> dict[str, Any]:
    """Return what is selected in the song that an edit made, by the fields of the snapshot."""
    selected, track, loop = shown.selected, shown.track, shown.loop
    entry = _entry_after(command, song, shown.entry)
    match command:
        case InsertSlot(slot):
            selected += slot < selected
            loop = _moved(loop, slot, 1)
        case RemoveSlot(slot):
            selected -= slot < selected
            loop = _moved(loop, slot, -1)
        case Interpolate(source, _, count):
            selected += count if source < selected else 0
            loop = _moved(loop, source + 1, count)
        case AddTrack():
            track = len(song.tracks) - 1
        case CopyTrack():
            track = command.row + 1
        case RemoveTrack() if command.row < track:
            track -= 1
        case MoveTrack() if command.row == track:
            track = max(0, min(len(song.tracks) - 1, track + command.by))
        case AddSection() | CopySection() | Crossfade() | MakeUnique():
            selected, loop = song.form.slots_of(song.form.order[entry].section).start, None
        case _ if song.length < shown.song.length:
            loop = None
    return {"selected": selected, "track": track, "entry": entry, "loop": loop}


def entry_at(form: SongForm, slot: int, entry: int) -> int:
    """Return the entry that is selected with a slot: ``entry``, unless it plays another section."""
    if not form:
        return 0
    entry = min(entry, len(form.order) - 1)
    section = form.section_at(slot)
    if section is None or form.order[entry].section == section:
        return entry
    return next(iter(form.places(section)), entry)


def _entry_after(command: Edit, song: Song, entry: int) -> int:
    last = len(song.form.order) - 1
    match command:
        case AddSection(at) | AddEntry(_, at) if at is None:
            return last
        case AddSection(int(at)):
            return at + 1
        case CopySection(at) | Crossfade(at):
            return at + 1
        case AddEntry(_, int(at)) | MakeUnique(at):
            return at
        case RemoveEntry(at):
            return entry - (at < entry)
        case MoveEntry(at, by) if at == entry:
            return max(0, min(last, at + by))
    return entry


def _moved(loop: tuple[int, int] | None, slot: int, by: int) -> tuple[int, int] | None:
    """Return the measures of a loop where some came in before ``slot``, or went from there on."""
    if loop is None:
        return None
    first, count = loop
    if slot < first or (by > 0 and slot == first):
        return first + by, count
    if slot < first + count:
        return (first, count + by) if count + by > 0 else None
    return loop
