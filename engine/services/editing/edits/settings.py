"""Edits of how a song is sounded: title, tempo, track, groove, key, controllers, routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec, check_dimension
from engine.music.modulation import Modulation
from engine.music.song import Song, bank_words
from engine.protocol.base import Edit
from engine.protocol.edit import (
    Nudge,
    NudgeModulation,
    NudgeRoute,
    RemoveModulation,
    SetBank,
    SetGroove,
    SetKey,
    SetModulation,
    SetRoutes,
    SetTempo,
    SetTitle,
    SetTrack,
)
from engine.protocol.parameters import Number, modulation_numbers, route_numbers, song_numbers
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    label,
    resolve_edit,
    step_name,
)
from engine.text import printable

TITLE_LENGTH = 200
"""The longest title in characters."""


@resolve_edit.register
def _(command: Nudge, song: Song, context: EditContext) -> Edit:
    return _moved(song_numbers(song).get(command.parameter), command.by, command.gesture)


@resolve_edit.register
def _(command: NudgeModulation, song: Song, context: EditContext) -> Edit:
    numbers = modulation_numbers(song, command.dimension)
    return _moved(numbers.get(command.part), command.by, command.gesture)


@resolve_edit.register
def _(command: NudgeRoute, song: Song, context: EditContext) -> Edit:
    numbers = route_numbers(song, command.route, context.ports)
    return _moved(numbers.get(command.part), command.by, command.gesture)


def _moved(number: Number | None, by: float, gesture: int) -> Edit:
    if number is None:
        raise OutOfRange("What was to be moved is not there any more.")
    return number.ask(number.moved(by), gesture)


@apply_edit.register
def _(command: SetTitle, song: Song, context: EditContext) -> Song:
    shown = printable(command.title, " ").strip()
    if len(shown) > TITLE_LENGTH:
        raise OutOfRange(f"A title has at most {TITLE_LENGTH} characters.")
    return replace(song, title=shown or "Untitled")


@step_name.register
def _(command: SetTitle, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return "title"


@apply_edit.register
def _(command: SetTempo, song: Song, context: EditContext) -> Song:
    return replace(song, tempo=float(command.tempo))


@step_name.register
def _(command: SetTempo, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"tempo {new.tempo:g}"


@apply_edit.register
def _(command: SetTrack, song: Song, context: EditContext) -> Song:
    given = {"channel": command.channel, "program": command.program}
    return _changed(song, "track", **given, velocity=command.velocity)


@step_name.register
def _(command: SetTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    # Users count channels and programs from 1, as synthesisers do.
    parts = (("channel", command.channel, 1), ("program", command.program, 1))
    named = (*parts, ("velocity", command.velocity, 0))
    return ", ".join(f"{n} {v + first}" for n, v, first in named if v is not None) or "track"


@apply_edit.register
def _(command: SetBank, song: Song, context: EditContext) -> Song:
    return replace(song, track=replace(song.track, bank_msb=command.msb, bank_lsb=command.lsb))


@step_name.register
def _(command: SetBank, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"bank {bank_words(command.msb, command.lsb)}"


@apply_edit.register
def _(command: SetGroove, song: Song, context: EditContext) -> Song:
    parts = {"swing": command.swing, "unit": command.unit, "timing": command.timing}
    return _changed(song, "groove", **parts, velocity=command.velocity, seed=command.seed)


@step_name.register
def _(command: SetGroove, old: Song, new: Song, spec: LatentSpec | None) -> str:
    before, after = old.groove, new.groove
    if (after.swing, after.unit) != (before.swing, before.unit):
        return f"swing {after.swing:g} % of {after.unit}"
    parts = {"timing": f"{after.timing:g} ms", "velocity": after.velocity, "seed": after.seed}
    shown = [
        f"{name} {words}"
        for name, words in parts.items()
        if getattr(after, name) != getattr(before, name)
    ]
    return f"humanise {', '.join(shown)}" if shown else "groove"


@apply_edit.register
def _(command: SetKey, song: Song, context: EditContext) -> Song:
    song = _changed(song, "key", tonic=command.tonic, scale=command.scale)
    return song if command.lock is None else replace(song, lock=command.lock)


@step_name.register
def _(command: SetKey, old: Song, new: Song, spec: LatentSpec | None) -> str:
    if command.lock is None:
        return f"key {new.key.name}"
    return f"lock to {new.key.name}" if new.lock else "lock off"


@apply_edit.register
def _(command: SetModulation, song: Song, context: EditContext) -> Song:
    dimension = command.modulation.dimension
    if context.model is not None:
        check_dimension(context.model.spec, dimension)
    return _with_modulations(song, dimension, command.modulation)


@step_name.register
def _(command: SetModulation, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{label(spec, command.modulation.dimension)} moves {command.modulation.name}"


@apply_edit.register
def _(command: RemoveModulation, song: Song, context: EditContext) -> Song:
    return _with_modulations(song, command.dimension)


@step_name.register
def _(command: RemoveModulation, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{label(spec, command.dimension)} moves no controller"


@apply_edit.register
def _(command: SetRoutes, song: Song, context: EditContext) -> Song:
    return replace(song, routes=command.routes)


@step_name.register
def _(command: SetRoutes, old: Song, new: Song, spec: LatentSpec | None) -> str:
    fresh = [route.name for route in command.routes if route not in old.routes]
    return f"route to {fresh[0]}" if fresh else f"{len(command.routes)} routes"


def _with_modulations(song: Song, dimension: int, *added: Modulation) -> Song:
    kept = [each for each in song.modulations if each.dimension != dimension]
    modulations = sorted((*kept, *added), key=lambda modulation: modulation.dimension)
    return replace(song, modulations=tuple(modulations))


def _changed(song: Song, part: Literal["track", "groove", "key"], **values: Any) -> Song:
    given = {name: value for name, value in values.items() if value is not None}
    return replace(song, **{part: replace(getattr(song, part), **given)})
