"""The functions that edits are registered with, and the names of steps of undo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from engine.errors import NotReady
from engine.latent.spec import LatentModel, LatentSpec, check_grid
from engine.music.song import Song
from engine.protocol.base import Edit, SlotEdit, TrackEdit
from engine.protocol.edit import Interpolate, SetLatents, SetTempo
from engine.protocol.tracks import SetGroove, SetTrack


@dataclass(frozen=True, slots=True)
class EditContext:
    """What an edit may look at beside the song: the model, and the locked dimensions.

    ``ports`` are the ports that a route may go to beside the song's own. ``began`` is the song
    from which the gesture began that the edit is a part of; None: it begins with it.
    """

    model: LatentModel | None
    locks: frozenset[int]
    ports: tuple[str, ...] = ()
    began: Song | None = None

    def ready(self) -> LatentModel:
        """Return the model; raises `NotReady` while there is none."""
        if self.model is None:
            raise NotReady("The gauges need the model, which is not there.", "See armonica doctor.")
        return self.model


@singledispatch
def resolve_edit(command: Edit, song: Song, context: EditContext) -> Edit:
    """Return the edit that sets what a relative one comes to, and any other as it is.

    Raises an `ArmonicaError` where there is no such thing.
    """
    return command


@singledispatch
def apply_edit(command: Edit, song: Song, context: EditContext) -> Song:
    """Return the song after an edit; raises an `ArmonicaError` where it cannot be done."""
    raise TypeError(f"Nothing says what {type(command).__name__} makes of a song.")


@singledispatch
def step_name(command: Edit, old: Song, new: Song, spec: LatentSpec | None) -> str:
    """Name the step from ``old`` to ``new`` in a few words: "density 0.5 up in measure 3"."""
    raise TypeError(f"Nothing names the step of {type(command).__name__}.")


@singledispatch
def change_words(command: Edit, old: Song, new: Song) -> str:
    """Return what is to be said of a step beside its name; most say nothing."""
    return ""


@singledispatch
def takes_long(command: Edit, song: Song) -> bool:
    """Return whether an edit takes longer than the engine thread has for it; most do not."""
    return False


def check_served(command: Edit, song: Song) -> None:
    """Raise `NoModel` where an edit asks the model about a measure in a metre it does not serve."""
    slots: tuple[int, ...] = ()
    if command.needs_model and isinstance(command, SlotEdit):
        slots = (command.slot,)
    elif isinstance(command, Interpolate):
        slots = command.source, command.target
    for slot in slots:
        check_grid(song.slot(slot).grid, slot + 1)


def stroke_name(command: Edit, old: Song, new: Song, spec: LatentSpec | None) -> str:
    """Name the step from ``old`` to ``new`` that ``command`` ends."""
    if getattr(command, "gesture", 0) >= 0:
        return step_name(command, old, new, spec)
    row = command.row if isinstance(command, TrackEdit) else 0
    was, now = old.track(row), new.track(row)
    moved: dict[int, set[int]] = {}
    for at, (a, b) in enumerate(zip(was.slots, now.slots, strict=False)):
        if a.latent != b.latent and b.latent is not None and spec is not None:
            pairs = enumerate(zip(a.latent or spec.origin, b.latent, strict=False))
            moved[at] = {d for d, (x, y) in pairs if x != y}
    parts = [
        step_name(SetLatents(at, tuple((d, 0.0) for d in which), track=row), old, new, spec)
        for at, which in moved.items()
    ]
    if old.tempo != new.tempo:
        parts.append(step_name(SetTempo(new.tempo), old, new, spec))
    if was.groove != now.groove:
        parts.append(step_name(SetGroove(now.groove.swing, track=row), old, new, spec))
    if was.velocity != now.velocity:
        track = SetTrack(velocity=now.velocity, track=row)
        parts.append(step_name(track, old, new, spec))
    return ", ".join(parts) or "controls"


def label(spec: LatentSpec | None, dimension: int) -> str:
    """Return what a dimension is called, also where no model is there that names it."""
    if spec is not None and 0 <= dimension < len(spec.dimensions):
        return spec.dimensions[dimension].label
    return f"gauge {dimension}"
