"""What a rule plays in one measure: the slot that stands in the place of an empty one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from engine.music.accompaniment.chord_figures import (
    STRUMS,
    arpeggio_figure,
    bass_figure,
    block_figure,
    every,
    near,
    voicing,
)
from engine.music.accompaniment.drum_figures import (
    CRASH,
    DRUM_FIGURES,
    FILLS,
    HAT,
    KICK,
    SNARE,
    strokes_of,
)
from engine.music.accompaniment.style import STYLES, Accompaniment, knows
from engine.music.accompaniment.under import ChordSpan, MeasureChords
from engine.music.chords import ChordSymbol
from engine.music.grid import DOTTED_QUARTER, QUARTER, Grid
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure, silence
from engine.music.pattern import RESOLUTION, Hit, Pattern
from engine.music.performance import Touch
from engine.music.slot import Origin, Slot

BASS, COMPING, LOW = 38, 57, 43
"""The middle of a bass, the lowest of a chord, and the middle of its bass: MIDI pitches."""

FILL_EVERY = 8
"""How many measures a phrase of drums has."""

_BASS_FIGURES = {"root-fifth": "fifths", "walking": "walk"}
_BLOCK_FIGURES = {"block": "blocks", "off-beat": "offbeats"}
_ARPEGGIOS = {"arpeggio": "up"}

_SPARSE, _DENSE = 0.34, 0.66


@dataclass(frozen=True, slots=True)
class Stroke:
    # A note before it is swung: a place and a length in quarter notes of the measure.
    at: float
    length: float
    pitch: int
    velocity: int
    first: bool = False


def slots_played(
    slots: Sequence[Slot],
    kind: str,
    register: int,
    rule: Accompaniment,
    under: Sequence[MeasureChords],
    number: int = 0,
    after: Sequence[int] = (),
) -> tuple[Slot, ...]:
    """Return the slots of a track as they are heard: those that are empty as the rule plays them.

    ``under`` are the chords of each measure; ``register`` is by how many semitones the track lies
    above its measures, ``number`` the track's; ``after`` says which measure is heard after each
    (none: the next one). Of the measures whose chords are those of the last time nothing is
    computed again. A measure whose metre the style does not know stays empty.
    """
    which = rule, kind, register, number
    olds, chords, follows, made = _LAST.get(which, ((), (), (), ()))
    count, found = len(under), []
    after = after or [*range(1, count), 0]
    following = tuple([under[each][0].chord for each in after])
    for at, slot in enumerate(slots):
        if (
            at < len(made) and at < count and olds[at] is slot
            and chords[at] is under[at] and follows[at] is following[at]
        ):  # fmt: skip
            found.append(made[at])
        elif at < count:
            found.append(slot_played(slot, kind, register, rule, under[at], following[at], at))
        else:
            found.append(slot)
    played = tuple(found)
    if len(_LAST) >= _MOST_KEPT:
        _LAST.clear()
    _LAST[which] = tuple(slots), tuple(under), following, played
    return played


def slot_played(
    slot: Slot,
    kind: str,
    register: int,
    rule: Accompaniment,
    under: MeasureChords,
    following: ChordSymbol | None,
    at: int,
) -> Slot:
    """Return the slot at ``at`` as it is heard before a chord, as `slots_played` has it."""
    if not slot.empty or not knows(rule.style, slot.grid):
        return slot
    return _played(rule, kind, register, under, following, slot.grid, at % FILL_EVERY)


_Made = tuple[
    tuple[Slot, ...], tuple[MeasureChords, ...], tuple[ChordSymbol | None, ...], tuple[Slot, ...]
]


_LAST: dict[tuple[Accompaniment, str, int, int], _Made] = {}
"""What was played last by each rule of a track: an edit changes few measures of it."""

_MOST_KEPT = 64


@lru_cache(maxsize=8192)
def _played(
    rule: Accompaniment,
    kind: str,
    register: int,
    under: MeasureChords,
    following: ChordSymbol | None,
    grid: Grid,
    phrase: int,
) -> Slot:
    origin = Origin("rule", rule.style, "by rule")
    if grid.denominator == 8:
        # Eighths that are counted do not swing.
        rule = replace(rule, swing=0.0)
    if kind == "drums" or rule.style in STYLES["drums"]:
        strokes = _drums(rule, float(grid.length), phrase)
        return _slot_of(strokes, rule, grid, origin)
    if rule.style in STYLES["bass"]:
        return _bass(rule, under, following, grid, register, origin)
    strokes = [each for span in under for each in _comping(rule, span, grid)]
    return _slot_of(
        [replace(each, pitch=each.pitch - register) for each in strokes], rule, grid, origin
    )


# Bass: one voice, a measure


def _bass(
    rule: Accompaniment,
    under: MeasureChords,
    following: ChordSymbol | None,
    grid: Grid,
    register: int,
    origin: Origin,
) -> Slot:
    tokens = [HOLD] * grid.ticks
    touches: dict[int, Touch] = {}
    # Where nothing begins it rests.
    tokens[0] = REST
    for number, span in enumerate(under):
        start = min(grid.nearest(span.start), grid.ticks - 1)
        if span.chord is None:
            tokens[start] = REST
            continue
        after = under[number + 1].chord if number + 1 < len(under) else following
        for stroke in _bass_strokes(rule, span, span.chord, after or span.chord, grid):
            tick = grid.nearest(_parts(float(span.start) + stroke.at))
            if tick >= grid.ticks:
                continue
            tokens[tick] = _folded(stroke.pitch - register)
            onset = grid.onsets[tick]
            touches[tick] = Touch(stroke.velocity, float(_swung(onset, rule.swing) - onset))
    measure = Measure.from_tokens(tokens, grid)
    played = tuple(touches[at] for at, token in enumerate(measure.tokens) if token > REST)
    return Slot.brought_in(measure, origin, played)


def _bass_strokes(
    rule: Accompaniment, span: ChordSpan, chord: ChordSymbol, after: ChordSymbol, grid: Grid
) -> list[Stroke]:
    length, centre, beat = float(span.end - span.start), BASS + rule.higher, _beat(grid)
    classes = chord.pitch_classes
    low = chord.root if chord.bass is None else chord.bass
    root, fifth = near(low, centre), near(classes[2 % len(classes)], centre)
    third = near(classes[1], root + 3)
    following = near(after.root if after.bass is None else after.bass, centre)
    style = _BASS_FIGURES.get(rule.style, rule.style)
    if rule.complexity < _SPARSE:
        third = fifth = root
    figure = bass_figure(style, length, root, third, fifth, following)
    strokes = [
        Stroke(at, long, pitch, 102 if not at else 96 if at % beat == 0 else 88, first=not at)
        for at, long, pitch in figure
        if at < length
    ]
    strokes = _thinned(strokes, rule.density, beat)
    if rule.complexity > _DENSE and len(strokes) > 1 and following != root:
        # A semitone below, or above what is lower, the last note leads to the next chord.
        lead = following + (1 if following < strokes[-2].pitch else -1)
        strokes[-1] = replace(strokes[-1], pitch=lead)
    return strokes


def _folded(pitch: int) -> int:
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


# Chords and drums: several voices, a pattern


def _comping(rule: Accompaniment, span: ChordSpan, grid: Grid) -> list[Stroke]:
    if span.chord is None:
        return []
    chord, length, beat = span.chord, float(span.end - span.start), _beat(grid)
    classes = chord.pitch_classes if rule.complexity >= _SPARSE else chord.pitch_classes[:3]
    lowest = COMPING + rule.higher
    size = max(3, len(classes)) + (rule.complexity > _DENSE)
    voiced = voicing(classes, lowest, size)
    low = near(chord.root if chord.bass is None else chord.bass, LOW + rule.higher)
    hands = {"all": voiced, "low": [low], "both": [low, *voiced]}
    if rule.style == "pad":
        places = [(0.0, length, voiced)]
    elif rule.style == "strum":
        strum = STRUMS[0] if rule.density > _DENSE else STRUMS[1]
        places = [
            (at, 0.48, voicing(classes, lowest - 5, 5))
            for at in every(0.5, length)
            if strum[round((float(span.start) + at) * 2) % 8] == "x"
        ]
    elif (style := _ARPEGGIOS.get(rule.style, rule.style)) in ("up", "rolling", "alberti"):
        notes = voicing(classes, lowest, 4)
        places = [
            (at, 0.5, [notes[note]])
            for at, note in arpeggio_figure(style, length, compound=grid.compound)
        ]
    else:
        figure = block_figure(_BLOCK_FIGURES.get(rule.style, rule.style), length)
        places = [(at, long, hands[struck]) for at, long, struck in figure]
    strokes = [
        Stroke(at, min(long, length - at), pitch, 86 if at % beat == 0 else 80, first=not at)
        for at, long, pitches in places
        if at < length
        for pitch in pitches
    ]
    strokes = _thinned(strokes, rule.density, beat)
    return [replace(each, at=each.at + float(span.start)) for each in strokes]


def _drums(rule: Accompaniment, length: float, phrase: int) -> list[Stroke]:
    figure = DRUM_FIGURES.get(rule.style) or DRUM_FIGURES["rock"]
    found = [
        Stroke(at + turn, 0.25, drum, velocity, first=drum in (KICK, SNARE) and at % 1 == 0)
        for turn in every(4.0, max(4.0, length))
        for at, drum, velocity in strokes_of(figure)
        if at + turn < length
    ]
    found = _thinned(found, rule.density)
    if rule.complexity < _SPARSE:
        found = [each for each in found if each.at % 0.5 == 0]
    # A rich drummer fills every other time, a plain one never.
    phrases = FILL_EVERY // 2 if rule.complexity > _DENSE else FILL_EVERY
    if rule.complexity >= _SPARSE and phrase % phrases == phrases - 1 and length >= 4:
        half = length - 2
        fill = FILLS[phrase % len(FILLS)]
        found = [each for each in found if each.at < half]
        found += [Stroke(half + at, 0.25, drum, loud) for at, drum, loud in strokes_of(fill)]
    elif rule.complexity > _DENSE and phrase % phrases == 0:
        found.append(Stroke(0.0, 1.0, CRASH, 90))
    if rule.density > _DENSE and not any(each.at % 0.5 for each in found if each.pitch == HAT):
        between = [at + 0.25 for at in every(0.5, length) if at + 0.25 < length]
        found += [Stroke(at, 0.25, HAT, 52) for at in between]
    return found


def _beat(grid: Grid) -> float:
    # Beats that are shorter than a quarter are felt in twos.
    return float(DOTTED_QUARTER if grid.compound else QUARTER)


def _thinned(strokes: Iterable[Stroke], density: float, beat: float = 1.0) -> list[Stroke]:
    """Return less than there is where the density is low, and more where it is high."""
    found = list(strokes)
    if density < _SPARSE:
        # What stands on weak places goes first.
        strongest = [2 * beat] if density < _SPARSE / 2 else [2 * beat, beat]
        kept = [e for e in found if e.first or any(e.at % step == 0 for step in strongest)]
        return kept or found
    if density > _DENSE:
        # What lasts is struck again on every eighth.
        return [part for each in found for part in _divided(each)]
    return found


def _divided(stroke: Stroke) -> list[Stroke]:
    step = 0.5 if stroke.length >= 1 else stroke.length
    places = [at for at in every(step, stroke.length) if at < stroke.length]
    return [
        replace(
            stroke,
            at=stroke.at + at,
            length=min(step, stroke.length - at),
            first=stroke.first and not at,
        )
        for at in places
    ]


def _slot_of(strokes: Sequence[Stroke], rule: Accompaniment, grid: Grid, origin: Origin) -> Slot:
    hits = []
    for each in strokes:
        onset = _swung(_parts(each.at), rule.swing)
        end = _swung(_parts(min(each.at + each.length, float(grid.length))), rule.swing)
        if 0 <= each.pitch <= 127 and onset < grid.length:
            length = max(end - onset, Fraction(1, 16))
            hits.append(Hit(onset, each.pitch, length, each.velocity))
    return Slot(measure=silence(grid), origin=origin, pattern=Pattern.of(hits))


def _parts(place: float) -> Fraction:
    return Fraction(round(place * RESOLUTION), RESOLUTION)


def _swung(place: Fraction, swing: float) -> Fraction:
    """Return where a place is heard: the second eighth of a quarter up to a triplet late."""
    if not swing:
        return place
    quarter, within = divmod(place, 1)
    first = Fraction(1, 2) + Fraction(swing) / 6
    half = Fraction(1, 2)
    if within <= half:
        moved = within * first / half
    else:
        moved = first + (within - half) * (1 - first) / half
    return quarter + _parts(float(moved))
