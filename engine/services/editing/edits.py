"""What each command makes of a song: pure functions from one song to the next."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.errors import Locked, NotReady, OutOfRange
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
from engine.latent.variation import between, walked
from engine.music.groove import Groove
from engine.music.modulation import Modulation
from engine.music.song import MOST_SLOTS, Origin, Slot, Song, bank_words
from engine.protocol.edit import (
    ClearSlot,
    CopySlot,
    InsertSlot,
    Interpolate,
    LoadMeasures,
    MoveLatent,
    MoveLatents,
    Nudge,
    NudgeModulation,
    NudgeRoute,
    Randomise,
    RemoveModulation,
    RemoveSlot,
    ResetLatent,
    SetBank,
    SetGroove,
    SetKey,
    SetLatent,
    SetLatents,
    SetModulation,
    SetRoutes,
    SetTempo,
    SetTitle,
    SetTrack,
    Vary,
)
from engine.protocol.parameters import (
    Number,
    modulation_numbers,
    route_numbers,
    song_numbers,
)
from engine.text import printable

TITLE_LENGTH = 200
"""The longest title in characters."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an edit may look at beside the song: the model, and the locked dimensions.

    ``ports`` are the ports that a route may go to beside the song's own.
    """

    model: LatentModel | None
    locks: frozenset[int]
    ports: tuple[str, ...] = ()

    def ready(self) -> LatentModel:
        """Return the model; raises `NotReady` while there is none."""
        if self.model is None:
            raise NotReady("The gauges need the model, which is not there.", "See armonica doctor.")
        return self.model


Relative = MoveLatent | MoveLatents | Nudge | NudgeModulation | NudgeRoute
"""The commands that move something from where it stands."""

Absolute = (
    SetLatent
    | SetLatents
    | ResetLatent
    | Randomise
    | Vary
    | Interpolate
    | LoadMeasures
    | CopySlot
    | ClearSlot
    | InsertSlot
    | RemoveSlot
    | SetTitle
    | SetTempo
    | SetTrack
    | SetBank
    | SetGroove
    | SetKey
    | SetModulation
    | RemoveModulation
    | SetRoutes
)
"""The commands that say themselves what becomes of the song."""

Editing = Absolute | Relative
"""The commands that change the song itself and are steps of undo."""


def absolute(song: Song, command: Editing, context: Context) -> Absolute:
    """Return the command that sets what a relative one comes to, and any other as it is.

    Raises an `ArmonicaError` where there is no such thing.
    """
    match command:
        case MoveLatent(slot, dimension, by, gesture):
            value = round(_moved_gauge(song, slot, dimension, by, context), DECIMALS)
            return SetLatent(slot, dimension, value, gesture)
        case MoveLatents(slot, ways, gesture):
            # Where the cells of a map lie, which no rounding is to lead away from.
            values = tuple((d, _moved_gauge(song, slot, d, by, context)) for d, by in ways)
            return SetLatents(slot, values, gesture)
        case Nudge(parameter, by, gesture):
            return _moved(song_numbers(song).get(parameter), by, gesture)
        case NudgeModulation(dimension, part, by, gesture):
            return _moved(modulation_numbers(song, dimension).get(part), by, gesture)
        case NudgeRoute(route, part, by, gesture):
            return _moved(route_numbers(song, route, context.ports).get(part), by, gesture)
    return command


def _moved_gauge(song: Song, slot: int, dimension: int, by: float, context: Context) -> float:
    model = context.ready()
    check_dimension(model.spec, dimension)
    if math.isnan(by):
        raise OutOfRange(f"A gauge moves by a number, and {by} is none.")
    here = (song.slot(slot).latent or model.spec.origin)[dimension]
    return max(-LIMIT, min(LIMIT, here + by))


def _moved(number: Number | None, by: float, gesture: int) -> Absolute:
    if number is None:
        raise OutOfRange("What was to be moved is not there any more.")
    return number.ask(number.moved(by), gesture)


def edited(song: Song, command: Absolute, context: Context) -> Song:
    """Return the song after ``command``; raises an `ArmonicaError` where it cannot be met."""
    match command:
        case SetLatent(slot, dimension, value):
            model = context.ready()
            check_dimension(model.spec, dimension)
            if dimension in context.locks:
                raise Locked(
                    f"{_label(model.spec, dimension).capitalize()} is locked.",
                    "Unlock it to move it.",
                )
            return _move(song, slot, {dimension: checked(value)}, model)
        case SetLatents(slot, values):
            model = context.ready()
            for dimension, _ in values:
                check_dimension(model.spec, dimension)
            moves = {d: checked(value) for d, value in values}
            free = {d: value for d, value in moves.items() if d not in context.locks}
            if moves and not free:
                raise Locked("All gauges of this move are locked.", "Unlock one of them.")
            return _move(song, slot, free, model)
        case ResetLatent(slot, dimension):
            return _reset(song, slot, dimension, context)
        case Randomise(slot, amount, seed):
            return _randomise(song, slot, amount, seed, context)
        case Vary(slot, amount, seed):
            return _vary(song, slot, amount, seed, context)
        case Interpolate(source, target, count):
            return _interpolate(song, source, target, count, context)
        case LoadMeasures():
            return _load(song, command, context)
        case CopySlot(source, target):
            return _copy(song, source, target)
        case ClearSlot(slot):
            return song.with_slot(slot, Slot())
        case InsertSlot(slot):
            if not 0 <= slot <= len(song.slots):
                raise OutOfRange(f"There is no place {slot + 1} for a measure.")
            return replace(song, slots=(*song.slots[:slot], Slot(), *song.slots[slot:]))
        case RemoveSlot(slot):
            song.slot(slot)
            if len(song.slots) == 1:
                raise OutOfRange("A song keeps at least one measure.", "Clear it instead.")
            return replace(song, slots=song.slots[:slot] + song.slots[slot + 1 :])
        case SetTitle(title):
            shown = printable(title, " ").strip()
            if len(shown) > TITLE_LENGTH:
                raise OutOfRange(f"A title has at most {TITLE_LENGTH} characters.")
            return replace(song, title=shown or "Untitled")
        case SetTempo(tempo):
            return replace(song, tempo=float(tempo))
        case SetTrack(channel, program, velocity):
            return _changed(song, "track", channel=channel, program=program, velocity=velocity)
        case SetBank(msb, lsb):
            return replace(song, track=replace(song.track, bank_msb=msb, bank_lsb=lsb))
        case SetGroove(swing, unit, timing, velocity, seed):
            parts = {"swing": swing, "unit": unit, "timing": timing}
            return _changed(song, "groove", **parts, velocity=velocity, seed=seed)
        case SetKey(tonic, scale, lock):
            song = _changed(song, "key", tonic=tonic, scale=scale)
            return song if lock is None else replace(song, lock=lock)
        case SetModulation(modulation):
            if context.model is not None:
                check_dimension(context.model.spec, modulation.dimension)
            return _with_modulations(song, modulation.dimension, modulation)
        case RemoveModulation(dimension):
            return _with_modulations(song, dimension)
        case SetRoutes(routes):
            return replace(song, routes=routes)


def target(command: Editing) -> Hashable:
    """Return what tells one gesture from another, or None where the command stands alone."""
    match command:
        case SetLatent(slot, dimension, _, gesture) | MoveLatent(slot, dimension, _, gesture) if (
            gesture
        ):
            return (SetLatent, gesture, slot, dimension)
        case Nudge(parameter, _, gesture) if gesture:
            return (Nudge, gesture, parameter)
        case SetLatents(slot, values, gesture) | MoveLatents(slot, values, gesture) if gesture:
            return (SetLatents, gesture, slot, tuple(sorted({d for d, _ in values})))
        case LoadMeasures() if command.gesture:
            return (LoadMeasures, command.gesture)
        case SetTempo(_, gesture) if gesture:
            return (SetTempo, gesture)
        case SetTrack(channel, program, velocity, gesture) if gesture:
            parts = tuple(value is not None for value in (channel, program, velocity))
            return (SetTrack, gesture, parts)
        case SetGroove(swing, unit, timing, velocity, seed, gesture) if gesture:
            parts = tuple(value is not None for value in (swing, unit, timing, velocity, seed))
            return (SetGroove, gesture, parts)
        case SetRoutes(_, gesture) if gesture:
            return (SetRoutes, gesture)
        case SetBank(_, _, gesture) if gesture:
            return (SetBank, gesture)
        case SetModulation(modulation, gesture) if gesture:
            return (SetModulation, gesture, modulation.dimension)
        case SetKey(tonic, scale, lock, gesture) if gesture:
            return (SetKey, gesture, tonic is None, scale is None, lock is None)
    return None


def stroke(command: Editing) -> Hashable:
    """Return what commands that make one step of undo have in common, or None.

    It is their `target`, but for those of a controller, whose knobs turn together.
    """
    gesture = getattr(command, "gesture", 0)
    return gesture if gesture < 0 else target(command)


def stroke_name(command: Absolute, old: Song, new: Song, spec: LatentSpec | None) -> str:
    """Name the step from ``old`` to ``new`` that ``command`` ends."""
    if getattr(command, "gesture", 0) >= 0:
        return step_name(command, old, new, spec)
    moved: dict[int, set[int]] = {}
    for at, (a, b) in enumerate(zip(old.slots, new.slots, strict=False)):
        if a.latent != b.latent and b.latent is not None and spec is not None:
            pairs = enumerate(zip(a.latent or spec.origin, b.latent, strict=False))
            moved[at] = {d for d, (x, y) in pairs if x != y}
    parts = [
        step_name(SetLatents(at, tuple((d, 0.0) for d in which)), old, new, spec)
        for at, which in moved.items()
    ]
    if old.tempo != new.tempo:
        parts.append(step_name(SetTempo(new.tempo), old, new, spec))
    if old.groove != new.groove:
        parts.append(step_name(SetGroove(new.groove.swing), old, new, spec))
    if old.track.velocity != new.track.velocity:
        track = SetTrack(velocity=new.track.velocity)
        parts.append(step_name(track, old, new, spec))
    return ", ".join(parts) or "controls"


def step_name(command: Absolute, old: Song, new: Song, spec: LatentSpec | None) -> str:
    """Name the step from ``old`` to ``new`` in a few words: "density 0.5 up in measure 3"."""
    match command:
        case SetLatent(slot, dimension) if spec is not None:
            before, after = old.slots[slot].latent or spec.origin, new.slots[slot].latent
            change = after[dimension] - before[dimension] if after else 0.0
            way = "up" if change >= 0 else "down"
            label = _label(spec, dimension)
            return f"{label} {round(abs(change), 2):g} {way} in measure {slot + 1}"
        case SetLatents(slot, values) if spec is not None:
            moved = sorted({d for d, _ in values})
            if len(moved) <= 2:
                labels = " and ".join(_label(spec, d) for d in moved)
                return f"{labels} moved in measure {slot + 1}"
            return f"{len(moved)} gauges moved in measure {slot + 1}"
        case ResetLatent(slot, dimension):
            gauge = f"{_label(spec, dimension)} in " if spec and dimension is not None else ""
            return f"reset {gauge}measure {slot + 1}"
        case Randomise(slot, amount, _):
            return f"randomise {amount:g} in measure {slot + 1}"
        case Vary(slot, amount, _):
            return f"vary {amount:g} in measure {slot + 1}"
        case Interpolate(source, target, count):
            return f"{count} measure{'s' * (count > 1)} from {source + 1} to {target + 1}"
        case LoadMeasures() if command.gesture:
            return _recorded(old, new)
        case LoadMeasures(slot, measures):
            many = len(measures) > 1
            return f"load measure{'s' * many} {slot + 1}" + f" to {slot + len(measures)}" * many
        case CopySlot(source, target):
            return f"copy measure {source + 1} to {target + 1}"
        case ClearSlot(slot):
            return f"clear measure {slot + 1}"
        case InsertSlot(slot):
            return f"insert measure {slot + 1}"
        case RemoveSlot(slot):
            return f"remove measure {slot + 1}"
        case SetTempo():
            return f"tempo {new.tempo:g}"
        case SetTrack(channel, program, velocity):
            named = {"channel": channel, "program": program, "velocity": velocity}
            shown = [
                # Users count channels and programs from 1, as synthesisers do.
                f"{name} {value + (name != 'velocity')}"
                for name, value in named.items()
                if value is not None
            ]
            return ", ".join(shown) or "track"
        case SetBank(msb, lsb):
            return f"bank {bank_words(msb, lsb)}"
        case SetGroove():
            return _groove_step(old.groove, new.groove)
        case SetModulation(modulation):
            return f"{_gauge(spec, modulation.dimension)} moves {modulation.name}"
        case RemoveModulation(dimension):
            return f"{_gauge(spec, dimension)} moves no controller"
        case SetRoutes(routes):
            fresh = [route.name for route in routes if route not in old.routes]
            return f"route to {fresh[0]}" if fresh else f"{len(routes)} routes"
        case SetKey(lock=None):
            return f"key {new.key.name}"
        case SetKey():
            return f"lock to {new.key.name}" if new.lock else "lock off"
        case SetTitle():
            return "title"
    return "gauges"


def _with_modulations(song: Song, dimension: int, *added: Modulation) -> Song:
    kept = [each for each in song.modulations if each.dimension != dimension]
    modulations = sorted((*kept, *added), key=lambda modulation: modulation.dimension)
    return replace(song, modulations=tuple(modulations))


def _gauge(spec: LatentSpec | None, dimension: int) -> str:
    known = spec is not None and 0 <= dimension < len(spec.dimensions)
    return _label(spec, dimension) if spec is not None and known else f"gauge {dimension}"


def _groove_step(old: Groove, new: Groove) -> str:
    if (new.swing, new.unit) != (old.swing, old.unit):
        return f"swing {new.swing:g} % of {new.unit}"
    parts = {"timing": f"{new.timing:g} ms", "velocity": str(new.velocity), "seed": str(new.seed)}
    shown = [
        f"{name} {words}"
        for name, words in parts.items()
        if getattr(new, name) != getattr(old, name)
    ]
    return f"humanise {', '.join(shown)}" if shown else "groove"


def _changed(song: Song, part: Literal["track", "groove", "key"], **values: Any) -> Song:
    given = {name: value for name, value in values.items() if value is not None}
    return replace(song, **{part: replace(getattr(song, part), **given)})


def encoded(songs: Iterable[Song], model: LatentModel) -> list[Song]:
    """Return the songs with a code of this model for every measure that has none.

    The codes of another model are dropped: the measures stay as they are, and so does what
    they are called.
    """
    every = [_own(song, model.spec) for song in songs]
    lacking = dict.fromkeys(
        slot.measure for song in every for slot in song.slots if _lacks_code(slot)
    )
    if not lacking:
        return every
    codes = dict(zip(lacking, model.encode(list(lacking)), strict=True))

    def coded(slot: Slot) -> Slot:
        if not _lacks_code(slot):
            return slot
        code = codes[slot.measure]
        return replace(slot, latent=code, anchor=code)

    return [replace(song, slots=tuple(map(coded, song.slots))) for song in every]


def foreign(song: Song, spec: LatentSpec) -> bool:
    """Return whether the song's codes belong to another model."""
    size = len(spec.dimensions)
    lengths = {len(slot.latent) for slot in song.slots if slot.latent is not None}
    return song.model not in (None, (spec.name, spec.digest)) or not lengths <= {size}


