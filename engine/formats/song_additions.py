"""What a song file says from version 5 on: each field only where it is not at its default.

A song without any of them is written in the version that it was written in before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.formats.song_fields import SongFields, bad_song
from engine.music.accompaniment.style import RULE_GAUGES, Accompaniment
from engine.music.pattern import MOST_HITS, RESOLUTION, Hit, Pattern
from engine.music.song import Song
from engine.music.track import TRACK_KINDS

VERSION = 5
"""The version of a file in which any of these fields stands."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A field of a class: where it is got from, its default, how it is written and read."""

    name: str
    get: Callable[[Any], Any]
    default: Any
    write: Callable[[Any], object]
    read: Callable[[SongFields], Any]


def _read_kind(fields: SongFields) -> object:
    kind = fields.text("kind")
    if kind not in TRACK_KINDS:
        bad_song("a track is of a kind that is not known")
    return kind


def _write_pattern(pattern: Pattern) -> object:
    # Onset and duration in parts of a quarter note, pitch, velocity.
    return [
        [int(hit.onset * RESOLUTION), int(hit.duration * RESOLUTION), hit.pitch, hit.velocity]
        for hit in pattern.hits
    ]


def _read_pattern(fields: SongFields) -> Pattern:
    return Pattern(tuple(_read_hit(fields, row) for row in fields.rows("pattern", MOST_HITS)))


def _read_hit(fields: SongFields, row: object) -> Hit:
    if not isinstance(row, list) or len(row) != 4:
        bad_song("a note of a pattern is not an onset, a duration, a pitch and a velocity")
    onset, duration, pitch, velocity = (fields.is_integer("pattern", value) for value in row)
    return Hit(Fraction(onset, RESOLUTION), pitch, Fraction(duration, RESOLUTION), velocity)


def _write_accompaniment(rule: Accompaniment) -> object:
    gauges: dict[str, object] = {name: getattr(rule, name) for name in RULE_GAUGES}
    return {"style": rule.style, **gauges}


def _read_accompaniment(fields: SongFields) -> Accompaniment:
    part = SongFields(fields.take("accompaniment"), "the accompaniment")
    style = part.text("style")
    gauges: dict[str, float] = {name: part.real(name) for name in RULE_GAUGES}
    rule = Accompaniment(style, **gauges)
    part.end()
    return rule


OF_SONG: tuple[Addition, ...] = ()
OF_TRACK = (
    Addition("kind", lambda track: track.kind, "melody", str, _read_kind),
    Addition(
        "accompaniment", lambda track: track.accompaniment, None, _write_accompaniment,
        _read_accompaniment,
    ),
)  # fmt: skip
OF_SLOT = (Addition("pattern", lambda slot: slot.pattern, None, _write_pattern, _read_pattern),)


def written(additions: Iterable[Addition], value: object) -> dict[str, object]:
    """Return the fields of a value that are not at their defaults, as they are written."""
    found = ((each, each.get(value)) for each in additions)
    return {each.name: each.write(got) for each, got in found if got != each.default}


def read(additions: Iterable[Addition], fields: SongFields) -> dict[str, Any]:
    """Take the fields that are there out of an object, and return what they say."""
    return {each.name: each.read(fields) for each in additions if each.name in fields}


def any_of(song: Song) -> bool:
    """Return whether a song has anything to say here."""
    return bool(
        written(OF_SONG, song)
        or any(written(OF_TRACK, track) for track in song.tracks)
        or any(written(OF_SLOT, slot) or slot.origin.kind == "rule" for slot in song.slots())
    )
