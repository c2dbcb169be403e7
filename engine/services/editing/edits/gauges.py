"""Edits of gauges: the latent code of a measure is moved, and the measure decoded anew."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.errors import Locked, OutOfRange
from engine.latent.prior import draw
from engine.latent.spec import (
    DECIMALS,
    LIMIT,
    Latent,
    LatentModel,
    LatentSpec,
    check_dimension,
    checked,
)
from engine.latent.variation import between
from engine.music.asked_tones import asked_tones
from engine.music.locks import NOTHING, KeptNotes, kept
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.base import SlotEdit
from engine.protocol.edit import (
    Interpolate,
    MoveLatent,
    MoveLatents,
    Randomise,
    ResetLatent,
    SetLatent,
    SetLatents,
)
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    label,
    resolve_edit,
    step_name,
)


@resolve_edit.register
def _(command: MoveLatent, song: Song, context: EditContext) -> SetLatent:
    moved = _moved(song, command, command.dimension, command.by, context)
    to = round(moved, DECIMALS)
    return SetLatent(command.slot, command.dimension, to, command.gesture, track=command.track)


@resolve_edit.register
def _(command: MoveLatents, song: Song, context: EditContext) -> SetLatents:
    # To where the cells of a map lie, from which no rounding is to lead away.
    values = tuple((d, _moved(song, command, d, by, context)) for d, by in command.ways)
    return SetLatents(command.slot, values, command.gesture, track=command.track)


def _moved(song: Song, command: SlotEdit, dimension: int, by: float, context: EditContext) -> float:
    model = context.ready()
    check_dimension(model.spec, dimension)
    if math.isnan(by):
        raise OutOfRange(f"A gauge moves by a number, and {by} is none.")
    here = (song.slot(command.slot, command.row).latent or model.spec.origin)[dimension]
    return max(-LIMIT, min(LIMIT, here + by))


@apply_edit.register
def _(command: SetLatent, song: Song, context: EditContext) -> Song:
    model = context.ready()
    _check_free(command.dimension, model, context, "move")
    return _move(song, command, {command.dimension: checked(command.value)}, model, context)


@step_name.register
def _(command: SetLatent, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if spec is None:
        return "gauges"
    slot, dimension = command.slot, command.dimension
    before, after = old.slot(slot, command.row).latent, new.slot(slot, command.row).latent
    change = after[dimension] - (before or spec.origin)[dimension] if after else 0.0
    way = "up" if change >= 0 else "down"
    return f"{label(spec, dimension)} {round(abs(change), 2):g} {way} in measure {slot + 1}"


@apply_edit.register
def _(command: SetLatents, song: Song, context: EditContext) -> Song:
    model = context.ready()
    for dimension, _ in command.values:
        check_dimension(model.spec, dimension)
    moves = {d: checked(value) for d, value in command.values}
    free = {d: value for d, value in moves.items() if d not in context.locks}
    if moves and not free:
        raise Locked("All gauges of this move are locked.", "Unlock one of them.")
    return _move(song, command, free, model, context)


@step_name.register
def _(command: SetLatents, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if spec is None:
        return "gauges"
    moved = sorted({d for d, _ in command.values})
    many = f"{len(moved)} gauges" if len(moved) > 2 else " and ".join(label(spec, d) for d in moved)
    return f"{many} moved in measure {command.slot + 1}"


@apply_edit.register
def _(command: ResetLatent, song: Song, context: EditContext) -> Song:
    model, slot = context.ready(), song.slot(command.slot, command.row)
    if command.dimension is not None:
        _check_free(command.dimension, model, context, "reset")
    if slot.latent is None or slot.anchor is None:
        return song
    back = [command.dimension] if command.dimension is not None else range(len(slot.latent))
    latent = list(slot.latent)
    for each in back:
        if each not in context.locks:
            latent[each] = slot.anchor[each]
    return turn(song, command, slot, tuple(latent), model, context)


@step_name.register
def _(command: ResetLatent, old: Song, new: Song, spec: LatentSpec | None) -> str:
    one = spec is not None and command.dimension is not None
    gauge = f"{label(spec, command.dimension or 0)} in " if one else ""
    return f"reset {gauge}measure {command.slot + 1}"


@apply_edit.register
def _(command: Randomise, song: Song, context: EditContext) -> Song:
    model, slot, amount = context.ready(), song.slot(command.slot, command.row), command.amount
    if not 0 <= amount <= 1:
        raise OutOfRange(f"An amount of chance lies from 0 to 1, and {amount} does not.")
    # All dimensions are drawn, so that a lock changes its own gauge and no other.
    drawn = draw(len(model.spec.dimensions), command.seed)
    here = slot.latent or model.spec.origin
    latent = tuple(
        z if d in context.locks else round(z + amount * (there - z), DECIMALS) + 0.0
        for d, (z, there) in enumerate(zip(here, drawn, strict=True))
    )
    if amount == 0 or latent == slot.latent:
        return song
    if slot.latent is None:
        origin = Origin("prior", "Drawn by chance", f"amount {amount:g}, seed {command.seed}")
        slot = Slot(anchor=latent, origin=origin)
    return at_code(song, command, slot, latent, model)


@step_name.register
def _(command: Randomise, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"randomise {command.amount:g} in measure {command.slot + 1}"


@apply_edit.register
def _(command: Interpolate, song: Song, context: EditContext) -> Song:
    model, source, target, count = context.ready(), command.source, command.target, command.count
    first, last = song.slot(source, command.row), song.slot(target, command.row)
    if source == target or first.latent is None or last.latent is None:
        raise OutOfRange(
            f"There is no way from measure {source + 1} to measure {target + 1}.",
            "Name two measures that are not empty.",
        )
    if song.length + count > MOST_SLOTS:
        raise OutOfRange(f"A song has at most {MOST_SLOTS} measures.", "Take some out.")
    ends = (first.latent, first.measure), (last.latent, last.measure)
    codes = between(model, *ends, count, context.locks)
    title = f"Between {source + 1} and {target + 1}"
    longer = song.inserted(source + 1, count, first.grid)
    decoded = [
        model.fitted(measure, NOTHING, asked_tones(longer, at))
        for at, measure in enumerate(model.decode(codes), source + 1)
    ]
    coming = tuple(
        Slot(measure, code, code, Origin("between", title, f"step {step} of {count}"), moved=True)
        for step, (measure, code) in enumerate(zip(decoded, codes, strict=True), 1)
    )
    slots = song.track(command.row).slots
    return longer.with_slots((*slots[: source + 1], *coming, *slots[source + 1 :]), command.row)


@step_name.register
def _(command: Interpolate, old: Song, new: Song, spec: LatentSpec | None) -> str:
    many = f"{command.count} measure{'s' * (command.count > 1)}"
    return f"{many} from {command.source + 1} to {command.target + 1}"


def _check_free(dimension: int, model: LatentModel, context: EditContext, what: str) -> None:
    check_dimension(model.spec, dimension)
    if dimension in context.locks:
        name = label(model.spec, dimension).capitalize()
        raise Locked(f"{name} is locked.", f"Unlock it to {what} it.")


def _move(
    song: Song, command: SlotEdit, moves: dict[int, float], model: LatentModel, context: EditContext
) -> Song:
    slot = song.slot(command.slot, command.row)
    if slot.latent is None:
        origin = Origin("gauge", "Set by hand", "from the mean of the prior")
        slot = Slot(anchor=model.spec.origin, origin=origin)
    latent = list(slot.latent or model.spec.origin)
    for dimension, value in moves.items():
        # Adding zero turns -0.0 into 0.0, which is written and read back the same.
        latent[dimension] = value + 0.0
    return turn(song, command, slot, tuple(latent), model, context)


def turn(
    song: Song,
    command: SlotEdit,
    slot: Slot,
    latent: Latent,
    model: LatentModel,
    context: EditContext,
) -> Song:
    """Return the song with the gauges of a slot turned to a point.

    They are turned from where the gesture found them, so that what is heard depends on how far
    a hand went and not on how often it was asked on the way.
    """
    start = (context.began or song).slot(command.slot, command.row)
    keeps = kept(song.track(command.row).slots, command.slot)
    back = _back(slot, latent, keeps)
    if back is not None:
        return song.with_slot(command.slot, back, command.row)
    if start.latent is None:
        moved = [d for d, z in enumerate(latent) if z != model.spec.origin[d]]
        decoded = model.decode([latent], moved=moved)[0]
        measure = model.fitted(decoded, keeps, asked_tones(song, command.slot))
    elif latent == start.latent:
        return song.with_slot(command.slot, start, command.row)
    else:
        measure = model.turned(start, latent, keeps, asked_tones(song, command.slot))
    made = replace(slot, measure=measure, latent=latent, moved=True)
    return song.with_slot(command.slot, made, command.row)


def at_code(song: Song, command: SlotEdit, slot: Slot, latent: Latent, model: LatentModel) -> Song:
    """Return the song with a slot at a point, and its measure made anew but for what is locked."""
    keeps = kept(song.track(command.row).slots, command.slot)
    made = _back(slot, latent, keeps)
    if made is None:
        decoded = model.decode([latent])[0]
        measure = model.fitted(decoded, keeps, asked_tones(song, command.slot))
        made = replace(slot, measure=measure, latent=latent, moved=True)
    return song.with_slot(command.slot, made, command.row)


def _back(slot: Slot, latent: Latent, keeps: KeptNotes) -> Slot | None:
    """Return the slot where its gauges stand as they do, or as they did when it came in."""
    if latent == slot.latent:
        return slot
    if latent == slot.anchor and slot.source is not None:
        measure = keeps.of(slot.source)
        return replace(slot, measure=measure, latent=latent, moved=measure != slot.source)
    return None