def _own(song: Song, spec: LatentSpec) -> Song:
    slots = song.slots
    if foreign(song, spec):
        slots = tuple(
            s if s.empty else Slot.brought_in(s.measure, s.origin, s.touches) for s in slots
        )
    return replace(song, slots=slots, model=(spec.name, spec.digest))


def _lacks_code(slot: Slot) -> bool:
    return slot.latent is None and not slot.empty


def _label(spec: LatentSpec, dimension: int) -> str:
    return spec.dimensions[dimension].label


def _move(song: Song, index: int, moves: dict[int, float], model: LatentModel) -> Song:
    slot = song.slot(index)
    if slot.latent is None:
        origin = Origin("gauge", "Set by hand", "from the mean of the prior")
        slot = Slot(anchor=model.spec.origin, origin=origin)
    latent = list(slot.latent or model.spec.origin)
    for dimension, value in moves.items():
        # Adding zero turns -0.0 into 0.0, which is written and read back the same.
        latent[dimension] = value + 0.0
    return song.with_slot(index, _at(slot, tuple(latent), model, moved=tuple(moves)))


def _at(slot: Slot, latent: Latent, model: LatentModel, moved: tuple[int, ...] = ()) -> Slot:
    if latent == slot.latent:
        return slot
    if latent == slot.anchor and slot.source is not None:
        return replace(slot, measure=slot.source, latent=latent, moved=False)
    measure = model.decode([latent], moved=moved)[0]
    return replace(slot, measure=measure, latent=latent, moved=True)


