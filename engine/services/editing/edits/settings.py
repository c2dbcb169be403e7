"""Edits of how a song is sounded as a whole: title, tempo, key."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.scales import Key
from engine.music.song import Song
from engine.protocol.edit import SetKey, SetTempo, SetTitle, SetTones
from engine.services.editing.edits.base import EditContext, apply_edit, step_name
from engine.text import printable

TITLE_LENGTH = 200
"""The longest title in characters."""


@apply_edit.register
def _(command: SetTitle, song: Song, context: EditContext) -> Song:
    shown = printable(command.title, " ").strip()
    if len(shown) > TITLE_LENGTH:
        raise OutOfRange(f"A title has at most {TITLE_LENGTH} characters.")
    return replace(song, title=shown or "Untitled")


@step_name.register
def _(command: SetTitle, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return "title"


@apply_edit.register
def _(command: SetTempo, song: Song, context: EditContext) -> Song:
    return replace(song, tempo=float(command.tempo))


@step_name.register
def _(command: SetTempo, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"tempo {new.tempo:g}"


@apply_edit.register
def _(command: SetKey, song: Song, context: EditContext) -> Song:
    tonic = song.key.tonic if command.tonic is None else command.tonic
    scale = song.key.scale if command.scale is None else command.scale
    lock = song.lock if command.lock is None else command.lock
    follow = song.follow if command.follow is None else command.follow
    return replace(song, key=Key(tonic, scale), lock=lock, follow=follow)


@step_name.register
def _(command: SetKey, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if command.follow is not None and new.follow != old.follow:
        return "lock follows the chords" if new.follow else "lock follows the key alone"
    if command.lock is None:
        return f"key {new.key.name}"
    return f"lock to {new.key.name}" if new.lock else "lock off"


@apply_edit.register
def _(command: SetTones, song: Song, context: EditContext) -> Song:
    stay = song.stay_in_key if command.stay_in_key is None else command.stay_in_key
    tones = song.chord_tones if command.chord_tones is None else command.chord_tones
    return replace(song, stay_in_key=stay, chord_tones=tones)


@step_name.register
def _(command: SetTones, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if new.stay_in_key != old.stay_in_key:
        return "stay in the key" if new.stay_in_key else "any notes"
    return "chord tones on strong beats" if new.chord_tones else "any notes on strong beats"
