"""What a song file says from version 5 on: each field only where it is not at its default.

A song without any of them is written in the version that it was written in before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from engine.formats.song_fields import SongFields, bad_song
from engine.music.accompaniment.style import RULE_GAUGES, Accompaniment
from engine.music.chord_track import ChordTrack, PlacedChord
from engine.music.chords import chord_of
from engine.music.form import (
    MOST_ENTRIES,
    MOST_SECTIONS,
    NO_FORM,
    OrderEntry,
    Section,
    SongForm,
)
from engine.music.grid import FOUR_QUARTERS, GRIDS
from engine.music.pattern import MOST_HITS, RESOLUTION, Hit, Pattern
from engine.music.scales import Key
from engine.music.song import Song
from engine.music.track import TRACK_KINDS

VERSION = 5
"""The version of a file in which any of these fields stands."""

MOST_CHORDS = 10_000
"""How many chords are read of a song at most."""

_BEAT = re.compile(r"[0-9]{1,4}(/[1-9][0-9]{0,3})?")


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


def _write_form(form: SongForm) -> object:
    return {
        "sections": [asdict(section) for section in form.sections],
        "order": [[entry.section, entry.repeats] for entry in form.order],
    }


def _read_form(fields: SongFields) -> object:
    part = SongFields(fields.take("form"), "the form")
    sections = tuple(
        _read_section(body, f"section {number}")
        for number, body in enumerate(part.rows("sections", MOST_SECTIONS), 1)
    )
    order = []
    for entry in part.rows("order", MOST_ENTRIES):
        if not isinstance(entry, list) or len(entry) != 2:
            bad_song("an entry of the order is not a section and how often it is played")
        order.append(OrderEntry(*(part.is_integer("order", each) for each in entry)))
    part.end()
    return SongForm(sections, tuple(order))


def _read_section(body: object, where: str) -> Section:
    fields = SongFields(body, where)
    name, length = fields.text("name"), fields.whole("length")
    tempo, ramp = fields.real_or_none("tempo"), fields.real_or_none("ramp")
    key = None
    if (named := fields.take("key")) is not None:
        part = SongFields(named, f"the key of {where}")
        key = Key(part.whole("tonic"), part.text("scale"))
        part.end()
    fields.end()
    return Section(name, length, tempo, ramp, key)


MOST_TICKS = max(grid.ticks for grid in GRIDS.values())
"""The most ticks of a measure."""


def _read_grid(fields: SongFields) -> object:
    name = fields.text("metre")
    if name not in GRIDS:
        bad_song("a measure is in a metre that is not known")
    return GRIDS[name]


def _write_chords(chords: ChordTrack) -> object:
    return [[each.slot + 1, str(each.place + 1), each.name()] for each in chords]


def _read_chords(fields: SongFields) -> ChordTrack:
    return tuple(_chord(row) for row in fields.rows("chords", MOST_CHORDS))


def _chord(row: object) -> PlacedChord:
    if not isinstance(row, list) or len(row) != 3:
        bad_song("a chord is not a measure, a beat and a name")
    measure, beat, name = row
    if type(measure) is not int or not isinstance(beat, str) or not isinstance(name, str):
        bad_song("a chord is not a measure, a beat and a name")
    if not _BEAT.fullmatch(beat):
        bad_song(f"{beat[:20]!r} is no beat of a chord")
    return PlacedChord(measure - 1, Fraction(beat) - 1, chord_of(name))


OF_SONG: tuple[Addition, ...] = (
    Addition("form", lambda song: song.form, NO_FORM, _write_form, _read_form),
    # Each its measure, its place in quarter notes, both from 1, and its name.
    Addition("chords", lambda song: song.chords, (), _write_chords, _read_chords),
    Addition(
        "follow", lambda song: song.follow, False, bool, lambda fields: fields.truth("follow")
    ),
)
OF_TRACK = (
    Addition("kind", lambda track: track.kind, "melody", str, _read_kind),
    Addition(
        "accompaniment", lambda track: track.accompaniment, None, _write_accompaniment,
        _read_accompaniment,
    ),
)  # fmt: skip
OF_SLOT = (
    Addition("metre", lambda slot: slot.grid, FOUR_QUARTERS, lambda g: g.name, _read_grid),
    Addition("pattern", lambda slot: slot.pattern, None, _write_pattern, _read_pattern),
    Addition(
        "locked_notes",
        lambda slot: slot.locked_notes,
        frozenset(),
        sorted,
        lambda fields: frozenset(fields.integers("locked_notes", MOST_TICKS)),
    ),
    Addition(
        "locked", lambda slot: slot.locked, False, bool, lambda fields: fields.truth("locked")
    ),
)


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
