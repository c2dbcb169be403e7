"""Notes of a file that nobody played to its beat, put on the beat that they were played to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.formats.midi_parser import ParsedFile, ParsedTrack
from engine.music.grid import Grid
from engine.music.score_notes import ScoreNote

USUAL_TEMPO = 120.0
"""The tempo of a file that names none."""

_PARTS = 960
"""Parts of a beat in which places are kept."""

_LEAST = 0.01
"""Quarter notes by which notes lie beside the beat at least, where they are moved."""

_HEAVY, _LIGHT = 0.6, 0.1
"""A note weighs as many as its seconds, up to the first, and the second more."""


@dataclass(frozen=True, slots=True)
class FollowedNotes:
    """Notes counted in the beat that was followed, their end, and the tempi: middle, least, most.

    Places are in quarter notes from the start of a measure, tempi in quarter notes a minute.
    """

    notes: tuple[ScoreNote, ...]
    end: Fraction
    tempo: float
    slowest: float
    fastest: float


def followed(
    file: ParsedFile, track: ParsedTrack, notes: Sequence[ScoreNote], grid: Grid
) -> FollowedNotes | None:
    """Return notes on their own beat; None where those of the file keep to the file's beat.

    A file that says how its notes swing, as ours do, was written by its beat.
    """
    everything = [note for one in file.about(track) for note in one.notes]
    if any(one.groove is not None for one in file.about(track)):
        return None
    # numpy takes a moment to import, and what is wrong with a file is said before.
    from engine.music.beat_tracking import first_of_measure, follow, loose

    if not loose([float(note.start / grid.beat) for note in everything]):
        return None
    seconds = _clock(file, track)
    onsets = [seconds(note.start) for note in everything]
    weights = [
        min(seconds(note.end) - at, _HEAVY) + _LIGHT
        for note, at in zip(everything, onsets, strict=True)
    ]
    beats = follow(onsets, weights)
    if beats is None:
        return None
    first = first_of_measure(beats, onsets, weights, grid.beats)
    earliest = round(min(map(beats.position, onsets))) - first
    # The first note is in the first measure, wherever its beat is in it.
    first += earliest // grid.beats * grid.beats

    def place(time: Fraction) -> Fraction:
        position = beats.position(seconds(time)) - first
        return max(Fraction(0), Fraction(round(position * _PARTS), _PARTS) * grid.beat)

    found = [replace(note, start=place(note.start), end=place(note.end)) for note in notes]
    beat = float(grid.beat)
    slowest, fastest = beats.tempi
    return FollowedNotes(
        notes=tuple(sorted(found, key=lambda note: (note.start, -note.pitch))),
        end=max((note.end for note in found), default=Fraction(0)),
        tempo=beats.tempo * beat,
        slowest=slowest * beat,
        fastest=fastest * beat,
    )


def beside(file: ParsedFile, track: ParsedTrack) -> Fraction:
    """Return by how many quarter notes all notes of a file lie behind its beat alike; else 0.

    Where that is a hundredth of a quarter note and less, it is 0, too.
    """
    from engine.music.beat_tracking import common_offset

    offset = common_offset([float(n.start) for one in file.about(track) for n in one.notes])
    return Fraction(round(offset * _PARTS), _PARTS) if abs(offset) > _LEAST else Fraction(0)


def moved(notes: Sequence[ScoreNote], by: Fraction) -> tuple[ScoreNote, ...]:
    """Return notes so many quarter notes later, but none before 0."""
    nothing = Fraction(0)
    return tuple(
        replace(note, start=max(nothing, note.start + by), end=max(nothing, note.end + by))
        for note in notes
    )


def _clock(file: ParsedFile, track: ParsedTrack) -> Callable[[Fraction], float]:
    """Return what turns a place in quarter notes into seconds, by the tempi of the file."""
    changes = sorted(change for one in file.about(track) for change in one.tempi)
    starts, at, paces = [Fraction(0)], [0.0], [60 / USUAL_TEMPO]
    for place, tempo in changes:
        at.append(at[-1] + float(place - starts[-1]) * paces[-1])
        starts.append(place)
        paces.append(60 / tempo)

    def seconds(place: Fraction) -> float:
        run = bisect_right(starts, place) - 1
        return at[run] + float(place - starts[run]) * paces[run]

    return seconds
