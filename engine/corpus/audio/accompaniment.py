"""Accompaniment written by rule: drums, bass, guitar, piano and pad under a melody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from engine.corpus.clip_format import QUARTERS
from engine.music.accompaniment.chord_figures import (
    STRUMS,
    arpeggio_figure,
    bass_figure,
    block_figure,
    every,
    near,
    voicing,
)
from engine.music.accompaniment.drum_figures import CRASH, DRUM_FIGURES, FILLS, Figure, strokes_of
from engine.music.harmony import Chord, HarmonicKey, harmonise
from engine.music.note_line import Stretch

MELODIES = (73, 40, 71, 68, 21, 22, 74, 72, 75, 65, 56, 46, 11, 41)
BASSES = (32, 33, 34, 35, 38, 39)
GUITARS = (24, 25, 26, 27)
PIANOS = (0, 1, 2, 3)
PADS = (48, 49, 50, 51, 88, 89, 52)
"""General MIDI programs that a part may sound as; the whistle of the usual font is out of tune."""

_FIGURES = tuple(DRUM_FIGURES.values())


@dataclass(frozen=True, slots=True)
class Played:
    """A note of a part: ``start`` and ``end`` in quarter notes, pitch, and velocity (1 to 127)."""

    start: float
    end: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument: the part's name, its General MIDI program, and what it plays."""

    name: str
    program: int
    notes: tuple[Played, ...]

    @property
    def drums(self) -> bool:
        """Whether the notes are drums instead of pitches."""
        return self.name == "drums"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Parts that sound together, from 0 to ``length`` quarter notes.

    ``swing`` is where the second eighth of a beat falls: .5 is straight, .667 a triplet.
    """

    parts: tuple[Part, ...]
    key: HarmonicKey
    chords: tuple[Chord, ...]
    tempo: float
    swing: float
    length: float

    def seconds(self, quarters: float) -> float:
        """Return the time at which a place in quarter notes sounds, swung."""
        beat, within = divmod(quarters, 1.0)
        half = self.swing
        swung = within * half * 2 if within < 0.5 else half + (within - 0.5) * (1 - half) * 2
        return (beat + swung) * 60 / self.tempo


def arrange(
    melody: Sequence[Stretch], key: HarmonicKey, measures: int, tempo: float, random: Generator
) -> Arrangement:
    """Return the melody with all five parts of an accompaniment, by choices from ``random``."""
    end = float(measures * QUARTERS)
    chords = harmonise(melody, key, end, float(random.choice([QUARTERS, QUARTERS / 2])))
    swing = float(random.choice([0.5, random.uniform(0.56, 0.667)], p=[0.75, 0.25]))
    writers: tuple[tuple[str, Sequence[int], _Writer], ...] = (
        ("drums", (0,), lambda: _drums(measures, random)),
        ("bass", BASSES, lambda: _bass(chords, random)),
        ("guitar", GUITARS, lambda: _guitar(chords, random)),
        ("piano", PIANOS, lambda: _piano(chords, random)),
        ("pad", PADS, lambda: _pad(chords, random)),
    )
    parts = [Part("melody", int(random.choice(MELODIES)), _melody(melody, end, random))]
    for name, programs, write in writers:
        parts.append(Part(name, int(random.choice(programs)), tuple(write())))
    return Arrangement(tuple(parts), key, chords, tempo, swing, end)


_Writer = Callable[[], list[Played]]


def _melody(line: Sequence[Stretch], end: float, random: Generator) -> tuple[Played, ...]:
    held = random.uniform(0.85, 1.0)
    return tuple(
        Played(
            note.start,
            note.start + (min(note.end, end) - note.start) * held,
            note.pitch,
            _velocity(random, 92 if note.start % 1 == 0 else 84),
        )
        for note in line
        if note.start < end
    )


def _drums(measures: int, random: Generator) -> list[Played]:
    pattern = _FIGURES[random.integers(len(_FIGURES))]
    fill = FILLS[random.integers(len(FILLS))]
    every = int(random.choice([2, 4, 8]))
    found: list[Played] = []
    for measure in range(measures):
        start = float(measure * QUARTERS)
        filling = every < 8 and measure % every == every - 1
        found += _hits(pattern, start, QUARTERS / 2 if filling else QUARTERS, random)
        if filling:
            found += _hits(fill, start + QUARTERS / 2, QUARTERS / 2, random)
        if measure and measure % every == 0 and random.random() < 0.6:
            found.append(Played(start, start + 1, CRASH, _velocity(random, 90)))
    return sorted(found, key=lambda note: note.start)


def _hits(figure: Figure, start: float, length: float, random: Generator) -> list[Played]:
    return [
        Played(start + at, start + at + 0.2, drum, _velocity(random, loudness))
        for at, drum, loudness in strokes_of(figure)
        if at < length
    ]


def _bass(chords: Sequence[Chord], random: Generator) -> list[Played]:
    style = random.choice(["long", "fifths", "pulse", "walk", "push"])
    found = []
    for index, chord in enumerate(chords):
        root, third = near(chord.root, 38), near(chord.third, near(chord.root, 38) + 3)
        following = near(chords[(index + 1) % len(chords)].root, 38)
        figure = bass_figure(
            style, chord.end - chord.start, root, third, near(chord.fifth, 38), following
        )
        for at, length, pitch in figure:
            start = chord.start + at
            found.append(Played(start, start + length * 0.92, pitch, _velocity(random, 98)))
    return found


def _guitar(chords: Sequence[Chord], random: Generator) -> list[Played]:
    if random.random() < 0.45:
        return _arpeggio(chords, 57, random.choice(["up", "rolling"]), random)
    strums = str(random.choice(STRUMS))
    found = []
    for chord in chords:
        voiced = voicing(chord.pitch_classes, 52, 5)
        for at in every(0.5, chord.end - chord.start):
            place = chord.start + at
            if strums[round(place * 2) % 8] == "x":
                # Strings one after another, alternately down and up.
                order = voiced if round(place * 2) % 2 == 0 else voiced[::-1]
                for string, pitch in enumerate(order):
                    start = place + 0.012 * string
                    # Over before the next strum, which may strike the same string.
                    found.append(Played(start, place + 0.48, pitch, _velocity(random, 84)))
    return found


def _piano(chords: Sequence[Chord], random: Generator) -> list[Played]:
    style = random.choice(["blocks", "stride", "alberti", "offbeats"])
    if style == "alberti":
        return _arpeggio(chords, 60, "alberti", random)
    found = []
    for chord in chords:
        voiced = voicing(chord.pitch_classes, 60, 3)
        low = near(chord.root, 43)
        hands = {"all": voiced, "low": [low], "both": [low, *voiced]}
        for at, length, struck in block_figure(style, chord.end - chord.start):
            found += _block(hands[struck], chord.start + at, length, random)
    return found


def _pad(chords: Sequence[Chord], random: Generator) -> list[Played]:
    size = int(random.choice([3, 4]))
    return [
        Played(chord.start, chord.end * 0.999, pitch, _velocity(random, 80))
        for chord in chords
        for pitch in voicing(chord.pitch_classes, 57, size)
    ]


def _arpeggio(chords: Sequence[Chord], centre: int, style: str, random: Generator) -> list[Played]:
    found = []
    for chord in chords:
        voiced = voicing(chord.pitch_classes, centre, 4)
        for at, note in arpeggio_figure(style, chord.end - chord.start):
            start = chord.start + at
            found.append(Played(start, start + 0.7, voiced[note], _velocity(random, 82)))
    return found


def _block(pitches: Sequence[int], start: float, length: float, random: Generator) -> list[Played]:
    return [Played(start, start + length, pitch, _velocity(random, 84)) for pitch in pitches]


def _velocity(random: Generator, around: int) -> int:
    return int(min(127, max(1, round(around + random.normal(0, 5)))))
