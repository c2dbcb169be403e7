"""Edits by chance: gauges a way from where they stand, and notes changed by amount and scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.errors import Locked, OutOfRange
from engine.latent.spec import LatentSpec, check_dimension, serves
from engine.latent.variation import walked
from engine.music.asked_tones import asked_tones
from engine.music.locks import kept
from engine.music.measure import REST
from engine.music.performance import Touches
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.varied_notes import varied
from engine.protocol.edit import Vary
from engine.protocol.notes import VaryNotes
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    label,
    step_name,
    takes_long,
)
from engine.services.editing.edits.gauges import at_code, turn

MOST_DECODED = 64
"""The gauges of how many measures are varied at once at most: each has to be decoded."""

DECODED_AT_ONCE = 2
"""The gauges of how many are varied on the engine thread."""

SEEDS = 2**31
"""The seed of each further measure is the next one, round to 0 after so many."""


@apply_edit.register
def _(command: Vary, song: Song, context: EditContext) -> Song:
    model = context.ready()
    if command.count > MOST_DECODED:
        raise OutOfRange(
            f"The gauges of at most {MOST_DECODED} measures are varied at once, not of "
            f"{command.count}.",
            "Vary one, or a shorter section.",
        )
    # Most of a short walk would be a transposition, and that is no variation.
    still = {d.index for d in model.spec.dimensions if d.transposes}
    if command.dimension is not None:
        check_dimension(model.spec, command.dimension)
        if command.dimension in context.locks:
            name = label(model.spec, command.dimension).capitalize()
            raise Locked(f"{name} is locked.", "Unlock it to vary it.")
        still = {*range(len(model.spec.dimensions))} - {command.dimension}

    def change(song: Song, at: int, seed: int) -> Song:
        slot, own = song.slot(at, command.row), replace(command, slot=at)
        if slot.latent is None:
            raise OutOfRange(f"Measure {at + 1} is empty.", "Vary one that has notes.")
        latent = walked(slot.latent, command.amount, seed, context.locks | still)
        if command.dimension is None:
            return at_code(song, own, slot, latent, model)
        return turn(song, own, slot, latent, model, context)

    def can(slot: Slot) -> bool:
        return slot.latent is not None and serves(slot.grid)

    return _each(song, command, can, change)


@apply_edit.register
def _(command: VaryNotes, song: Song, context: EditContext) -> Song:
    span = command.start, command.end

    def change(song: Song, at: int, seed: int) -> Song:
        row = song.track(command.row).slots
        slot, ticks = row[at], None
        if span[0] is not None and span[1] is not None and at == command.slot:
            ticks = [n for n, place in enumerate(slot.grid.onsets) if span[0] <= place < span[1]]
        keeps, tones = kept(row, at), asked_tones(song, at)
        measure = varied(slot.measure, command.what, command.amount, seed, keeps, tones, ticks)
        if measure == slot.measure:
            return song
        origin = Origin("written", slot.origin.title or "Written by hand", "notes varied")
        touches = _touches(slot, measure.tokens, command.what == "notes")
        made = Slot.brought_in(measure, origin, touches)
        return song.with_slot(at, replace(made, locked_notes=slot.locked_notes), command.row)

    def can(slot: Slot) -> bool:
        ticks = (tick for tick, token in enumerate(slot.measure.tokens) if token > REST)
        return any(tick not in slot.locked_notes for tick in ticks)

    made = _each(song, command, can, change)
    return encoded([made], context.model)[0] if context.model else made


def _each(
    song: Song,
    command: Vary | VaryNotes,
    can: Callable[[Slot], bool],
    change: Callable[[Song, int, int], Song],
) -> Song:
    """Return the song with each of the measures changed that can be; of one, or raise why not."""
    if not 1 <= command.count <= song.length - command.slot or command.slot < 0:
        raise OutOfRange(
            f"From measure {command.slot + 1} on there are not {command.count} measures to vary."
        )
    if command.count == 1:
        return change(song, command.slot, command.seed)
    slots = song.track(command.row).slots[command.slot : command.slot + command.count]
    places = [at for at, slot in enumerate(slots, command.slot) if not slot.locked and can(slot)]
    if not places:
        raise OutOfRange(
            f"None of measures {command.slot + 1} to {command.slot + command.count} can be varied.",
            "Vary some that have notes, and are not locked.",
        )
    for at in places:
        song = change(song, at, (command.seed + at - command.slot) % SEEDS)
    return song


def _touches(slot: Slot, tokens: tuple[int, ...], matched: bool) -> Touches:
    """Return how the notes are played that a measure has now.

    Where none was added or dropped each keeps its own; else those do that are as they were.
    """
    if not matched or not slot.touches:
        return slot.touches
    before = [(tick, token) for tick, token in enumerate(slot.measure.tokens) if token > REST]
    own = dict(zip(before, slot.touches, strict=True))
    found = tuple(own.get((tick, token)) for tick, token in enumerate(tokens) if token > REST)
    return found if any(found) else ()


@step_name.register
def _(command: Vary, old: Song, new: Song, spec: LatentSpec | None) -> str:
    one = "" if command.dimension is None else f" {label(spec, command.dimension)}"
    return f"vary{one} {command.amount:g} in {_where(command)}"


@step_name.register
def _(command: VaryNotes, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"vary {command.what} {command.amount * 10:g} % in {_where(command)}"


@takes_long.register
def _(command: Vary, song: Song) -> bool:
    return command.count > DECODED_AT_ONCE


def _where(command: Vary | VaryNotes) -> str:
    first = command.slot + 1
    if command.count == 1:
        return f"measure {first}"
    return f"measures {first} to {first + command.count - 1}"
