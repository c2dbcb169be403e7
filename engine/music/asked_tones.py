"""What the switches of a song ask of a measure's notes: to stay in the key, and chord tones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.music.chord_track import of_slot, sounding
from engine.music.chords import ChordSymbol
from engine.music.grid import GROUP, Grid
from engine.music.scales import SCALES
from engine.music.song import Song


@dataclass(frozen=True, slots=True)
class AskedTones:
    """Which pitch classes (0-11) the notes of a measure are to have, by the tick they start at.

    ``inside`` has those of each tick that stay in the key, and is empty where any may;
    ``strong`` are pairs of a strong tick and the pitch classes of the chord that lies there.
    """

    inside: tuple[frozenset[int], ...] = ()
    strong: tuple[tuple[int, frozenset[int]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.inside or self.strong)

    def allows(self, tick: int, pitch: int) -> bool:
        """Return whether a note that starts at a tick is as it is asked for."""
        chord = dict(self.strong).get(tick)
        held = not self.inside or pitch % 12 in self.inside[tick]
        return held and (chord is None or pitch % 12 in chord)


ANY_TONES = AskedTones()


def strong_ticks(grid: Grid) -> tuple[int, ...]:
    """Return where the strong beats of a measure lie: the first of each pulse group."""
    return tuple(tick for tick, weak in enumerate(grid.weights) if weak <= GROUP)


def asked_tones(song: Song, index: int) -> AskedTones:
    """Return what the switches of a song ask of its measure at ``index``.

    Where chord tones are asked for, the notes of a chord that are foreign to the key count as in
    it while that chord lasts.
    """
    if not (song.stay_in_key or song.chord_tones):
        return ANY_TONES
    grid = song.grid(index)
    chords = tuple(_chords(song, index, grid)) if song.chord_tones else (None,) * grid.ticks
    tones = [frozenset(chord.pitch_classes) if chord else frozenset[int]() for chord in chords]
    inside: tuple[frozenset[int], ...] = ()
    if song.stay_in_key:
        key = song.steps_through(index, 1)[0].key or song.key
        own = frozenset((key.tonic + each) % 12 for each in SCALES[key.scale])
        inside = tuple(own | each for each in tones)
    strong = tuple((tick, tones[tick]) for tick in strong_ticks(grid) if tones[tick])
    return AskedTones(inside, strong)


def _chords(song: Song, index: int, grid: Grid) -> Iterator[ChordSymbol | None]:
    """Yield the chord that lies under each tick of a measure."""
    held = song.chords_in(index)
    first = sounding(held, index, 0)
    coming = list(of_slot(held, index))
    for onset in grid.onsets:
        while coming and coming[0].place <= onset:
            first = coming.pop(0)
        yield None if first is None else first.chord
