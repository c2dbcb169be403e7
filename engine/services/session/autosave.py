"""Songs that are kept by themselves while they are not saved, and who may have them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path
from types import ModuleType
from typing import IO

from engine.errors import ArmonicaError, BadSong
from engine.formats import song_file
from engine.locations import state_folder
from engine.protocol.files import Kept

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has none; there two programs at once share what is kept.
    fcntl = None

log = logging.getLogger(__name__)

_FOLDER = "kept"

_claims: dict[Path, IO[bytes]] = {}
"""The kept songs of others that this program has claimed, each with the lock that says so."""

_claiming = threading.RLock()


def folder() -> Path:
    """Return the folder in which songs are kept."""
    return state_folder() / _FOLDER


def waiting() -> tuple[Kept, ...]:
    """Return the kept songs that no other running program has, the newest first."""
    found = []
    for path in _newest_first():
        if path not in _claims and _owned(path):
            continue
        try:
            kept = song_file.read(path)
            found.append(Kept(str(path), path.stat().st_mtime, kept.song.title, kept.belongs_to))
        except (ArmonicaError, OSError) as error:
            log.warning("A kept song cannot be read: %s", error)
    return tuple(found)


def found() -> Kept | None:
    """Return the newest kept song that no other running program has, or None."""
    return next(iter(waiting()), None)


def claimed(belonging_to: str | None = None) -> tuple[Kept, ...]:
    """Claim the kept songs that nobody has, and return them, the newest first.

    Where a file is named, those alone that belong to it. Until they are left (`leave`) or this
    program ends, no other program gets them.
    """
    return tuple(
        kept
        for kept in waiting()
        if belonging_to in (None, kept.belongs_to) and _claim(Path(kept.path))
    )


def free(path: str) -> bool:
    """Return whether a kept song is there and no other running program has it."""
    place = Path(path)
    return place.exists() and (place in _claims or not _owned(place))


def claim(path: str | Path) -> bool:
    """Claim one kept song, and tell whether it is one; raises `BadSong` where another has it."""
    place = Path(path)
    if not _is_kept(place):
        return False
    if not _claim(place):
        raise BadSong(
            "This song is not kept any more, or another Armonica has it.", "Start again to see."
        )
    return True


def leave(path: str | Path) -> None:
    """Return up a claim: whoever starts next is offered the song."""
    with _claiming:
        if (file := _claims.pop(Path(path), None)) is not None:
            file.close()


def handed_over(path: Path) -> IO[bytes] | None:
    """Return the lock of a claim to one who keeps the song from now on."""
    with _claiming:
        return _claims.pop(path, None)


def discard(path: str | Path) -> None:
    """Forget a kept song; what another program has, or is none of them, is left alone."""
    place = Path(path)
    if not _is_kept(place) or not _claim(place):
        return
    with contextlib.suppress(OSError):
        place.unlink()
    leave(place)
    clear_lock(place)


def own(path: Path) -> IO[bytes] | None:
    """Take the lock of a kept song; None where another has it or none can be made.

    It ends with the process, however that ends, and so tells who still lives.
    """
    place = _lock(path)
    while True:
        try:
            # Where nothing can be written, what is there can be locked all the same.
            mode = "rb" if place.exists() and not os.access(place, os.W_OK) else "ab"
            file = place.open(mode)
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return None
        with contextlib.suppress(OSError):
            # One who clears up may have taken it away between the two.
            if os.path.samestat(os.fstat(file.fileno()), place.stat()):
                return file
        file.close()


def clear_lock(path: Path) -> None:
    """Remove the lock of a song that is not kept any more."""
    if not path.exists():
        with contextlib.suppress(OSError):
            _lock(path).unlink()


def clear_locks() -> None:
    """Remove the locks of programs that were killed after their songs were saved."""
    for lock in folder().glob("*.lock"):
        path = lock.with_suffix(song_file.SUFFIX)
        if not path.exists() and not _owned(path):
            clear_lock(path)


def _is_kept(path: Path) -> bool:
    return path.parent == folder() and path.suffix == song_file.SUFFIX


def _claim(path: Path) -> bool:
    with _claiming:
        if path in _claims:
            return True
        file = own(path)
        if file is None:
            return False
        if not path.exists():
            # Taken and saved, or thrown away, since it was seen.
            file.close()
            clear_lock(path)
            return False
        _claims[path] = file
        return True


def _newest_first() -> list[Path]:
    paths: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in folder().glob(f"*{song_file.SUFFIX}"):
            # Another program may forget its song between the look and this one.
            with contextlib.suppress(OSError):
                paths.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(paths, reverse=True)]


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")


def _owned(path: Path) -> bool:
    if fcntl is None:
        return False
    try:
        with _lock(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
