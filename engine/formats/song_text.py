"""The text of a song file: versioned, readable, and read strictly.

It is JSON. Codes are written with all their digits, so that what is read equals what was written.
A song is written in the oldest version that holds it, so that an older program opens whatever it
can play.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from engine.common.fields import no_constant
from engine.errors import ArmonicaError, BadSong
from engine.formats import song_additions
from engine.formats.song_fields import LONGEST_TEXT, MOST_DIMENSIONS, SongFields, bad_song
from engine.latent.spec import serves
from engine.music.grid import FOUR_QUARTERS
from engine.music.groove import PLAIN, SWING_UNITS, Groove
from engine.music.measure import Measure
from engine.music.modulation import MODULATION_KINDS, Modulation
from engine.music.routes import MOST_ROUTES, Route
from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Origin, OriginKind, Slot
from engine.music.song import MOST_SLOTS, MOST_TRACKS, Song
from engine.music.track import Track

VERSION = song_additions.VERSION
"""The newest version."""

TRACKS = 4
"""The version that songs of several tracks are written in."""

OLDEST = 1
"""The oldest version that is read: one that says nothing of how measures are sounded or played.

A song that has nothing to say of it is written so, and opens in older programs, too.
"""

LARGEST = 64_000_000
"""The largest file in bytes: several times the longest song."""

_KINDS: dict[str, OriginKind] = {kind: kind for kind in get_args(OriginKind) if kind != "empty"}
_PLAIN_SOUND = {
    "groove": asdict(PLAIN),
    "key": asdict(C_MAJOR),
    "lock": False,
    "bank": [None, None],
    "modulations": [],
    "routes": [],
}
"""How a song of version 1 is sounded."""

_TRACK_FIELDS = (
    "name", "level", "pan", "port", "octave", "transpose", "muted", "solo", "locked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds: a song, and the dimensions that were locked.

    ``belongs_to`` and ``base`` are used by songs that are kept by themselves: the file that the
    user knows the song by, and the digest of what that held when the work on it began.
    """

    song: Song
    locks: frozenset[int] = frozenset()
    belongs_to: str | None = None
    base: str | None = None


def encode(document: Document) -> bytes:
    """Return the document as the text of a file, a line for each thing worth reading."""
    song, first = document.song, document.song.tracks[0]
    model = None if song.model is None else dict(zip(("name", "digest"), song.model, strict=True))
    sound = {"key": asdict(song.key), "lock": song.lock}
    version = max(map(_version, song.slots()))
    if {**sound, **_sound_of(first)} != _PLAIN_SOUND:
        version = max(version, 2)
    if len(song.tracks) > 1 or _own(first) != _own(Track()):
        version = TRACKS
    if song_additions.any_of(song):
        version = VERSION
    head: dict[str, object] = {
        "armonica": version,
        "title": song.title[:LONGEST_TEXT],
        "tempo": song.tempo,
    }
    if version < TRACKS:
        # As a song was written when it had one track.
        head |= {"track": _instrument(first)}
        head |= _in_order({**_sound_of(first), **sound}) if version > OLDEST else {}
    else:
        head |= {**sound, **song_additions.written(song_additions.OF_SONG, song)}
    head |= {
        "model": model,
        "locks": sorted(document.locks),
        "belongs_to": document.belongs_to,
        **({} if document.base is None else {"base": document.base}),
    }
    try:
        return _text(head, song, version, ascii_only=False).encode()
    except UnicodeEncodeError:
        # A name that came from a file system may hold what no text can.
        return _text(head, song, version, ascii_only=True).encode()


def _in_order(sound: Mapping[str, object]) -> dict[str, object]:
    return {name: sound[name] for name in _PLAIN_SOUND}


def _instrument(track: Track) -> dict[str, object]:
    return {name: getattr(track, name) for name in ("channel", "program", "velocity")}


def _sound_of(track: Track) -> dict[str, object]:
    # What came with version 2.
    return {
        "groove": asdict(track.groove),
        "bank": [track.bank_msb, track.bank_lsb],
        "modulations": [asdict(modulation) for modulation in track.modulations],
        "routes": [asdict(route) for route in track.routes],
    }


def _own(track: Track) -> dict[str, object]:
    # What came with version 4.
    return {name: getattr(track, name) for name in _TRACK_FIELDS}