def _reset(song: Song, index: int, dimension: int | None, context: Context) -> Song:
    model, slot = context.ready(), song.slot(index)
    if dimension is not None:
        check_dimension(model.spec, dimension)
        if dimension in context.locks:
            raise Locked(
                f"{_label(model.spec, dimension).capitalize()} is locked.", "Unlock it to reset it."
            )
    if slot.latent is None or slot.anchor is None:
        return song
    back = [dimension] if dimension is not None else range(len(slot.latent))
    latent = list(slot.latent)
    for each in back:
        if each not in context.locks:
            latent[each] = slot.anchor[each]
    return song.with_slot(index, _at(slot, tuple(latent), model))


def _randomise(song: Song, index: int, amount: float, seed: int, context: Context) -> Song:
    model, slot = context.ready(), song.slot(index)
    if not 0 <= amount <= 1:
        raise OutOfRange(f"An amount of chance lies from 0 to 1, and {amount} does not.")
    # All dimensions are drawn, so that a lock changes its own gauge and no other.
    drawn = draw(len(model.spec.dimensions), seed)
    here = slot.latent or model.spec.origin
    latent = tuple(
        z if d in context.locks else round(z + amount * (there - z), DECIMALS) + 0.0
        for d, (z, there) in enumerate(zip(here, drawn, strict=True))
    )
    if amount == 0 or latent == slot.latent:
        return song
    if slot.latent is None:
        origin = Origin("prior", "Drawn by chance", f"amount {amount:g}, seed {seed}")
        slot = Slot(anchor=latent, origin=origin)
    return song.with_slot(index, _at(slot, latent, model))


