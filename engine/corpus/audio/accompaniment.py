"""Accompaniment written by rule: drums, bass, guitar, piano and pad under a melody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from engine.corpus.clip_format import QUARTERS
from engine.music.harmony import Chord, HarmonicKey, harmonise
from engine.music.note_line import Stretch

KICK, SNARE, RIM, CLAP, HAT, OPEN_HAT, RIDE, CRASH = 36, 38, 37, 39, 42, 46, 51, 49
LOW_TOM, MIDDLE_TOM, HIGH_TOM, SHAKER, TAMBOURINE = 45, 47, 50, 70, 54

MELODIES = (73, 40, 71, 68, 21, 22, 74, 72, 75, 65, 56, 46, 11, 41)
BASSES = (32, 33, 34, 35, 38, 39)
GUITARS = (24, 25, 26, 27)
PIANOS = (0, 1, 2, 3)
PADS = (48, 49, 50, 51, 88, 89, 52)
"""General MIDI programs that a part may sound as; the whistle of the usual font is out of tune."""

# One sign for each sixteenth: a digit is a loudness from 1 to 9, a dot is silence.
_DRUMS: tuple[dict[int, str], ...] = (
    {KICK: "9.......8.......", SNARE: "....8.......8...", HAT: "7.4.6.4.7.4.6.4."},
    {KICK: "9.......8.7.....", SNARE: "....8.......8..3", HAT: "7.5.7.5.7.5.7.5."},
    {KICK: "9...8...9...8...", SNARE: "....7.......7...", OPEN_HAT: "..6...6...6...6."},
    {KICK: "9...7...9...7...", SNARE: "5.575.575.575.57", HAT: "..5...5...5...5."},
    {KICK: "9.........8.....", SNARE: "........9.......", HAT: "7...6...7...6..."},
    {KICK: "9..7....8..7....", RIM: "....7.......7...", SHAKER: "6464646464646464"},
    {KICK: "9.....8...8.....", SNARE: "....8.......8...", RIDE: "7...6.5.7...6.5."},
    {KICK: "9.......9.......", CLAP: "....7.......7...", TAMBOURINE: "..5...5...5...5."},
    {KICK: "9.......7.......", HAT: "....7.......7...", SHAKER: "5.5.5.5.5.5.5.5."},
    {KICK: "9..8..7.9..8..7.", SNARE: "....8.......8...", HAT: "7575757575757575"},
)
_FILLS: tuple[dict[int, str], ...] = (
    {KICK: "9.......", SNARE: "..6.7.89", HAT: "7.4....."},
    {KICK: "9.......", HIGH_TOM: "..7.7...", MIDDLE_TOM: "....7.7.", LOW_TOM: "......89"},
    {KICK: "9...9...", SNARE: "....7777"},
)


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
    pattern = _DRUMS[random.integers(len(_DRUMS))]
    fill = _FILLS[random.integers(len(_FILLS))]
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


def _hits(pattern: dict[int, str], start: float, length: float, random: Generator) -> list[Played]:
    return [
        Played(start + at / 4, start + at / 4 + 0.2, drum, _velocity(random, 20 + 11 * int(sign)))
        for drum, signs in pattern.items()
        for at, sign in enumerate(signs)
        if sign != "." and at / 4 < length
    ]


def _bass(chords: Sequence[Chord], random: Generator) -> list[Played]:
    style = random.choice(["long", "fifths", "pulse", "walk", "push"])
    found = []
    for index, chord in enumerate(chords):
        root = _near(chord.root, 38)
        fifth = _near(chord.fifth, 38)
        following = _near(chords[(index + 1) % len(chords)].root, 38)
        for at, length, pitch in _bass_line(style, chord, root, fifth, following):
            start = chord.start + at
            found.append(Played(start, start + length * 0.92, pitch, _velocity(random, 98)))
    return found


def _bass_line(
    style: str, chord: Chord, root: int, fifth: int, following: int
) -> list[tuple[float, float, int]]:
    length = chord.end - chord.start
    if style == "long":
        return [(0.0, length, root)]
    if style == "fifths":
        return [(at, 1.0, root if at % 2 == 0 else fifth) for at in _every(1.0, length)]
    if style == "pulse":
        return [(at, 0.5, root) for at in _every(0.5, length)]
    if style == "push":
        return [
            place
            for at in _every(2.0, length)
            for place in ((at, 1.4, root), (at + 1.5, 0.5, fifth))
        ]
    third = _near(chord.third, root + 3)
    steps = [root, third, fifth, following + (1 if following < fifth else -1)]
    return [(at, 1.0, steps[int(at) % 4]) for at in _every(1.0, length)]


def _guitar(chords: Sequence[Chord], random: Generator) -> list[Played]:
    if random.random() < 0.45:
        return _arpeggio(chords, 57, random.choice(["up", "rolling"]), random)
    strums = str(random.choice(["x.x.x.x.", "x..xx.x.", "x.xxx.xx", "x...x...", "..x...x."]))
    found = []
    for chord in chords:
        voiced = _voicing(chord, 52, 5)
        for at in _every(0.5, chord.end - chord.start):
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
        voiced = _voicing(chord, 60, 3)
        low = _near(chord.root, 43)
        for at in _every(1.0, chord.end - chord.start):
            start = chord.start + at
            if style == "blocks":
                if at % 2 == 0:
                    found += _block([low, *voiced], start, 1.9, random)
            elif style == "stride":
                found += _block([low] if at % 2 == 0 else voiced, start, 0.8, random)
            else:
                found += _block(voiced, start + 0.5, 0.4, random)
    return found


def _pad(chords: Sequence[Chord], random: Generator) -> list[Played]:
    size = int(random.choice([3, 4]))
    return [
        Played(chord.start, chord.end * 0.999, pitch, _velocity(random, 80))
        for chord in chords
        for pitch in _voicing(chord, 57, size)
    ]


def _arpeggio(chords: Sequence[Chord], centre: int, style: str, random: Generator) -> list[Played]:
    orders = {"up": (0, 1, 2, 3), "rolling": (0, 2, 1, 2, 3, 2, 1, 2), "alberti": (0, 2, 1, 2)}
    order = orders[style]
    found = []
    for chord in chords:
        voiced = _voicing(chord, centre, 4)
        for step, at in enumerate(_every(0.5, chord.end - chord.start)):
            start = chord.start + at
            pitch = voiced[order[step % len(order)]]
            found.append(Played(start, start + 0.7, pitch, _velocity(random, 82)))
    return found


def _block(pitches: Sequence[int], start: float, length: float, random: Generator) -> list[Played]:
    return [Played(start, start + length, pitch, _velocity(random, 84)) for pitch in pitches]


def _voicing(chord: Chord, lowest: int, size: int) -> list[int]:
    # The nearest inversion above ``lowest``, so that the hand stays where it is.
    above = sorted(lowest + (pitch_class - lowest) % 12 for pitch_class in chord.pitch_classes)
    return [above[at % 3] + 12 * (at // 3) for at in range(size)]


def _near(pitch_class: int, centre: int) -> int:
    return centre + (pitch_class - centre + 6) % 12 - 6


def _every(step: float, length: float) -> list[float]:
    return [index * step for index in range(max(1, round(length / step)))]


def _velocity(random: Generator, around: int) -> int:
    return int(min(127, max(1, round(around + random.normal(0, 5)))))
