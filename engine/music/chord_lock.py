"""The lock of what is sounded that follows the chords: to the notes of the key or the chord."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.music.chord_track import ChordTrack, sounding
from engine.music.chords import ChordSymbol
from engine.music.measure import HIGHEST, LOWEST
from engine.music.scales import Key


@dataclass(frozen=True, slots=True)
class ChordLock:
    """Holds each pitch to the nearest of the key, or of the chord under it."""

    key: Key
    chords: ChordTrack

    def nearest_at(self, pitch: int, slot: int, place: float) -> int:
        """Return the nearest pitch from 55 to 84 at a place in quarter notes into a slot.

        Of two that are equally near it is the lower one, as in `Key.nearest`.
        """
        under = sounding(self.chords, slot, place)
        if under is None or under.chord is None:
            return self.key.nearest(pitch)
        return _nearest(self.key, under.chord, pitch, LOWEST, HIGHEST)

    def closest_at(self, pitch: int, slot: int, place: float) -> int:
        """Return the nearest pitch in the whole range of MIDI, as `Key.closest` has it."""
        under = sounding(self.chords, slot, place)
        if under is None or under.chord is None:
            return self.key.closest(pitch)
        return _nearest(self.key, under.chord, pitch, 0, 127)


@lru_cache(maxsize=4096)
def _nearest(key: Key, chord: ChordSymbol, pitch: int, lowest: int, highest: int) -> int:
    held = (p for p in range(lowest, highest + 1) if key.holds(p) or chord.holds(p))
    return min(held, key=lambda each: (abs(each - pitch), each))
