"""Songs of many tracks, made of measures of held-out tunes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice

from engine.corpus.table import shipped
from engine.latent.spec import LatentModel, serves
from engine.music.measure import HOLD, Measure
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track

TRACKS, MEASURES = 16, 500


def large_song(model: LatentModel, title: str, measures: int = MEASURES) -> Song:
    """Return a song of 16 tracks, each measure with its code, as it is saved."""
    count = TRACKS * measures
    found = list(islice(cycle(islice(_held_out(), 1000)), count))
    several = list(dict.fromkeys(found))
    codes = dict(zip(several, model.encode(several), strict=True))
    slots = [_slot(measure, codes[measure]) for measure in found]
    rows = (tuple(slots[first : first + measures]) for first in range(0, count, measures))
    tracks = tuple(
        Track(f"Voice {number + 1}", channel=number, slots=row) for number, row in enumerate(rows)
    )
    spec = model.spec
    return Song(title, tracks=tracks, model=(spec.name, spec.digest))


def beside(song: Song, notes: int) -> Song:
    """Return a song of one measure with 15 more tracks that play so many notes a minute with it."""
    first = song.tracks[0].slots[0].measure
    turns = song.tempo / first.grid.quarters
    each, more = divmod(round(notes / turns) - len(first.notes), TRACKS - 1)
    tracks = tuple(
        Track(
            f"Voice {number + 1}",
            channel=number,
            slots=(_slot(_struck(each + (number <= more), 60 + number, first.grid.ticks), None),),
        )
        for number in range(1, TRACKS)
    )
    return replace(song, tracks=(*song.tracks, *tracks))


def _held_out() -> Iterator[Measure]:
    corpus = shipped()
    for row in corpus.test():
        measure = corpus.measure(int(row))
        if serves(measure.grid):
            yield measure


def _slot(measure: Measure, code: tuple[float, ...] | None) -> Slot:
    return Slot(measure, code, code, Origin("corpus", "Bench"), source=measure)


def _struck(notes: int, pitch: int, ticks: int) -> Measure:
    """Return a measure with so many notes (as many as it has ticks at most), evenly struck."""
    count = max(1, min(notes, ticks))
    struck = {at * ticks // count for at in range(count)}
    tokens = [pitch if tick in struck else HOLD for tick in range(ticks)]
    return Measure(tuple(tokens))
