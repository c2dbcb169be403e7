"""Edits of the chord track."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.chord_track import joined, place_words, written
from engine.music.song import Song
from engine.protocol.chords import ClearChords, FillChords, RemoveChord, WriteChords
from engine.services.editing.edits.base import EditContext, apply_edit, step_name, takes_long

MOST_AT_ONCE = 32
"""How many measures chords are looked for in on the engine thread, all of a song at once."""


@apply_edit.register
def _(command: WriteChords, song: Song, context: EditContext) -> Song:
    song.slot(command.slot)
    fresh = written(command.text, command.slot, command.place, song.grids, song.key)
    kept = song.chords
    if len(fresh) > 1 or "|" in command.text:
        named = {each.slot for each in fresh}
        kept = tuple(each for each in kept if each.slot not in named)
    return replace(song, chords=joined(kept, fresh))


@step_name.register
def _(command: WriteChords, old: Song, new: Song, spec: LatentSpec | None) -> str:
    known = set(old.chords)
    fresh = [each for each in new.chords if each not in known]
    if not fresh:
        return f"chords of measure {command.slot + 1}"
    first, last = fresh[0], fresh[-1]
    if first is last:
        return f"chord {first.name(new.key)} in measure {first.slot + 1}"
    to = f" to {last.slot + 1}" if last.slot > first.slot else ""
    return f"chords of measure{'s' * bool(to)} {first.slot + 1}{to}"


@apply_edit.register
def _(command: RemoveChord, song: Song, context: EditContext) -> Song:
    song.slot(command.slot)
    kept = tuple(each for each in song.chords if each.at != (command.slot, command.place))
    if len(kept) == len(song.chords):
        raise OutOfRange(
            f"No chord begins in measure {command.slot + 1} on beat "
            f"{place_words(command.place, song.grids[command.slot])}.",
            "Go to where one begins.",
        )
    return replace(song, chords=kept)


@step_name.register
def _(command: RemoveChord, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"remove chord in measure {command.slot + 1}"


@apply_edit.register
def _(command: ClearChords, song: Song, context: EditContext) -> Song:
    song.slot(command.slot)
    end = song.length if command.count is None else command.slot + command.count
    kept = (each for each in song.chords if not command.slot <= each.slot < end)
    return replace(song, chords=tuple(kept))


@step_name.register
def _(command: ClearChords, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if command.count is None:
        return "clear the chords" if not command.slot else f"clear chords from {command.slot + 1}"
    return f"clear chords of measure {command.slot + 1}"


@apply_edit.register
def _(command: FillChords, song: Song, context: EditContext) -> Song:
    # It imports numpy, which screens are not to wait for.
    from engine.harmony.song_harmony import filled

    song.slot(command.first, command.row)
    end = song.length if command.count is None else command.first + command.count
    if command.anew:
        kept = (each for each in song.chords if not command.first <= each.slot < end)
        song = replace(song, chords=tuple(kept))
    return replace(song, chords=filled(song, command.row, command.first, end - command.first))


@step_name.register
def _(command: FillChords, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return "all chords anew" if command.anew else "fill in chords"


@takes_long.register
def _(command: FillChords, song: Song) -> bool:
    return song.length > MOST_AT_ONCE
