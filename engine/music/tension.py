"""What a note of a melody is against the chord that lies under it, and which chord keys make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from engine.music.chord_track import ChordTrack, sounding
from engine.music.chords import QUALITIES, ChordSymbol
from engine.music.grid import Grid
from engine.music.measure import HIGHEST, LOWEST, Measure, Note
from engine.music.scales import Key

Tension = Literal["chord", "scale", "foreign"]
"""Of the chord, of the key alone, or of neither."""

_STEPS = {
    0: "root", 1: "b9", 2: "9th", 3: "minor 3rd", 4: "3rd", 5: "11th", 6: "#11", 7: "5th",
    8: "b13", 9: "13th", 10: "7th", 11: "major 7th",
}  # fmt: skip
_OWN = {
    "dim": {6: "b5"}, "m7b5": {6: "b5"}, "dim7": {6: "b5", 9: "dim 7th"}, "aug": {8: "#5"},
    "sus2": {2: "2nd"}, "sus4": {5: "4th"}, "7sus4": {5: "4th"}, "6": {9: "6th"}, "m6": {9: "6th"},
}  # fmt: skip
"""Steps that a quality itself calls otherwise."""


def tension(pitch: int, chord: ChordSymbol, key: Key) -> Tension:
    """Return what a note is against a chord: of it, of the key, or foreign."""
    if chord.holds(pitch):
        return "chord"
    return "scale" if key.holds(pitch) else "foreign"


def step_of(pitch: int, chord: ChordSymbol) -> str:
    """Name the step of a pitch above the root of a chord: ``3rd``, ``11th``."""
    above = (pitch - chord.root) % 12
    minor = 3 in QUALITIES[chord.quality]
    if above == 3 and not minor and not chord.holds(pitch):
        return "#9"
    if above == 3 and minor:
        return "3rd"
    return _OWN.get(chord.quality, {}).get(above, _STEPS[above])


def words_of(pitch: int, chord: ChordSymbol, key: Key) -> str:
    """Describe a note against a chord: ``chord tone (3rd of C)``, ``tension: 11th of C``."""
    kind, step = tension(pitch, chord, key), f"{step_of(pitch, chord)} of {chord.name(key)}"
    if kind == "chord":
        return f"chord tone ({step})"
    return f"tension: {step}" if kind == "scale" else f"foreign to key and chord: {step}"


def tensions(measure: Measure, chords: ChordTrack, slot: int, key: Key) -> tuple[Tension, ...]:
    """Return what each note of a slot's measure is where it starts; of the chord under none."""
    found: list[Tension] = []
    for note in measure.notes:
        under = sounding(chords, slot, note.onset)
        chord = None if under is None else under.chord
        found.append("chord" if chord is None else tension(note.pitch, chord, key))
    return tuple(found)


def chord_of_keys(pitches: Iterable[int]) -> ChordSymbol | None:
    """Return the chord whose notes are those of keys held down; None where no chord has just those.

    Of several (C6 is Am7) it is the one on the lowest key, then the plainer one. The bass is not
    told: what is played is known within a measure's range alone.
    """
    keys = sorted(pitches)
    wanted = {pitch % 12 for pitch in keys}
    if len(wanted) < 2:
        return None
    for root in dict.fromkeys(pitch % 12 for pitch in keys):
        for quality, above in QUALITIES.items():
            if {(root + step) % 12 for step in above} == wanted:
                return ChordSymbol(root, quality)
    return None


def broken(chord: ChordSymbol, grid: Grid) -> Measure:
    """Return a measure in which the notes of a chord are struck one after the other, upwards."""
    step, pitch = grid.beat / 2, LOWEST + 4
    notes: list[Note] = []
    for each in _upwards(chord.pitch_classes, pitch):
        onset = len(notes) * step
        if each <= HIGHEST and onset + step <= grid.length:
            notes.append(Note(onset, step, each))
    last = notes[-1]
    notes[-1] = Note(last.onset, grid.length - last.onset, last.pitch)
    return Measure.from_notes(notes, grid)


def _upwards(pitch_classes: Sequence[int], low: int) -> list[int]:
    found: list[int] = []
    for each in pitch_classes:
        above = found[-1] + 1 if found else low
        found.append(above + (each - above) % 12)
    return found