def _vary(song: Song, index: int, amount: float, seed: int, context: Context) -> Song:
    model, slot = context.ready(), song.slot(index)
    if slot.latent is None:
        raise OutOfRange(f"Measure {index + 1} is empty.", "Vary one that has notes.")
    # Most of a short walk would be a transposition, and that is no variation.
    register = {d.index for d in model.spec.dimensions if d.transposes}
    latent = walked(slot.latent, amount, seed, context.locks | register)
    return song.with_slot(index, _at(slot, latent, model))


def _interpolate(song: Song, source: int, target: int, count: int, context: Context) -> Song:
    model = context.ready()
    first, last = song.slot(source), song.slot(target)
    if source == target or first.latent is None or last.latent is None:
        raise OutOfRange(
            f"There is no way from measure {source + 1} to measure {target + 1}.",
            "Name two measures that are not empty.",
        )
    if len(song.slots) + count > MOST_SLOTS:
        raise OutOfRange(f"A song has at most {MOST_SLOTS} measures.", "Take some out.")
    ends = (first.latent, first.measure), (last.latent, last.measure)
    codes = between(model, *ends, count, context.locks)
    title = f"Between {source + 1} and {target + 1}"
    coming = tuple(
        Slot(
            measure,
            code,
            code,
            Origin("between", title, f"step {step} of {count}"),
            moved=True,
        )
        for step, (measure, code) in enumerate(zip(model.decode(codes), codes, strict=True), 1)
    )
    slots = song.slots
    return replace(song, slots=(*slots[: source + 1], *coming, *slots[source + 1 :]))


