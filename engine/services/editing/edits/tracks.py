"""Edits of tracks: which there are, how they are played, what their gauges move, their routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec, check_dimension
from engine.music.modulation import Modulation
from engine.music.slot import Slot
from engine.music.song import MOST_TRACKS, Song
from engine.music.track import DRUMS, LONGEST_TRACK_NAME, Track, bank_words
from engine.protocol.base import Edit, TrackEdit
from engine.protocol.parameters import Number, modulation_numbers, route_numbers, song_numbers
from engine.protocol.tracks import (
    AddTrack,
    CopyTrack,
    MoveTrack,
    Nudge,
    NudgeModulation,
    NudgeRoute,
    RemoveModulation,
    RemoveTrack,
    SetBank,
    SetGroove,
    SetMix,
    SetModulation,
    SetRoutes,
    SetTrack,
)
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    label,
    resolve_edit,
    step_name,
)
from engine.text import printable

ADDED_AS: dict[str, dict[str, Any]] = {
    "melody": {},
    # An electric piano, and a bass that is plucked, two octaves down.
    "chords": {"program": 4},
    "bass": {"program": 33, "octave": -2},
    "drums": {"channel": DRUMS},
}
"""How a track of each kind is played at first."""


@resolve_edit.register
def _(command: Nudge, song: Song, context: EditContext) -> Edit:
    number = song_numbers(song, command.row).get(command.parameter)
    return _moved(number, command, command.by, command.gesture)


@resolve_edit.register
def _(command: NudgeModulation, song: Song, context: EditContext) -> Edit:
    numbers = modulation_numbers(song.track(command.row), command.dimension)
    return _moved(numbers.get(command.part), command, command.by, command.gesture)


@resolve_edit.register
def _(command: NudgeRoute, song: Song, context: EditContext) -> Edit:
    numbers = route_numbers(song.track(command.row), command.route, context.ports)
    return _moved(numbers.get(command.part), command, command.by, command.gesture)


def _moved(number: Number | None, command: TrackEdit, by: float, gesture: int) -> Edit:
    if number is None:
        raise OutOfRange("What was to be moved is not there any more.")
    moved = number.ask(number.moved(by), gesture)
    return replace(moved, track=command.track) if isinstance(moved, TrackEdit) else moved


@apply_edit.register
def _(command: AddTrack, song: Song, context: EditContext) -> Song:
    if command.kind not in ADDED_AS:
        raise OutOfRange(f"A track is one of {', '.join(ADDED_AS)}.")
    fresh = Track(
        **{"channel": _free_channel(song), **ADDED_AS[command.kind]},
        name=_name(command.name),
        slots=tuple(map(Slot.blank, song.grids)),
        kind=command.kind,
    )
    return _with_tracks(song, (*song.tracks, fresh))


@step_name.register
def _(command: AddTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    of = "" if command.kind == "melody" else f" of {command.kind}"
    return f"add track {len(new.tracks)}{of}"


@apply_edit.register
def _(command: CopyTrack, song: Song, context: EditContext) -> Song:
    track = song.track(command.row)
    channel = track.channel if track.kind == "drums" else _free_channel(song)
    slots = tuple(slot.unlocked() for slot in track.slots)
    copied = replace(track, channel=channel, locked=False, slots=slots)
    after = command.row + 1
    return _with_tracks(song, (*song.tracks[:after], copied, *song.tracks[after:]))


@step_name.register
def _(command: CopyTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"copy track {command.row + 1}"


@apply_edit.register
def _(command: RemoveTrack, song: Song, context: EditContext) -> Song:
    song.track(command.row).check_unlocked()
    if len(song.tracks) == 1:
        raise OutOfRange("A song keeps at least one track.", "Clear its measures instead.")
    return replace(song, tracks=song.tracks[: command.row] + song.tracks[command.row + 1 :])


@step_name.register
def _(command: RemoveTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"remove track {command.row + 1}"


@apply_edit.register
def _(command: MoveTrack, song: Song, context: EditContext) -> Song:
    tracks = [*song.tracks]
    moved = song.track(command.row)
    to = max(0, min(len(tracks) - 1, command.row + command.by))
    tracks.insert(to, tracks.pop(command.row))
    return song if tracks[command.row] is moved else replace(song, tracks=tuple(tracks))


@step_name.register
def _(command: MoveTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"move track {command.row + 1} {'down' if command.by > 0 else 'up'}"


@apply_edit.register
def _(command: SetTrack, song: Song, context: EditContext) -> Song:
    given = command.given()
    if command.name is not None:
        given["name"] = _name(command.name)
    track = song.track(command.row)
    if command.channel is None and command.kind not in (None, track.kind):
        if command.kind == "drums":
            given["channel"] = DRUMS
        elif track.kind == "drums" and track.channel == DRUMS:
            given["channel"] = _free_channel(song)
    return song.with_track(command.row, **given)


@step_name.register
def _(command: SetTrack, old: Song, new: Song, spec: LatentSpec | None) -> str:
    which = "" if len(new.tracks) == 1 else f" of track {command.row + 1}"
    return f"{', '.join(_words(*each) for each in command.given().items()) or 'track'}{which}"


def _words(field: str, value: Any) -> str:
    switches = {"muted": ("mute", "unmute"), "locked": ("lock", "unlock")}
    if field in switches:
        return switches[field][not value]
    if field == "solo":
        return "solo" if value else "solo off"
    if field in ("channel", "program"):
        # Users count them from 1, as synthesisers do.
        return f"{field} {value + 1}"
    signed = field in ("octave", "transpose")
    return f"{field} {value:+d}" if signed else f"{field} {value}".rstrip()


@apply_edit.register
def _(command: SetMix, song: Song, context: EditContext) -> Song:
    return song.with_track(command.row, level=command.level, pan=command.pan)


@step_name.register
def _(command: SetMix, old: Song, new: Song, spec: LatentSpec | None) -> str:
    name = "pan" if command.pan != old.track(command.row).pan else "level"
    value = command.pan if name == "pan" else command.level
    return f"{name} {'not sent' if value is None else value} of track {command.row + 1}"


@apply_edit.register
def _(command: SetBank, song: Song, context: EditContext) -> Song:
    return song.with_track(command.row, bank_msb=command.msb, bank_lsb=command.lsb)


@step_name.register
def _(command: SetBank, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"bank {bank_words(command.msb, command.lsb)}"


@apply_edit.register
def _(command: SetGroove, song: Song, context: EditContext) -> Song:
    parts: dict[str, Any] = {"swing": command.swing, "unit": command.unit, "timing": command.timing}
    parts |= {"velocity": command.velocity, "seed": command.seed}
    given: dict[str, Any] = {name: value for name, value in parts.items() if value is not None}
    groove = replace(song.track(command.row).groove, **given)
    return song.with_track(command.row, groove=groove)


@step_name.register
def _(command: SetGroove, old: Song, new: Song, spec: LatentSpec | None) -> str:
    before, after = old.track(command.row).groove, new.track(command.row).groove
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
def _(command: SetModulation, song: Song, context: EditContext) -> Song:
    dimension = command.modulation.dimension
    if context.model is not None:
        check_dimension(context.model.spec, dimension)
    return _with_modulations(song, command, dimension, command.modulation)


@step_name.register
def _(command: SetModulation, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{label(spec, command.modulation.dimension)} moves {command.modulation.name}"


@apply_edit.register
def _(command: RemoveModulation, song: Song, context: EditContext) -> Song:
    return _with_modulations(song, command, command.dimension)


@step_name.register
def _(command: RemoveModulation, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{label(spec, command.dimension)} moves no controller"


@apply_edit.register
def _(command: SetRoutes, song: Song, context: EditContext) -> Song:
    return song.with_track(command.row, routes=command.routes)


@step_name.register
def _(command: SetRoutes, old: Song, new: Song, spec: LatentSpec | None) -> str:
    fresh = [route.name for route in command.routes if route not in old.track(command.row).routes]
    return f"route to {fresh[0]}" if fresh else f"{len(command.routes)} routes"


def _with_modulations(song: Song, command: TrackEdit, dimension: int, *added: Modulation) -> Song:
    there = song.track(command.row).modulations
    kept = [each for each in there if each.dimension != dimension]
    modulations = sorted((*kept, *added), key=lambda modulation: modulation.dimension)
    return song.with_track(command.row, modulations=tuple(modulations))


def _with_tracks(song: Song, tracks: tuple[Track, ...]) -> Song:
    if len(tracks) > MOST_TRACKS:
        raise OutOfRange(f"A song has at most {MOST_TRACKS} tracks.", "Remove one first.")
    return replace(song, tracks=tracks)


def _name(name: str) -> str:
    shown = printable(name, " ").strip()
    if len(shown) > LONGEST_TRACK_NAME:
        raise OutOfRange(f"The name of a track has at most {LONGEST_TRACK_NAME} characters.")
    return shown


def _free_channel(song: Song) -> int:
    """Return the first channel that no track has and that is not that of drums, or the first."""
    taken = {track.channel for track in song.tracks} | {DRUMS}
    return next((channel for channel in range(16) if channel not in taken), 0)
