"""A song as a file: versioned, readable, written whole or not at all, and read strictly.

The file is JSON with the suffix ``.armonica``. Codes are written with all their digits, so
that what is read equals what was written. A song is written in the oldest version that holds
it, so that an older program opens whatever it can play.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, get_args

from engine.common import atomic
from engine.common.fields import Fields, no_constant, number
from engine.errors import ArmonicaError, BadSong
from engine.music.grid import FOUR_QUARTERS
from engine.music.groove import PLAIN, SWING_UNITS, Groove
from engine.music.measure import Measure
from engine.music.modulation import MODULATION_KINDS, Modulation
from engine.music.performance import Touch, Touches
from engine.music.routes import MOST_ROUTES, Route
from engine.music.scales import C_MAJOR, Key
from engine.music.song import MOST_SLOTS, Origin, OriginKind, Slot, Song, Track
from engine.text import printable

SUFFIX = ".armonica"
VERSION = 3
OLDEST = 1
"""The oldest version that is read: one that says nothing of how measures are sounded or played.

A song that has nothing to say of it is written so, and opens in older programs, too.
"""

LARGEST = 8_000_000
"""The largest file in bytes: ten times the longest song."""

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


def located(path: str | Path) -> Path:
    """Return the place that a user means: ``~`` is home, and the suffix may be left out."""
    try:
        place = Path(path).expanduser()
    except RuntimeError:
        place = Path(path)
    # Whole, so that a song that is recovered from another folder still has its file.
    place = place.absolute()
    return place if place.suffix or not place.name else place.with_name(place.name + SUFFIX)


def found(path: str | Path) -> Path:
    """Return the place of the file that a user means: as it is named, or with the suffix."""
    place = located(path)
    bare = place.with_suffix("")
    return bare if not Path(path).suffix and bare.exists() else place


def write(path: str | Path, document: Document) -> Path:
    """Write a document and return its place; raises `CannotWrite` and leave the old file."""
    try:
        place = located(path)
    except (OSError, ValueError) as error:
        raise atomic.cannot_write(Path(path), error) from None
    atomic.write(place, encode(document))
    return place


def read(path: str | Path) -> Document:
    """Read a document; raises `BadSong` for whatever is not one."""
    return read_with_digest(path)[0]


def digest(data: bytes) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256(data).hexdigest()


def digest_of(place: Path) -> str | None:
    """Return the digest of what a file holds: None without one, empty where it cannot be read."""
    try:
        if not stat.S_ISREG(place.stat().st_mode):
            return ""
        with place.open("rb") as file:
            return digest(file.read(LARGEST + 1))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""


def read_with_digest(path: str | Path) -> tuple[Document, str]:
    """Read a document, and return it with the digest of its file; raises `BadSong`."""
    place = Path(path)
    try:
        place = found(path)
        if not stat.S_ISREG(place.stat().st_mode):
            raise BadSong(f"{place} is not a file.", "Name a song file.")
        with place.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadSong(f"{place} cannot be read: {reason}.", "Check its name.") from None
    try:
        return decode(data), digest(data)
    except BadSong as error:
        raise BadSong(f"{place}: {error.message}", error.remedy) from None


def encode(document: Document) -> bytes:
    """Return the document as the text of a file, a line for each thing worth reading."""
    song = document.song
    model = None if song.model is None else dict(zip(("name", "digest"), song.model, strict=True))
    track = asdict(song.track)
    sound = {
        "groove": asdict(song.groove),
        "key": asdict(song.key),
        "lock": song.lock,
        "bank": [track.pop("bank_msb"), track.pop("bank_lsb")],
        "modulations": [asdict(modulation) for modulation in song.modulations],
        "routes": [asdict(route) for route in song.routes],
    }
    version = max(map(_version, song.slots))
    if sound != _PLAIN_SOUND:
        version = max(version, 2)
    head = {
        "armonica": version,
        "title": song.title[:_LONGEST_TEXT],
        "tempo": song.tempo,
        "track": track,
        **(sound if version > OLDEST else {}),
        "model": model,
        "locks": sorted(document.locks),
        "belongs_to": document.belongs_to,
        **({} if document.base is None else {"base": document.base}),
    }
    try:
        return _text(head, song.slots, ascii_only=False).encode()
    except UnicodeEncodeError:
        # A name that came from a file system may hold what no text can.
        return _text(head, song.slots, ascii_only=True).encode()


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
    part = _Fields(fields.take("track"), "the track")
    track = Track(part.whole("channel"), part.whole("program"), part.whole("velocity"))
    part.end()
    sound: dict[str, Any] = _sound(fields, track) if version > 1 else {"track": track}
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
    listed = fields.take("slots")
    fields.end()
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SLOTS:
        _bad(f"the slots are not a list of 1 to {MOST_SLOTS}")
    slots = tuple(
        _slot(body, f"measure {number}", version) for number, body in enumerate(listed, 1)
    )
    sizes = {len(slot.latent) for slot in slots if slot.latent is not None}
    if len(sizes) > 1:
        _bad("its codes have different lengths")
    song = Song(title, tempo, slots=slots, model=model, **sound)
    return Document(song, frozenset(locks), belongs_to, base)


def _sound(fields: _Fields, track: Track) -> dict[str, Any]:
    # What came with version 2: how the measures are sounded.
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
    part = _Fields(fields.take("key"), "the key")
    key = Key(part.whole("tonic"), part.text("scale"))
    part.end()
    bank = fields.take("bank")
    if not isinstance(bank, list) or len(bank) != 2:
        _bad("the bank is not a list of two")
    msb, lsb = (None if each is None else fields.is_integer("bank", each) for each in bank)
    track = replace(track, bank_msb=msb, bank_lsb=lsb)
    lock, listed = fields.truth("lock"), fields.rows("modulations", _MOST_DIMENSIONS)
    modulations = tuple(_modulation(body, f"modulation {at}") for at, body in enumerate(listed, 1))
    listed = fields.rows("routes", MOST_ROUTES)
    routes = tuple(_route(body, f"route {at}") for at, body in enumerate(listed, 1))
    return {
        "track": track,
        "groove": groove,
        "key": key,
        "lock": lock,
        "modulations": modulations,
        "routes": routes,
    }


def _route(body: object, where: str) -> Route:
    fields = _Fields(body, where)
    program = fields.take("program")
    route = Route(
        fields.text("port"),
        fields.whole("channel"),
        None if program is None else fields.is_integer("program", program),
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


def _text(head: Mapping[str, Any], slots: tuple[Slot, ...], ascii_only: bool) -> str:
    def compact(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)

    lines = [f"{compact(name)}: {compact(value)}" for name, value in head.items()]
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
        if head["armonica"] > OLDEST:
            touches = [touch and (touch.velocity, touch.deviation) for touch in slot.played]
            parts["played"] = touches
        inside = ",\n   ".join(f"{compact(name)}: {compact(part)}" for name, part in parts.items())
        bodies.append(f"  {{{inside}}}")
    lines.append('"slots": [\n' + ",\n".join(bodies) + "\n ]")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _bad(what: str) -> NoReturn:
    raise BadSong(f"The song cannot be read: {what}.", "Open another, or a copy of it.")
