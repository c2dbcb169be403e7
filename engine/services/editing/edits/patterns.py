"""Edits of patterns: the notes of a measure of drums or chords."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.accompaniment.style import knows
from engine.music.measure import silence
from engine.music.pattern import Hit, Pattern
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.patterns import LoadPatterns, NudgeHits, PatternEdit, PutHits, RemoveHits
from engine.services.editing.edits.base import EditContext, apply_edit, step_name
from engine.services.editing.edits.metres import measures_words
from engine.services.editing.edits.slots import put_slots


@apply_edit.register
def _(command: PutHits, song: Song, context: EditContext) -> Song:
    length = song.slot(command.slot, command.row).measure.grid.length
    new = [replace(hit, onset=hit.onset + command.onset) for hit in command.hits]
    inside = [hit for hit in new if hit.onset < length]
    if not inside:
        raise OutOfRange("The measure has no place there.")
    return _edited(song, command, lambda hits: (*hits, *inside))


@apply_edit.register
def _(command: RemoveHits, song: Song, context: EditContext) -> Song:
    def without(hits: tuple[Hit, ...]) -> Iterable[Hit]:
        gone = _chosen(hits, command)
        return [hit for hit in hits if hit not in gone]

    return _edited(song, command, without)


@apply_edit.register
def _(command: NudgeHits, song: Song, context: EditContext) -> Song:
    def louder(hits: tuple[Hit, ...]) -> Iterable[Hit]:
        gone = _chosen(hits, command)
        loud = [replace(h, velocity=max(1, min(127, h.velocity + command.by))) for h in gone]
        return [*(hit for hit in hits if hit not in gone), *loud]

    return _edited(song, command, louder)


@apply_edit.register
def _(command: LoadPatterns, song: Song, context: EditContext) -> Song:
    first, patterns = command.slot, command.patterns
    if not patterns or len(patterns) != len(command.origins):
        raise OutOfRange("To load patterns takes at least one, and an origin for each.")
    if not 0 <= first <= song.length or first + len(patterns) > MOST_SLOTS:
        raise OutOfRange(f"A song has {MOST_SLOTS} measures at most, and no gaps.")
    coming = [
        Slot(measure=silence(song.grid(at)), origin=origin, pattern=pattern)
        for at, (pattern, origin) in enumerate(zip(patterns, command.origins, strict=True), first)
    ]
    return put_slots(song, coming, first, command.row)


@step_name.register
def _(command: LoadPatterns, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"record {measures_words(command.slot, command.slot + len(command.patterns) - 1)}"


@step_name.register
def _(command: PatternEdit, old: Song, new: Song, spec: LatentSpec | None) -> str:
    what = {PutHits: "put", RemoveHits: "remove", NudgeHits: "loudness of"}[type(command)]
    return f"{what} notes in measure {command.slot + 1}"


def _chosen(hits: tuple[Hit, ...], command: RemoveHits | NudgeHits) -> tuple[Hit, ...]:
    found = tuple(
        hit
        for hit in hits
        if command.start <= hit.onset < command.end and command.pitch in (None, hit.pitch)
    )
    if not found:
        raise OutOfRange("No note starts here.", "Choose one, or a stretch that has some.")
    return found


def _edited(
    song: Song, command: PatternEdit, change: Callable[[tuple[Hit, ...]], Iterable[Hit]]
) -> Song:
    slot, track = song.slot(command.slot, command.row), song.track(command.row)
    rule = track.accompaniment
    if slot.empty and rule is not None and knows(rule.style, slot.grid):
        raise OutOfRange(
            f"Measure {command.slot + 1} is played by rule.", "Freeze the rule to edit its notes."
        )
    hits = slot.as_pattern(track.velocity).hits
    rest = silence(slot.grid)
    origin = Origin("written", slot.origin.title or "Written by hand")
    made = Slot(measure=rest, origin=origin, pattern=Pattern.of(change(hits)))
    return song.with_slot(command.slot, made, command.row)
