"""Snapshots on a line as what differs from the one before, so that a turn of a knob is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

from engine.common.json_values import BadLine
from engine.music.chord_track import PlacedChord
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.snapshot import Snapshot
from engine.remote.protocol import TOLD

CHANNEL: Literal["differs"] = "differs"
"""The channel of what differs: the fields of a snapshot, its song, and of each track, that do."""

_NAMES = "undo", "redo"
"""The rows of names in a snapshot; most stay as they are, and there may be hundreds."""

_LIKE, _CODE = "like", "code"
"""The place of the slot that a slot differs from, and which numbers of its code do."""

Old = TypeVar("Old")

_NEW = Track(slots=())
"""What a track differs from that was not there."""


class Differences:
    """Writes each snapshot as it differs from the last; a line begins at the empty one."""

    def __init__(self) -> None:
        self._last = Snapshot()

    def write(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return what differs, and remember the snapshot."""
        last, self._last = self._last, snapshot
        body = _differing(snapshot, last, "song", *_NAMES)
        for name in _NAMES:
            if (now := getattr(snapshot, name)) != (was := getattr(last, name)):
                body[name] = _row(now, was, str)
        if snapshot.song is not last.song:
            body["song"] = _differing(snapshot.song, last.song, "tracks", "chords")
            if (chords := snapshot.song.chords) != last.song.chords:
                body["song"]["chords"] = _row(chords, last.song.chords, TOLD.fields)
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
            for name in _NAMES:
                if name in parts:
                    parts[name] = list(_read_row(parts[name], getattr(self._last, name), _name))
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
        rest = {name: value for name, value in body.items() if name not in ("tracks", "chords")}
        read = TOLD.read_one(Song, rest)
        given = {name: getattr(read, name) for name in rest}
        if "chords" in body:
            given["chords"] = _read_row(body["chords"], old.chords, _chord)
        if "tracks" in body:
            given["tracks"] = tuple(_track(each, old.tracks) for each in body["tracks"])
        return replace(old, **given)


def _name(body: Any) -> str:
    if not isinstance(body, str):
        raise BadLine("The name of a step is a text.")
    return body


def _chord(body: Any) -> PlacedChord:
    chord: PlacedChord = TOLD.read_one(PlacedChord, body)
    return chord


def _differing(
    new: Snapshot | Song | Track | Slot, old: Snapshot | Song | Track | Slot, *without: str
) -> dict[str, Any]:
    # Also what went back to its default has changed.
    return {
        name: TOLD.field(new, name)
        for name in TOLD.names(type(new))
        if name not in without and getattr(new, name) != getattr(old, name)
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
        given["slots"] = _read_row(body["slots"], base.slots, lambda each: _slot(each, base.slots))
    return replace(base, **given) if given else base


def _slot(body: Any, old: tuple[Slot, ...]) -> Slot:
    if not isinstance(body, dict) or _LIKE not in body:
        slot: Slot = TOLD.read_one(Slot, body)
        return slot
    rest = {name: value for name, value in body.items() if name not in (_LIKE, _CODE)}
    (base,) = _kept([body[_LIKE], 1], old)
    read = TOLD.read_one(Slot, rest)
    given = {name: getattr(read, name) for name in rest}
    if _CODE in body:
        given["latent"] = _code(body[_CODE], base)
    return replace(base, **given)


def _code(moves: Any, base: Slot) -> tuple[float, ...]:
    if base.latent is None:
        raise BadLine("A difference speaks of a code that was not there.")
    code = list(base.latent)
    for at, value in moves:
        if type(at) is not int or not 0 <= at < len(code) or type(value) not in (int, float):
            raise BadLine("A difference speaks of a gauge that was not there.")
        code[at] = float(value)
    return tuple(code)


def _slots(new: tuple[Slot, ...], old: tuple[Slot, ...]) -> list[Any]:
    # Where a slot is taken out or put in, the others have moved and are the same objects.
    places = {id(slot): place for place, slot in reversed(list(enumerate(old)))}
    body: list[Any] = []
    for index, slot in enumerate(new):
        place = index if index < len(old) and slot is old[index] else places.get(id(slot))
        if place is None and index < len(old) and slot == old[index]:
            place = index
        if place is not None:
            _keep(body, place)
        elif index < len(old):
            body.append(_moved(slot, old[index], index))
        else:
            body.append(TOLD.fields(slot))
    return body


def _moved(slot: Slot, old: Slot, index: int) -> dict[str, Any]:
    """Return a slot as it differs from the one that was in its place."""
    body = {_LIKE: index, **_differing(slot, old, "latent")}
    if slot.latent == old.latent:
        return body
    if slot.latent is None or old.latent is None or len(slot.latent) != len(old.latent):
        return {**body, "latent": TOLD.field(slot, "latent")}
    pairs = enumerate(zip(slot.latent, old.latent, strict=True))
    return {**body, _CODE: [[at, now] for at, (now, was) in pairs if now != was]}


# Rows of values of which most are kept


def _keep(body: list[Any], place: int) -> None:
    """Add one that is kept from a place; those that follow each other are a place and a number."""
    last = body[-1] if body else None
    if isinstance(last, list) and sum(last) == place:
        last[1] += 1
    else:
        body.append([place, 1])


def _kept(body: Any, old: Sequence[Old]) -> Sequence[Old]:
    if len(body) == 2 and all(type(each) is int for each in body):
        first, count = body
        if first >= 0 and count >= 1 and first + count <= len(old):
            return old[first : first + count]
    raise BadLine("A difference speaks of a measure that was not there.")


def _row(new: Sequence[Old], old: Sequence[Old], write: Callable[[Old], Any]) -> list[Any]:
    """Return a row that begins and ends as it was, with what is new between."""
    shorter = min(len(new), len(old))
    same = (at for at in range(shorter) if new[at] != old[at])
    first = next(same, shorter)
    last = next((n for n in range(shorter - first) if new[-1 - n] != old[-1 - n]), shorter - first)
    body: list[Any] = [[0, first]] if first else []
    body += map(write, new[first : len(new) - last])
    return body + ([[len(old) - last, last]] if last else [])


def _read_row(body: Any, old: Sequence[Old], read: Callable[[Any], Old]) -> tuple[Old, ...]:
    found: list[Old] = []
    for each in body:
        if isinstance(each, list):
            found += _kept(each, old)
        else:
            found.append(read(each))
    return tuple(found)
