"""Songs of one track, as most tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.music.scales import C_MAJOR, Key
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track


def one_track(
    title: str = "Untitled",
    tempo: float = 100.0,
    *,
    slots: Sequence[Slot] = (Slot(),) * 8,
    model: tuple[str, str] | None = None,
    key: Key = C_MAJOR,
    lock: bool = False,
    **played: Any,
) -> Song:
    """Return a song of one track; ``played`` are further fields of the track."""
    return Song(title, tempo, (Track(slots=tuple(slots), **played),), model, key, lock)