def decode(data: bytes) -> Document:
    """Read the text of a file; raises `BadSong`, and nothing else, for what is not one."""
    if len(data) > LARGEST:
        bad_song(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        body = json.loads(data.decode(), parse_constant=no_constant)
    except (ValueError, RecursionError):
        bad_song("it is damaged, or no song at all")
    if not isinstance(body, dict) or "armonica" not in body:
        bad_song("it is no song")
    version = body["armonica"]
    if type(version) is not int or not OLDEST <= version <= VERSION:
        raise BadSong(
            f"This song has version {str(version)[:20]}, and 1 to {VERSION} are known here.",
            "Open it with the Armonica that wrote it, or a newer one.",
        )
    try:
        return _document(SongFields(body, "the song"))
    except BadSong:
        raise
    except ArmonicaError as error:
        bad_song(error.message.rstrip("."))


def _document(fields: SongFields) -> Document:
    version = fields.take("armonica")
    title, tempo = fields.text("title"), fields.real("tempo")
    key, lock = C_MAJOR, False
    if version > OLDEST:
        part = SongFields(fields.take("key"), "the key")
        key, lock = Key(part.whole("tonic"), part.text("scale")), fields.truth("lock")
        part.end()
    if version < TRACKS:
        part = SongFields(fields.take("track"), "the track")
        sound = _read_instrument(part)
        part.end()
        sound |= _read_sound(fields) if version > OLDEST else {}
        tracks = [Track(**sound, slots=_slots(fields, "", version))]
    else:
        listed = fields.rows("tracks", MOST_TRACKS)
        tracks = [_track(body, f"track {at}", version) for at, body in enumerate(listed, 1)]
    model = None
    if (named := fields.take("model")) is not None:
        part = SongFields(named, "the model")
        model = part.text("name"), part.text("digest")
        part.end()
    locks = fields.integers("locks", MOST_DIMENSIONS)
    if any(not 0 <= lock < MOST_DIMENSIONS for lock in locks):
        bad_song("the locks are not dimensions")
    # A place, not a text: it may be a name that only its file system can read.
    belongs_to = fields.take("belongs_to")
    if belongs_to is not None and not isinstance(belongs_to, str):
        bad_song("belongs_to is not a text")
    base = fields.text_or_none("base")
    added = _additions(song_additions.OF_SONG, fields, version)
    fields.end()
    if not tracks:
        bad_song("it has no tracks")
    song = Song(title, tempo, tuple(tracks), model, key, lock, **added)
    if len({len(slot.latent) for slot in song.slots() if slot.latent is not None}) > 1:
        bad_song("its codes have different lengths")
    return Document(song, frozenset(locks), belongs_to, base)


def _track(body: object, where: str, version: int) -> Track:
    fields = SongFields(body, where)
    own: dict[str, Any] = {
        "name": fields.text("name"),
        "port": fields.text("port"),
        "octave": fields.whole("octave"),
        "transpose": fields.whole("transpose"),
        "level": fields.whole_or_none("level"),
        "pan": fields.whole_or_none("pan"),
    }
    own |= {name: fields.truth(name) for name in ("muted", "solo", "locked")}
    sound = {**_read_instrument(fields), **_read_sound(fields)}
    slots = _slots(fields, f" of {where}", version)
    added = _additions(song_additions.OF_TRACK, fields, version)
    fields.end()
    return Track(**own, **sound, slots=slots, **added)


def _additions(
    of: Iterable[song_additions.Addition], fields: SongFields, version: int
) -> dict[str, Any]:
    return song_additions.read(of, fields) if version >= song_additions.VERSION else {}


def _slots(fields: SongFields, of: str, version: int) -> tuple[Slot, ...]:
    listed = fields.take("slots")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SLOTS:
        bad_song(f"the slots{of} are not a list of 1 to {MOST_SLOTS}")
    return tuple(
        _slot(body, f"measure {number}{of}", version) for number, body in enumerate(listed, 1)
    )


def _read_instrument(fields: SongFields) -> dict[str, Any]:
    return {name: fields.whole(name) for name in ("channel", "program", "velocity")}


def _read_sound(fields: SongFields) -> dict[str, Any]:
    part = SongFields(fields.take("groove"), "the groove")
    unit = part.text("unit")
    if unit not in SWING_UNITS:
        bad_song("the swing is of parts that are not known")
    groove = Groove(
        part.real("swing"),
        SWING_UNITS[SWING_UNITS.index(unit)],
        part.real("timing"),
        part.whole("velocity"),
        part.whole("seed"),
    )
    part.end()
    bank = fields.take("bank")
    if not isinstance(bank, list) or len(bank) != 2:
        bad_song("the bank is not a list of two")
    msb, lsb = (None if each is None else fields.is_integer("bank", each) for each in bank)
    listed = fields.rows("modulations", MOST_DIMENSIONS)
    modulations = tuple(_modulation(body, f"modulation {at}") for at, body in enumerate(listed, 1))
    listed = fields.rows("routes", MOST_ROUTES)
    routes = tuple(_route(body, f"route {at}") for at, body in enumerate(listed, 1))
    return {
        "bank_msb": msb,
        "bank_lsb": lsb,
        "groove": groove,
        "modulations": modulations,
        "routes": routes,
    }


def _route(body: object, where: str) -> Route:
    fields = SongFields(body, where)
    route = Route(
        fields.text("port"),
        fields.whole("channel"),
        fields.whole_or_none("program"),
        fields.whole("transpose"),
        fields.truth("clock"),
    )
    fields.end()
    return route


def _modulation(body: object, where: str) -> Modulation:
    fields = SongFields(body, where)
    kind = fields.text("kind")
    if kind not in MODULATION_KINDS:
        bad_song(f"{where} is of a kind that is not known")
    names = ("channel", "number", "low", "high")
    rest = {name: fields.whole(name) for name in names}
    modulation = Modulation(
        fields.whole("dimension"), MODULATION_KINDS[MODULATION_KINDS.index(kind)], **rest
    )
    fields.end()
    return modulation


def _slot(body: object, where: str, version: int) -> Slot:
    if body is None:
        return Slot()
    fields = SongFields(body, where)
    added = _additions(song_additions.OF_SLOT, fields, version)
    grid = added.pop("metre", FOUR_QUARTERS)
    if "origin" not in fields and version >= VERSION:
        fields.end()
        return replace(Slot.blank(grid), **added)
    origin_fields = SongFields(fields.take("origin"), f"the origin of {where}")
    kind = origin_fields.text("kind")
    if kind not in _KINDS:
        bad_song(f"the origin of {where} is of a kind that is not known")
    origin = Origin(_KINDS[kind], origin_fields.text("title"), origin_fields.text("detail"))
    origin_fields.end()
    measure = Measure(fields.integers("tokens", grid.ticks), grid)
    source = fields.tokens_or_none("source", grid.ticks)
    latent, anchor, moved = fields.code("latent"), fields.code("anchor"), fields.truth("moved")
    played = fields.touches("played", grid.ticks) if version > 1 else ()
    fields.end()
    if latent is not None and not serves(grid):
        bad_song(f"{where} has a code, and no model knows {grid.name}")
    if (latent is None) != (anchor is None) or len(latent or ()) != len(anchor or ()):
        bad_song(f"the code and the anchor of {where} do not go together")
    brought = None if source is None else Measure(source, grid)
    return Slot(measure, latent, anchor, origin, moved, brought, played, **added)


def _version(slot: Slot) -> int:
    # The first that knew what the slot says of itself.
    if slot.origin.kind == "written":
        return 3
    return 2 if slot.played or slot.origin.kind in ("played", "between") else OLDEST


def _text(head: Mapping[str, object], song: Song, version: int, ascii_only: bool) -> str:
    def compact(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)

    def listed(fields: Mapping[str, object]) -> list[str]:
        return [f"{compact(name)}: {compact(value)}" for name, value in fields.items()]

    lines = listed(head)
    if version < TRACKS:
        return _object([*lines, _slot_lines(song.tracks[0].slots, version, compact)])
    tracks = []
    for track in song.tracks:
        added = song_additions.written(song_additions.OF_TRACK, track)
        parts = listed({**_own(track), **_instrument(track), **_sound_of(track), **added})
        tracks.append(_object([*parts, _slot_lines(track.slots, version, compact)]).rstrip())
    lines.append('"tracks": [\n' + ",\n".join(tracks) + "\n ]")
    return _object(lines)


def _object(lines: Sequence[str]) -> str:
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _slot_lines(slots: Sequence[Slot], version: int, compact: Callable[[object], str]) -> str:
    bodies = []
    for slot in slots:
        added = song_additions.written(song_additions.OF_SLOT, slot)
        if slot.empty:
            bodies.append(f"  {compact(added)}" if added else "  null")
            continue
        origin = {
            "kind": slot.origin.kind,
            "title": slot.origin.title[:LONGEST_TEXT],
            "detail": slot.origin.detail[:LONGEST_TEXT],
        }
        parts: dict[str, object] = {
            "origin": origin,
            "tokens": slot.measure.tokens,
            "source": slot.source.tokens if slot.source is not None else None,
            "moved": slot.moved,
            "latent": slot.latent,
            "anchor": slot.anchor,
        }
        if version > OLDEST:
            touches = [touch and (touch.velocity, touch.deviation) for touch in slot.played]
            parts["played"] = touches
        parts |= added
        inside = ",\n   ".join(f"{compact(name)}: {compact(part)}" for name, part in parts.items())
        bodies.append(f"  {{{inside}}}")
    return '"slots": [\n' + ",\n".join(bodies) + "\n ]"
