"""Snapshots on a line as what differs from the one before, so that a turn of a knob is short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from engine.common.codec import BadLine
from engine.music.song import Slot, Song
from engine.protocol.snapshot import Snapshot
from engine.remote.protocol import TOLD

CHANNEL: Literal["differs"] = "differs"
"""The channel of what differs: the fields of a snapshot that do, and the song's beside them."""


class Differences:
    """Writes each snapshot as it differs from the last; a line begins at the empty one."""

    def __init__(self) -> None:
        self._last = Snapshot()

    def write(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return what differs, and remember the snapshot."""
        last, self._last = self._last, snapshot
        body = _differing(snapshot, last, "song")
        if snapshot.song is not last.song:
            body["song"] = _differing(snapshot.song, last.song, "slots")
            if snapshot.song.slots is not last.song.slots:
                body["song"]["slots"] = _slots(snapshot.song.slots, last.song.slots)
        return body

    def read(self, body: Any) -> Snapshot:
        """Return the snapshot that differs so; slots that stayed are the same objects."""
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
        rest = {name: value for name, value in body.items() if name != "slots"}
        read = TOLD.read_one(Song, rest)
        given = {name: getattr(read, name) for name in rest}
        if "slots" in body:
            given["slots"] = tuple(self._slot(each) for each in body["slots"])
        return replace(old, **given)

    def _slot(self, body: Any) -> Slot:
        if type(body) is int:
            if not 0 <= body < len(self._last.song.slots):
                raise BadLine("A difference speaks of a measure that was not there.")
            return self._last.song.slots[body]
        slot: Slot = TOLD.read_one(Slot, body)
        return slot


def _differing(new: Snapshot | Song, old: Snapshot | Song, without: str) -> dict[str, Any]:
    # Also what went back to its default has changed.
    return {
        name: TOLD.field(new, name)
        for name in TOLD.names(type(new))
        if name != without and getattr(new, name) != getattr(old, name)
    }


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
