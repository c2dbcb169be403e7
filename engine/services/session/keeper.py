"""Writes the songs of one program that are not saved, a file for each, until they are."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.errors import ArmonicaError
from engine.formats import song_file
from engine.formats.song_file import Document
from engine.locations import file_name, make_usual, songs_folder
from engine.protocol.files import AtTheEnd
from engine.services.session import autosave

log = logging.getLogger(__name__)


class Keeper:
    """Keeps every song of this program for as long as it is not saved.

    A song is named by a number (see `Snapshot.document`). `note` says how it stands and never
    waits; `write` brings the disk up to date, on whichever thread. Without ``by_itself``
    nothing is written but the copies that are asked for.
    """

    def __init__(self, by_itself: bool = True) -> None:
        self.by_itself = by_itself
        self._noting = threading.Lock()
        self._unsaved: dict[int, Document] = {}
        self._writing = threading.Lock()
        # Where each is kept, and as what; None is what another program wrote.
        self._kept: dict[int, tuple[Path, Document | None]] = {}
        self._locks: dict[Path, IO[bytes]] = {}
        # What needs no keeping: it was copied elsewhere, or may go.
        self._settled: dict[int, Document] = {}
        self._copies: list[AtTheEnd] = []
        self._finished = False

    def note(self, number: int, unsaved: Document | None) -> None:
        """Take note of how a song stands; None: it is saved."""
        with self._noting:
            if unsaved is None:
                self._unsaved.pop(number, None)
            else:
                self._unsaved[number] = unsaved

    def not_kept(self) -> tuple[str, ...]:
        """Return the titles of the songs that are neither saved nor kept; waits for nothing."""
        return tuple(each.song.title for _, each in self._not_kept())

    def write(self) -> None:
        """Keep what is not saved and forget what is; raises `CannotWrite` after trying all."""
        with self._writing:
            if not self._finished:
                self._write()

    def copy(self) -> tuple[AtTheEnd, ...]:
        """Write what is not kept as songs of the user's own, and tell where.

        Raises `CannotWrite` where there is no place at all.
        """
        with self._writing:
            for number, unsaved in self._not_kept():
                self._copy(number, unsaved, "")
            return tuple(self._copies)

    def let_go(self) -> None:
        """Keep nothing more of what is not saved: the user has said that it may go.

        What is kept already stays. This never waits.
        """
        with self._noting:
            self._settled.update(self._unsaved)

    def adopt(self, number: int, path: Path) -> None:
        """Make a kept song that was claimed this program's own: it stays where it is."""
        with self._writing:
            lock = autosave.handed_over(path)
            if lock is not None:
                older = self._kept.get(number)
                self._kept[number], self._locks[path] = (path, None), lock
                if older is not None:
                    self._forget(older[0])

    def finish(self) -> tuple[AtTheEnd, ...]:
        """Keep what is not saved for the last time, and tell what became of it.

        What cannot be kept is written as a song of the user's own, wherever that can be.
        """
        with self._writing:
            self._finished = True
            reason = ""
            try:
                self._write()
            except ArmonicaError as error:
                reason = error.message
            for number, unsaved in self._not_kept() if self.by_itself else ():
                try:
                    self._copy(number, unsaved, reason)
                except ArmonicaError as error:
                    self._copies.append(AtTheEnd(unsaved.song.title, reason=error.line()))
            ends = [*self._at_the_end(), *self._copies]
            for end in ends:
                log.log(logging.INFO if end.offered else logging.ERROR, "%s", end.line())
            for path, lock in self._locks.items():
                lock.close()
                autosave.clear_lock(path)
            self._locks.clear()
            return tuple(ends)

    def _write(self) -> None:
        failed: ArmonicaError | None = None
        with self._noting:
            saved = self._kept.keys() - self._unsaved.keys()
        for number in saved:
            self._forget(self._kept.pop(number)[0])
        for number, unsaved in self._not_kept() if self.by_itself else ():
            try:
                path = self._place(number)
                song_file.write(path, unsaved)
                self._kept[number] = path, unsaved
            except ArmonicaError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _not_kept(self) -> list[tuple[int, Document]]:
        with self._noting:
            return [
                (number, each)
                for number, each in self._unsaved.items()
                if each != self._kept.get(number, (None, None))[1]
                and each != self._settled.get(number)
            ]

    def _place(self, number: int) -> Path:
        if number in self._kept:
            return self._kept[number][0]
        folder = autosave.folder()
        with contextlib.suppress(OSError):
            # What cannot be made here is told when the song is written.
            folder.mkdir(parents=True, exist_ok=True)
            autosave.clear_locks()
        # Not by the process alone: in a container each start may have the same number.
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{song_file.SUFFIX}"
        lock = autosave.own(path)
        if lock is not None:
            self._locks[path] = lock
        return path

    def _forget(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        if not path.exists() and (lock := self._locks.pop(path, None)) is not None:
            lock.close()
            autosave.clear_lock(path)

    def _copy(self, number: int, unsaved: Document, reason: str) -> None:
        song = Document(unsaved.song, unsaved.locks)
        failed: ArmonicaError | None = None
        for place in _elsewhere(file_name(unsaved.song.title)):
            try:
                make_usual(place)
                path = song_file.write(place, song)
            except ArmonicaError as error:
                failed = failed or error
                continue
            with self._noting:
                self._settled[number] = unsaved
            self._copies.append(AtTheEnd(unsaved.song.title, path, reason=reason))
            return
        if failed is not None:
            raise failed

    def _at_the_end(self) -> Iterator[AtTheEnd]:
        with self._noting:
            unsaved = dict(self._unsaved)
        for number, (path, kept) in self._kept.items():
            if number in unsaved and kept in (None, unsaved[number]):
                yield AtTheEnd(unsaved[number].song.title, path, offered=True)


def _elsewhere(name: str) -> Iterator[Path]:
    """Yield places for a copy, the best first; none of them is there already."""
    homes = (songs_folder, Path.home, lambda: Path(tempfile.gettempdir()))
    stamp = time.strftime("%Y-%m-%d %H.%M.%S")
    for home in homes:
        with contextlib.suppress(OSError, RuntimeError):
            for number in itertools.count(1):
                again = f" ({number})" if number > 1 else ""
                place = home() / f"{name[:48]}, not saved {stamp}{again}{song_file.SUFFIX}"
                if not place.exists():
                    yield place
                    break
