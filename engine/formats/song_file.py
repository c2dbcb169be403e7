"""Song files: where they lie, written whole or not at all, and told apart by their digests."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from engine.common import atomic
from engine.errors import BadSong
from engine.formats.song_text import LARGEST, Document, decode, encode

__all__ = ["Document", "decode", "encode"]

SUFFIX = ".armonica"


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
