"""What the roll shows of harmony: degrees, chords, and what notes are against them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.music.chord_track import of_slot, sounding
from engine.music.chords import ChordSymbol
from engine.music.scales import C_MAJOR, Key
from engine.music.song import Song
from engine.music.tension import Tension, tensions


@dataclass(frozen=True, slots=True)
class RollHarmony:
    """The harmony of one measure, seen from a place in it.

    ``names`` are the chords that begin in it, by their places; one that lasts on into it stands at
    its start in brackets. ``here`` and ``next`` are the chord at the place and the one after it.
    ``notes`` says of each note what it is against its chord.
    """

    key: Key = C_MAJOR
    names: tuple[tuple[Fraction, str], ...] = ()
    here: ChordSymbol | None = None
    next: ChordSymbol | None = None
    notes: tuple[Tension, ...] = ()

    def degree(self, pitch: int) -> str:
        """Return the degree of a pitch in one digit, nothing where it has none."""
        degree = self.key.degree(pitch)
        return "" if degree is None or degree > 9 else str(degree)


def roll_harmony(song: Song, track: int, slot: int, entry: int, place: Fraction) -> RollHarmony:
    """Return the harmony of a measure as an entry of the order plays it, seen from a place."""
    own, held = of_slot(song.chords, slot), song.chords_in(slot, entry)
    begun = [(each.place, each.name(song.key)) for each in own]
    if len(held) > len(own):
        begun.insert(0, (Fraction(0), f"({held[0].name(song.key)})"))
    here, after = sounding(held, slot, place), song.chord_after(slot, place, entry)
    return RollHarmony(
        song.key,
        tuple(begun),
        None if here is None else here.chord,
        None if after is None else after.chord,
        tensions(song.slot(slot, track).measure, held, slot, song.key),
    )
