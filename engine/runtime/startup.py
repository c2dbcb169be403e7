"""What an engine opens with: a song asked for, the one of the settings, or one that ships."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import locations
from engine.config import Settings
from engine.errors import ArmonicaError, BadSong
from engine.formats import song_file
from engine.latent.spec import LatentModel
from engine.music.song import Song
from engine.protocol.base import Event
from engine.protocol.notices import CommandFailed


@dataclass(frozen=True, slots=True)
class Opening:
    """A song, the file it belongs to, its locks, and what is to be told about how it came.

    ``digest`` is the one of the file (see `document.digest`).
    """

    song: Song
    path: str | None = None
    locks: frozenset[int] = frozenset()
    digest: str = ""
    events: tuple[Event, ...] = ()


def opening(asked: Song | Path | str | None, settings: Settings) -> Opening:
    """Return what to open; raises `BadSong` only where a file that was asked for is none."""
    if isinstance(asked, Song):
        return Opening(asked)
    if asked is not None:
        return _file(asked)
    if not settings.song:
        return Opening(shipped())
    try:
        return _file(settings.song)
    except ArmonicaError as error:
        return Opening(shipped(), events=(CommandFailed.of(error),))


def shipped() -> Song:
    """Return the first song that ships with the program, an empty one where none can be read."""
    for path in shipped_songs():
        with contextlib.suppress(BadSong):
            return song_file.read(path).song
    return Song()


def shipped_songs() -> tuple[Path, ...]:
    """Return the files of the songs that ship, in the order of their names."""
    return tuple(sorted(locations.SONGS.glob(f"*{song_file.SUFFIX}")))


def _file(path: Path | str) -> Opening:
    found, digest = song_file.read_with_digest(path)
    return Opening(found.song, str(song_file.found(path)), found.locks, digest)


def load_model() -> LatentModel:
    """Load the measure VAE that ships; takes a tenth of a second."""
    from engine.latent.remembered import RememberedTurns
    from engine.latent.weights import load

    return RememberedTurns(load(locations.MEASURE_VAE))


class LoadingAhead:
    """A model that is loaded on a thread of its own while the rest of the program is read in.

    Called, it gives the model, or raises what ``load`` raised; it waits as long as that takes.
    """

    def __init__(self, load: Callable[[], LatentModel] = load_model) -> None:
        self._load = load
        self._model: LatentModel | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="model ahead", daemon=True)
        self._thread.start()

    def __call__(self) -> LatentModel:
        """Return the model once it is there."""
        self._thread.join()
        if self._model is None:
            assert self._error is not None  # The thread has ended.
            raise self._error
        return self._model

    def _run(self) -> None:
        try:
            self._model = self._load()
        except Exception as error:
            self._error = error
