"""The text of a song file: versioned, readable, and read strictly.

It is JSON. Codes are written with all their digits, so that what is read equals what was written.
A song is written in the oldest version that holds it, so that an older program opens whatever it
can play.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, get_args

from engine.common.fields import Fields, no_constant, number
from engine.errors import ArmonicaError, BadSong
from engine.music.grid import FOUR_QUARTERS
from engine.music.groove import PLAIN, SWING_UNITS, Groove
from engine.music.measure import Measure
from engine.music.modulation import MODULATION_KINDS, Modulation
from engine.music.performance import Touch, Touches
from engine.music.routes import MOST_ROUTES, Route
from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Origin, OriginKind, Slot
from engine.music.song import MOST_SLOTS, MOST_TRACKS, Song
from engine.music.track import Track
from engine.text import printable

VERSION = 4
"""The version that songs of several tracks are written in."""

OLDEST = 1
"""The oldest version that is read: one that says nothing of how measures are sounded or played.

A song that has nothing to say of it is written so, and opens in older programs, too.
"""

LARGEST = 64_000_000
"""The largest file in bytes: several times the longest song."""

_KINDS: dict[str, OriginKind] = {kind: kind for kind in get_args(OriginKind) if kind != "empty"}
_LONGEST_TEXT = 1000
_MOST_DIMENSIONS = 1024
_LARGEST_CODE = 1000.0
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
        version = VERSION
    head: dict[str, object] = {
        "armonica": version,
        "title": song.title[:_LONGEST_TEXT],
        "tempo": song.tempo,
    }
    if version < VERSION:
        # As a song was written when it had one track.
        head |= {"track": _instrument(first)}
        head |= _in_order({**_sound_of(first), **sound}) if version > OLDEST else {}
    else:
        head |= sound
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
        _bad(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        body = json.loads(data.decode(), parse_constant=no_constant)
    except (ValueError, RecursionError):
        _bad("it is damaged, or no song at all")
    if not isinstance(body, dict) or "armonica" not in body:
        _bad("it is no song")
    version = body["armonica"]
    if type(version) is not int or not OLDEST <= version <= VERSION:
        raise BadSong(
            f"This song has version {str(version)[:20]}, and 1 to {VERSION} are known here.",
            "Open it with the Armonica that wrote it, or a newer one.",
        )
    try:
        return _document(_Fields(body, "the song"))
    except BadSong:
        raise
    except ArmonicaError as error:
        _bad(error.message.rstrip("."))


class _Fields(Fields):
    """Takes fields out of an object of a song, each with its type and range."""

    def bad(self, what: str) -> NoReturn:
        _bad(what)

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            _bad(f"the {name} of {self._where} is not a text of at most {_LONGEST_TEXT} characters")
        # Read leniently, because an older program may have written a file's name as it was.
        return printable(value)

    def integers(self, name: str, most: int) -> tuple[int, ...]:
        return tuple(self.is_integer(name, value) for value in self.rows(name, most))

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if name in self._body else None

    def tokens_or_none(self, name: str) -> tuple[int, ...] | None:
        if name in self._body and self._body[name] is None:
            del self._body[name]
            return None
        return self.integers(name, FOUR_QUARTERS.ticks)

    def whole(self, name: str) -> int:
        return self.is_integer(name, self.take(name))

    def whole_or_none(self, name: str) -> int | None:
        value = self.take(name)
        return None if value is None else self.is_integer(name, value)

    def real(self, name: str) -> float:
        return self._number(name, self.take(name))

    def code(self, name: str) -> tuple[float, ...] | None:
        values = self.take(name)
        if values is None:
            return None
        if not isinstance(values, list) or not 1 <= len(values) <= _MOST_DIMENSIONS:
            _bad(f"the {name} of {self._where} is not a list of numbers")
        return tuple(self._number(name, value) for value in values)

    def touches(self, name: str) -> Touches:
        values = self.take(name)
        if not isinstance(values, list) or len(values) > FOUR_QUARTERS.ticks:
            _bad(f"how {self._where} was played is not a list of at most {FOUR_QUARTERS.ticks}")
        return tuple(None if value is None else self._touch(name, value) for value in values)

    def _touch(self, name: str, value: object) -> Touch:
        if not isinstance(value, list) or len(value) != 2:
            _bad(f"how a note of {self._where} was played is not a velocity and a deviation")
        return Touch(self.is_integer(name, value[0]), self._number(name, value[1]))

    def is_integer(self, name: str, value: object) -> int:
        if type(value) is not int:
            _bad(f"the {name} of {self._where} is not a whole number")
        return value

    def _number(self, name: str, value: object) -> float:
        what = f"the {name} of {self._where}"
        return number(value, -_LARGEST_CODE, _LARGEST_CODE, what, _bad)


def _document(fields: _Fields) -> Document:
    version = fields.take("armonica")
    title, tempo = fields.text("title"), fields.real("tempo")
    key, lock = C_MAJOR, False
    if version > OLDEST:
        part = _Fields(fields.take("key"), "the key")
        key, lock = Key(part.whole("tonic"), part.text("scale")), fields.truth("lock")
        part.end()
    if version < VERSION:
        part = _Fields(fields.take("track"), "the track")
        sound = _read_instrument(part)
        part.end()
        sound |= _read_sound(fields) if version > OLDEST else {}
        tracks = [Track(**sound, slots=_slots(fields, "", version))]
    else:
        listed = fields.rows("tracks", MOST_TRACKS)
        tracks = [_track(body, f"track {at}", version) for at, body in enumerate(listed, 1)]
    model = None
    if (named := fields.take("model")) is not None:
        part = _Fields(named, "the model")
        model = part.text("name"), part.text("digest")
        part.end()
    locks = fields.integers("locks", _MOST_DIMENSIONS)
    if any(not 0 <= lock < _MOST_DIMENSIONS for lock in locks):
        _bad("the locks are not dimensions")
    # A place, not a text: it may be a name that only its file system can read.
    belongs_to = fields.take("belongs_to")
    if belongs_to is not None and not isinstance(belongs_to, str):
        _bad("belongs_to is not a text")
    base = fields.text_or_none("base")
    fields.end()
    if not tracks:
        _bad("it has no tracks")
    song = Song(title, tempo, tuple(tracks), model, key, lock)
    if len({len(slot.latent) for slot in song.slots() if slot.latent is not None}) > 1:
        _bad("its codes have different lengths")
    return Document(song, frozenset(locks), belongs_to, base)


def _track(body: object, where: str, version: int) -> Track:
    fields = _Fields(body, where)
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
    fields.end()
    return Track(**own, **sound, slots=slots)


def _slots(fields: _Fields, of: str, version: int) -> tuple[Slot, ...]:
    listed = fields.take("slots")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SLOTS:
        _bad(f"the slots{of} are not a list of 1 to {MOST_SLOTS}")
    return tuple(
        _slot(body, f"measure {number}{of}", version) for number, body in enumerate(listed, 1)
    )


def _read_instrument(fields: _Fields) -> dict[str, Any]:
    return {name: fields.whole(name) for name in ("channel", "program", "velocity")}


def _read_sound(fields: _Fields) -> dict[str, Any]:
    part = _Fields(fields.take("groove"), "the groove")
    unit = part.text("unit")
    if unit not in SWING_UNITS:
        _bad("the swing is of parts that are not known")
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
        _bad("the bank is not a list of two")
    msb, lsb = (None if each is None else fields.is_integer("bank", each) for each in bank)
    listed = fields.rows("modulations", _MOST_DIMENSIONS)
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
    fields = _Fields(body, where)
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
    fields = _Fields(body, where)
    kind = fields.text("kind")
    if kind not in MODULATION_KINDS:
        _bad(f"{where} is of a kind that is not known")
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
    fields = _Fields(body, where)
    origin_fields = _Fields(fields.take("origin"), f"the origin of {where}")
    kind = origin_fields.text("kind")
    if kind not in _KINDS:
        _bad(f"the origin of {where} is of a kind that is not known")
    origin = Origin(_KINDS[kind], origin_fields.text("title"), origin_fields.text("detail"))
    origin_fields.end()
    measure = Measure(fields.integers("tokens", FOUR_QUARTERS.ticks))
    source = fields.tokens_or_none("source")
    latent, anchor, moved = fields.code("latent"), fields.code("anchor"), fields.truth("moved")
    played = fields.touches("played") if version > 1 else ()
    fields.end()
    if (latent is None) != (anchor is None) or len(latent or ()) != len(anchor or ()):
        _bad(f"the code and the anchor of {where} do not go together")
    brought = None if source is None else Measure(source)
    return Slot(measure, latent, anchor, origin, moved, brought, played)


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
    if version < VERSION:
        return _object([*lines, _slot_lines(song.tracks[0].slots, version, compact)])
    tracks = []
    for track in song.tracks:
        parts = listed({**_own(track), **_instrument(track), **_sound_of(track)})
        tracks.append(_object([*parts, _slot_lines(track.slots, version, compact)]).rstrip())
    lines.append('"tracks": [\n' + ",\n".join(tracks) + "\n ]")
    return _object(lines)


def _object(lines: Sequence[str]) -> str:
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _slot_lines(slots: Sequence[Slot], version: int, compact: Callable[[object], str]) -> str:
    bodies = []
    for slot in slots:
        if slot.empty:
            bodies.append("  null")
            continue
        origin = {
            "kind": slot.origin.kind,
            "title": slot.origin.title[:_LONGEST_TEXT],
            "detail": slot.origin.detail[:_LONGEST_TEXT],
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
        inside = ",\n   ".join(f"{compact(name)}: {compact(part)}" for name, part in parts.items())
        bodies.append(f"  {{{inside}}}")
    return '"slots": [\n' + ",\n".join(bodies) + "\n ]"


def _bad(what: str) -> NoReturn:
    raise BadSong(f"The song cannot be read: {what}.", "Open another, or a copy of it.")
