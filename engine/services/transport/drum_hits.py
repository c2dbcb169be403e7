"""Drums that were struck on a keyboard, as the notes of a pattern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from engine.midi.note_buffer import Struck
from engine.music.pattern import RESOLUTION, Hit, Pattern
from engine.music.quantise import PlayedMeasure, PlayedNote
from engine.music.slot import Origin
from engine.music.song import Song
from engine.protocol.patterns import LoadPatterns
from engine.protocol.snapshot import RecordStatus

STROKE = Fraction(1, 4)
"""How long a drum that was struck is written, in quarter notes."""

_ANY = 60


def drum_hits(
    line_of: Callable[[tuple[Struck, ...]], Sequence[PlayedNote]],
    notes: tuple[Struck, ...],
    quantised: Callable[[list[PlayedNote]], PlayedMeasure],
) -> list[Hit]:
    """Return what was struck in a measure, each drum read by itself.

    ``line_of`` places the notes of one drum on the beat, ``quantised`` makes a measure of them.
    """
    hits = []
    for pitch in sorted({note.pitch for note in notes}):
        own = line_of(tuple(note for note in notes if note.pitch == pitch))
        # Which drum it is says nothing of when: any pitch of a melody stands for it.
        played = quantised([replace(each, pitch=_ANY) for each in own])
        for note, touch in zip(played.measure.notes, played.touches, strict=True):
            assert touch is not None  # What was played has a touch.
            off = Fraction(round(touch.deviation * RESOLUTION), RESOLUTION)
            onset = max(Fraction(0), note.onset + off)
            hits.append(Hit(onset, pitch, STROKE, touch.velocity))
    return hits


def loaded(
    slot: int, hits: list[Hit], song: Song, status: RecordStatus, until: float, gesture: int
) -> LoadPatterns:
    """Return what puts hits into a measure, over what was there or in its place.

    In its place means up to ``until``, in quarter notes: a measure that was left in its midst
    keeps its end.
    """
    detail, row = "recorded", song.track(status.track)
    old = song.slot(slot, status.track) if slot < song.length else None
    kept: list[Hit] = []
    if old is not None and not old.empty:
        over = status.mode == "overdub"
        kept = [h for h in old.as_pattern(row.velocity).hits if over or h.onset >= until]
        detail = "played over what was there" if over else "replaced what was there"
    origins = (Origin("played", "Played", detail),)
    patterns = (Pattern.of([*kept, *hits]),)
    return LoadPatterns(slot, patterns, origins, gesture, track=status.track)
