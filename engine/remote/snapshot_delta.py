"""Snapshots on a line as what differs from the one before, so that a turn of a knob is short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from engine.common.json_values import BadLine
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.snapshot import Snapshot
from engine.remote.protocol import TOLD

CHANNEL: Literal["differs"] = "differs"
"""The channel of what differs: the fields of a snapshot, its song, and of each track, that do."""

_NEW = Track(slots=())
"""What a track differs from that was not there."""


class Differences:
    """Writes each snapshot as it differs from the last; a line begins at the empty one."""

    def __init__(self) -> None:
        self._last = Snapshot()

    def write(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return what differs, and remember the snapshot."""
        last, self._last = self._last, snapshot
        body = _differing(snapshot, last, "song")
        if snapshot.song is not last.song:
            body["song"] = _differing(snapshot.song, last.song, "tracks")
            if snapshot.song.tracks is not last.song.tracks:
                body["song"]["tracks"] = _tracks(snapshot.song.tracks, last.song.tracks)
        return body

    def read(self, body: Any) -> Snapshot:
        """Return the snapshot that differs so; what stayed are the same objects."""
        if not isinstance(body, dict):
            raise BadLine("A difference is a JSON object.")
        try:
            parts = dict(body)
            if "song" in parts:
                parts["song"] = self._song(parts["song"])
            rest = {name: value for name, value in parts.items() if name != "song"}
            read = TOLD.read_one(Snapshot, rest)
            given = {name: getattr(read, name) for name in rest}
            if "song" in parts:
                given["song"] = parts["song"]
            self._last = replace(self._last, **given)
        except BadLine:
            raise
        except Exception as error:
            raise BadLine(f"A difference cannot be read: {error}.") from None
        return self._last

    def _song(self, body: dict[str, Any]) -> Song:
        old = self._last.song
        rest = {name: value for name, value in body.items() if name != "tracks"}
        read = TOLD.read_one(Song, rest)
        given = {name: getattr(read, name) for name in rest}
        if "tracks" in body:
            given["tracks"] = tuple(_track(each, old.tracks) for each in body["tracks"])
        return replace(old, **given)


def _differing(
    new: Snapshot | Song | Track, old: Snapshot | Song | Track, without: str
) -> dict[str, Any]:
    # Also what went back to its default has changed.
    return {
        name: TOLD.field(new, name)
        for name in TOLD.names(type(new))
        if name != without and getattr(new, name) != getattr(old, name)
    }


def _tracks(new: tuple[Track, ...], old: tuple[Track, ...]) -> list[dict[str, Any]]:
    # Where a track is taken out or put in, the others have moved and are the same objects.
    places = {id(track): place for place, track in enumerate(old)}
    body = []
    for index, track in enumerate(new):
        place = places.get(id(track), index)
        base = old[place] if place < len(old) else _NEW
        differs = _differing(track, base, "slots")
        if track.slots is not base.slots:
            differs["slots"] = _slots(track.slots, base.slots)
        body.append({"from": place if place < len(old) else None, **differs})
    return body


def _track(body: dict[str, Any], old: tuple[Track, ...]) -> Track:
    place = body["from"]
    if place is not None and not (type(place) is int and 0 <= place < len(old)):
        raise BadLine("A difference speaks of a track that was not there.")
    base = _NEW if place is None else old[place]
    rest = {name: value for name, value in body.items() if name not in ("from", "slots")}
    read = TOLD.read_one(Track, rest)
    given = {name: getattr(read, name) for name in rest}
    if "slots" in body:
        given["slots"] = tuple(_slot(each, base.slots) for each in body["slots"])
    return replace(base, **given) if given else base


def _slot(body: Any, old: tuple[Slot, ...]) -> Slot:
    if type(body) is int:
        if not 0 <= body < len(old):
            raise BadLine("A difference speaks of a measure that was not there.")
        return old[body]
    slot: Slot = TOLD.read_one(Slot, body)
    return slot


def _slots(new: tuple[Slot, ...], old: tuple[Slot, ...]) -> list[Any]:
    # Where a slot is taken out or put in, the others have moved and are the same objects.
    places = {id(slot): place for place, slot in reversed(list(enumerate(old)))}
    body: list[Any] = []
    for index, slot in enumerate(new):
        if index < len(old) and (slot is old[index] or slot == old[index]):
            body.append(index)
        else:
            body.append(places[id(slot)] if id(slot) in places else TOLD.fields(slot))
    return body
