"""What the files of songs were seen to hold, so that nothing newer is replaced unasked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.common import atomic
from engine.errors import WouldReplace
from engine.formats import song_file
from engine.formats.song_file import Document


class SongFiles:
    """Remembers what each file held when this program last read or wrote it.

    ``seen`` are digests (see `document.digest`) by path.
    """

    def __init__(self, seen: Mapping[str, str] | None = None) -> None:
        self._seen = dict(seen or {})

    def seen(self, path: str | None) -> str | None:
        """Return the digest of what a file held; None where it was never seen."""
        return self._seen.get(path) if path is not None else None

    def remember(self, path: str, digest: str) -> None:
        """Take note of what a file holds."""
        self._seen[path] = digest

    def write(self, place: Path, saved: Document, replace: bool = False) -> str:
        """Write a song and return the digest to remember; raises `CannotWrite`.

        Unless it may ``replace`` anything, it raises `WouldReplace` where the file holds
        something that was not read or written here. Any thread may call it.
        """
        data = song_file.encode(saved)
        with atomic.alone(place.parent):
            if not replace:
                self._check(place)
            atomic.write(place, data)
        return song_file.digest(data)

    def _check(self, place: Path) -> None:
        held, seen = song_file.digest_of(place), self.seen(str(place))
        if held is None or held == seen:
            return
        if seen is None:
            raise WouldReplace(f"{place} is there already.", "Name another file, or replace it.")
        raise WouldReplace(
            f"{place} was changed by another program after it was opened or saved here.",
            "Save under another name, or replace what is there.",
        )
