"""The harmony of a song: its key as its notes have it, and chords for places of its chord track."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.harmony.chord_suggestions import SuggestedChord, suggest_between
from engine.harmony.key_finding import FoundKey, find_keys
from engine.music.chord_track import ChordTrack, PlacedChord, joined
from engine.music.chords import ChordSymbol
from engine.music.note_line import Line, Stretch
from engine.music.placed_notes import bar_lines
from engine.music.song import Song


def melody_of(song: Song, track: int) -> int | None:
    """Return the track whose notes are harmonised: the one named, or the first that has a melody.

    None where no track has notes. Drums have none.
    """
    melodies = [n for n, each in enumerate(song.tracks) if each.kind == "melody"]
    order: list[int] = [track, *melodies, *range(len(song.tracks))]
    for number in order:
        row = song.track(number)
        if row.kind != "drums" and not all(slot.measure.silent for slot in row.slots):
            return number
    return None


def keys_of_song(song: Song, track: int) -> tuple[FoundKey, ...]:
    """Return the keys of a song's melody, the likeliest first; none where it has no notes."""
    melody = melody_of(song, track)
    return () if melody is None else find_keys(slot.measure for slot in song.tracks[melody].slots)


def suggest_at(song: Song, track: int, slot: int, place: Fraction) -> SuggestedChord:
    """Return the chords for a place, as all the others in the song are; the likeliest first."""
    others = tuple(each for each in song.chords if each.at != (slot, place))
    places, found = _suggested(song, track, others, {(slot, place)})
    return found[places.index((slot, place))]


def filled(song: Song, track: int, first: int, count: int) -> ChordTrack:
    """Return the chords with the likeliest in the measures of a span in which none begins.

    A chord that would be the one before it is not written again.
    """
    places, found = _suggested(song, track, song.chords, set())
    taken = {each.slot for each in song.chords}
    fresh: list[PlacedChord] = []
    own = {each.at: each.chord for each in song.chords}
    last: ChordSymbol | None = None
    for at, each in zip(places, found, strict=True):
        slot, _ = at
        if at in own:
            last = own[at]
        elif first <= slot < first + count and slot not in taken:
            chord = each.options[0][0]
            if chord != last:
                fresh.append(PlacedChord(*at, chord))
            last = chord
    return joined(song.chords, fresh)


Places = list[tuple[int, Fraction]]


def _suggested(
    song: Song, track: int, chords: ChordTrack, more: set[tuple[int, Fraction]]
) -> tuple[Places, tuple[SuggestedChord, ...]]:
    """Return the places of a song, each measure's start among them, and chords for each."""
    grids = song.grids
    starts = bar_lines(grids)
    begun = {each.at: each.chord for each in chords if each.place < grids[each.slot].length}
    bars = {(slot, Fraction(0)) for slot in range(song.length)}
    places = sorted(bars | set(begun) | more)
    melody = melody_of(song, track)
    line: Sequence[Stretch] = ()
    if melody is not None:
        whole = Line(slot.measure for slot in song.tracks[melody].slots)
        line = whole.between(0.0, whole.length)
    edges = [float(starts[slot] + place) for slot, place in places]
    fixed = {
        number: chord
        for number, at in enumerate(places)
        if at in begun and (chord := begun[at]) is not None
    }
    return places, suggest_between(line, song.key, [*edges, float(starts[-1])], fixed)
