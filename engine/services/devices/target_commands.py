"""What a control's target is in the engine: where it stands, and the command that moves it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from engine.errors import NotReady
from engine.latent.spec import LatentSpec
from engine.midi.controllers.targets import Target
from engine.protocol.base import Command
from engine.protocol.edit import (
    Randomise,
    Redo,
    ResetLatent,
    SelectSlot,
    SetLatents,
    SetTempo,
    Undo,
    Vary,
)
from engine.protocol.generation import (
    Generate,
    GenerationState,
    SetGeneration,
    SetTrait,
    TogglePlayback,
    Trait,
)
from engine.protocol.notices import Cancel
from engine.protocol.snapshot import Snapshot
from engine.protocol.switches import Toggle, toggled
from engine.protocol.tracks import SetGroove, SetTrack
from engine.protocol.transport import Audition, CaptureLast, EndRecording, Panic, Play, Record, Stop
from engine.steering.spec import Mode

AMOUNT = 0.3
"""How far a press randomises, as a share of the way to the draw."""

WAY = 2.0
"""How far a press varies, in standard deviations of the prior."""

_MODES: dict[float, Mode] = {-1.0: "remove", 0.0: "off", 1.0: "add"}


def present(target: Target, shown: Snapshot, studio: GenerationState) -> float | None:
    """Return the value at which a target stands, or None where there is no such thing now."""
    match target.word:
        case "gauge":
            index = _index(target.name, shown.model.spec)
            latent = shown.slot.latent
            return None if index is None else latent[index] if latent is not None else 0.0
        case "tempo":
            return shown.song.tempo
        case "swing":
            return shown.row.groove.swing
        case "velocity":
            return float(shown.row.velocity)
        case "measure":
            return float(shown.selected + 1)
        case "temperature":
            return studio.generation.temperature
        case "length":
            return studio.generation.seconds
        case "strength" | "aim" | "mode":
            trait = _trait(target.name, studio)
            if trait is None:
                return None
            modes = {mode: value for value, mode in _MODES.items()}
            values = {"strength": trait.strength, "aim": trait.target, "mode": modes[trait.mode]}
            return values[target.word]
    return None


def lack(target: Target, shown: Snapshot, studio: GenerationState) -> str:
    """Describe why a target cannot be moved now; nothing where it can."""
    if target.sort.named == "trait" and _trait(target.name, studio) is None:
        reason = "the audio model has none such" if studio.traits else "no audio model is loaded"
        return f"There is no trait {target.name} to move: {reason}."
    if target.word == "gauge":
        index = _index(target.name, shown.model.spec)
        if shown.model.state == "failed":
            return shown.model.detail
        if shown.model.state == "loading":
            return "The model is still loading; gauges move when it is there."
        if index is None and shown.model.spec is not None:
            return f"The model has no dimension {target.name}."
        if index in shown.locks:
            return f"{target.label.capitalize()} is locked."
    return ""


def moves(
    values: Mapping[Target, float], shown: Snapshot, slot: int, gesture: int
) -> list[Command]:
    """Return the commands that move targets to values: one for all gauges of ``slot`` together."""
    gauges: dict[int, float] = {}
    asked: list[Command] = []
    for target, value in values.items():
        match target.word:
            case "gauge":
                index = _index(target.name, shown.model.spec)
                if index is not None and index not in shown.locks:
                    gauges[index] = value
            case "tempo":
                asked.append(SetTempo(value, gesture))
            case "swing":
                asked.append(SetGroove(swing=value, gesture=gesture))
            case "velocity":
                asked.append(SetTrack(velocity=round(value), gesture=gesture))
            case "measure":
                last = shown.song.length - 1
                asked.append(SelectSlot(max(0, min(last, round(value) - 1))))
            case "temperature":
                asked.append(SetGeneration(temperature=value))
            case "length":
                asked.append(SetGeneration(seconds=value))
            case "strength":
                asked.append(SetTrait(target.name, strength=value))
            case "aim":
                asked.append(SetTrait(target.name, target=value))
            case "mode":
                asked.append(SetTrait(target.name, mode=_MODES[float(round(value))]))
    if gauges and slot < shown.song.length:
        asked.insert(0, SetLatents(slot, tuple(sorted(gauges.items())), gesture))
    return asked


def pressed(target: Target, shown: Snapshot, studio: GenerationState, draws: Random) -> Command:
    """Return the command of a target that is done at a press.

    Raises `NotReady` or `UnknownName` where there is nothing to do it to.
    """
    here, last = shown.selected, shown.song.length - 1
    match target.word:
        case "play" | "pause" | "add" | "remove" as switch:
            return toggled(Toggle(switch, trait=target.name), shown, studio)
        case "previous" | "next":
            by = 1 if target.word == "next" else -1
            return SelectSlot(max(0, min(last, here + by)))
        case "go":
            return SelectSlot(int(target.name[:6]) - 1)
        case "hear":
            return Audition(here)
        case "randomise":
            return Randomise(here, AMOUNT, draws.getrandbits(31))
        case "vary":
            return Vary(here, WAY, draws.getrandbits(31))
        case "original":
            return ResetLatent(here)
        case "reset" | "lock":
            spec = shown.model.spec
            if spec is None:
                raise NotReady("The gauges need the model, which is not there yet.")
            index = spec.dimension(target.name).index
            if target.word == "reset":
                return ResetLatent(here, index)
            return toggled(Toggle("lock", index), shown, studio)
        case "cancel":
            if studio.job is None:
                raise NotReady("No take grows that could be ended.")
            return Cancel(studio.job)
        case "take":
            return TogglePlayback()
    return _PLAIN[target.word]


_PLAIN: dict[str, Command] = {
    "start": Play(),
    "stop": Stop(),
    "panic": Panic(),
    "record": Record(),
    "finish": EndRecording(),
    "capture": CaptureLast(),
    "undo": Undo(),
    "redo": Redo(),
    "generate": Generate(),
}


def lamp(target: Target, shown: Snapshot, studio: GenerationState) -> bool | None:
    """Return whether what is done at a press is in force, or None where it leaves no state."""
    match target.word:
        case "play" | "start":
            return shown.playing
        case "stop":
            return not shown.playing
        case "go":
            return target.name == str(shown.selected + 1)
        case "lock":
            return _index(target.name, shown.model.spec) in shown.locks
        case "add" | "remove":
            trait = _trait(target.name, studio)
            return trait is not None and trait.mode == target.word
        case "generate":
            return studio.job is not None
        case "pause":
            return studio.paused
        case "take":
            return studio.playing is not None
    return None


def _index(name: str, spec: LatentSpec | None) -> int | None:
    names = spec.names if spec is not None else ()
    return names.index(name) if name in names else None


def _trait(name: str, studio: GenerationState) -> Trait | None:
    return next((trait for trait in studio.traits if trait.name == name), None)
