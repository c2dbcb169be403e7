"""Latent codes of a song's measures, which belong to one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.latent.spec import LatentModel, LatentSpec, serves
from engine.music.slot import Slot
from engine.music.song import Song


def encoded(songs: Iterable[Song], model: LatentModel) -> list[Song]:
    """Return the songs with a code of this model for every measure that has none.

    A measure in a metre that the model does not serve has none.
    The codes of another model are dropped: the measures stay as they are, and so does what
    they are called.
    """
    every = [_own(song, model.spec) for song in songs]
    lacking = dict.fromkeys(
        slot.measure for song in every for slot in song.slots() if _lacks_code(slot)
    )
    if not lacking:
        return every
    codes = dict(zip(lacking, model.encode(list(lacking)), strict=True))

    def coded(slot: Slot) -> Slot:
        if not _lacks_code(slot):
            return slot
        code = codes[slot.measure]
        return replace(slot, latent=code, anchor=code)

    return [_with_each(song, coded) for song in every]


def foreign(song: Song, spec: LatentSpec) -> bool:
    """Return whether the song's codes belong to another model."""
    size = len(spec.dimensions)
    lengths = {len(slot.latent) for slot in song.slots() if slot.latent is not None}
    return song.model not in (None, (spec.name, spec.digest)) or not lengths <= {size}


def _own(song: Song, spec: LatentSpec) -> Song:
    if foreign(song, spec):
        song = _with_each(song, _without_code)
    return replace(song, model=(spec.name, spec.digest))


def _with_each(song: Song, change: Callable[[Slot], Slot]) -> Song:
    tracks = tuple(replace(track, slots=tuple(map(change, track.slots))) for track in song.tracks)
    return replace(song, tracks=tracks)


def _without_code(slot: Slot) -> Slot:
    if slot.empty or slot.pattern is not None:
        return slot
    brought = Slot.brought_in(slot.measure, slot.origin, slot.touches)
    return replace(brought, locked_notes=slot.locked_notes, locked=slot.locked)


def _lacks_code(slot: Slot) -> bool:
    if slot.latent is not None or slot.pattern is not None:
        return False
    return not slot.empty and serves(slot.grid)
