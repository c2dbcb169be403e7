"""Songs that are kept by themselves, and offered again when they were not saved."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO

from engine.errors import ArmonicaError
from engine.locations import state_folder
from engine.session import document

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has none; there two programs at once share what is kept.
    fcntl = None

log = logging.getLogger(__name__)

_FOLDER = "kept"
_MOST = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A song that a program which is no longer there had not saved.

    ``time`` is when it was kept, in seconds since 1970; ``belongs_to`` the file it was
    opened from, if any. `engine.commands.RecoverSong` with ``path`` brings it back, and
    `engine.commands.ForgetKept` removes it.
    """

    path: Path
    time: float
    title: str
    belongs_to: str | None


def found() -> Kept | None:
    """Gives the newest kept song that no running program owns, or None."""
    for path in _newest_first():
        if _owned(path):
            continue
        try:
            kept = document.read(path)
            return Kept(path, path.stat().st_mtime, kept.song.title, kept.belongs_to)
        except (ArmonicaError, OSError):
            continue
    return None


def discard(path: str | Path) -> None:
    """Forgets a kept song; a file that is none of them is left alone."""
    place = Path(path)
    if place.parent != state_folder() / _FOLDER or place.suffix != document.SUFFIX:
        return
    for each in (place, _lock(place)):
        with contextlib.suppress(OSError):
            each.unlink()


class Keeper:
    """Keeps the song of this program, one file, for as long as it is not saved."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._lock: IO[bytes] | None = None
        self._busy = threading.Lock()
        self._finished = False

    def keep(self, kept: document.Document, saved: bool) -> None:
        """Writes the song, or forgets it where it is saved; raises `CannotWrite`."""
        with self._busy:
            if not self._finished:
                self._keep(kept, saved)

    def finish(self, kept: document.Document, saved: bool) -> None:
        """Keeps or forgets the song for the last time, and lets go of it."""
        with self._busy:
            self._finished = True
            try:
                self._keep(kept, saved)
            except ArmonicaError as error:
                # Nobody listens any more; that it was not kept is still to be found out.
                log.error("The song was not kept at the end: %s", error.line())
            if self._lock is not None:
                self._lock.close()
                self._lock = None
                if self._path is not None and not self._path.exists():
                    with contextlib.suppress(OSError):
                        _lock(self._path).unlink()

    def _keep(self, kept: document.Document, saved: bool) -> None:
        if saved:
            if self._path is not None:
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)
            return
        document.write(self._place(), kept)

    def _place(self) -> Path:
        if self._path is None:
            folder = state_folder() / _FOLDER
            with contextlib.suppress(OSError):
                # What cannot be made here is told when the song is written.
                folder.mkdir(parents=True, exist_ok=True)
                _thin(folder)
            # Not by the process alone: in a container each start may have the same number.
            self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{document.SUFFIX}"
            self._lock = _own(_lock(self._path))
        return self._path


def _newest_first() -> list[Path]:
    paths: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in (state_folder() / _FOLDER).glob(f"*{document.SUFFIX}"):
            # Another program may forget its song between the look and this one.
            with contextlib.suppress(OSError):
                paths.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(paths, reverse=True)]


def _thin(folder: Path) -> None:
    for path in _newest_first()[_MOST:]:
        if not _owned(path):
            discard(path)
    for lock in folder.glob("*.lock"):
        # Left by a program that was killed after its song was saved.
        path = lock.with_suffix(document.SUFFIX)
        if not path.exists() and not _owned(path):
            lock.unlink(missing_ok=True)


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")


def _own(path: Path) -> IO[bytes] | None:
    # The lock ends with the process, however that ends, and tells who still lives.
    try:
        file = path.open("ab")
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return file


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