def _recorded(old: Song, new: Song) -> str:
    before = (*old.slots, *[None] * (len(new.slots) - len(old.slots)))
    changed = [at for at, slot in enumerate(new.slots) if slot is not before[at]]
    first, last = min(changed, default=0), max(changed, default=0)
    return f"record measure{'s' * (first != last)} {first + 1}" + (
        f" to {last + 1}" if first != last else ""
    )


def _load(song: Song, command: LoadMeasures, context: Context) -> Song:
    first, measures, origins, played = (
        command.slot, command.measures, command.origins, command.played
    )  # fmt: skip
    if not measures or len(measures) != len(origins) or len(played) not in (0, len(measures)):
        raise OutOfRange("To load measures takes at least one, and an origin for each.")
    if not 0 <= first <= len(song.slots):
        raise OutOfRange(f"There is no place {first + 1} for a measure.")
    if first + len(measures) > MOST_SLOTS:
        raise OutOfRange(
            f"{len(measures)} measures from place {first + 1} on are more than the "
            f"{MOST_SLOTS} that a song can have.",
            "Load fewer, or at an earlier place.",
        )
    coming = tuple(map(Slot.brought_in, measures, origins, played or ((),) * len(measures)))
    slots = (*song.slots[:first], *coming, *song.slots[first + len(coming) :])
    song = replace(song, slots=slots)
    return encoded([song], context.model)[0] if context.model else song


def _copy(song: Song, source: int, target: int) -> Song:
    slot = song.slot(source)
    if source == target or slot.empty:
        return song.with_slot(target, slot)
    origin = Origin("copy", slot.origin.title, f"copy of measure {source + 1}")
    copied = replace(
        slot, anchor=slot.latent, origin=origin, source=slot.measure, played=slot.touches
    )
    return song.with_slot(target, copied)
