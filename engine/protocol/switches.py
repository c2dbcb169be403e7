"""What is on or off: the one command that turns it over, and the table of what that comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import UnknownName
from engine.protocol.base import LOCKS, WHOLE, Command, Event
from engine.protocol.devices import SetThru
from engine.protocol.edit import LockDimension, SetTones
from engine.protocol.generation import GenerationState, PauseGeneration, SetTrait
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import (
    BackToOwnTempo,
    EndRecording,
    FollowClock,
    Play,
    Record,
    SetAudition,
    SetEditTiming,
    Stop,
)

Switch = Literal[
    "play", "clock", "timing", "audition", "thru", "lock", "pause", "add", "remove",
    "replace", "overdub", "stay", "tones",
]  # fmt: skip
"""What can be turned over: a lock by its dimension, ``add`` and ``remove`` by their trait.

``replace`` and ``overdub`` are recording; ``stay`` (in the key) and chord ``tones`` on strong beats
are what gauges are asked.
"""


@dataclass(frozen=True, slots=True)
class Toggle(Command):
    """Turns something on or off, whichever it is not when the engine comes to it."""

    switch: Switch
    dimension: int = 0
    trait: str = ""

    def parts(self) -> tuple[range, ...]:
        """Return the locks where it turns one over, and else nothing."""
        if self.switch in ("stay", "tones"):
            return (WHOLE,)
        return (LOCKS,) if self.switch == "lock" else ()


@dataclass(frozen=True, slots=True)
class Toggled(Event):
    """The command that a `Toggle` came to, with its request; a refusal of that goes before it."""

    command: Command


def toggled(command: Toggle, shown: Snapshot, studio: GenerationState) -> Command:
    """Return what turns something over from how it stands; raises `UnknownName` for a trait."""
    match command.switch:
        case "play":
            return Stop() if shown.playing else Play()
        case "clock":
            return FollowClock() if shown.clock.follow is None else BackToOwnTempo()
        case "timing":
            return SetEditTiming("beat" if shown.timing == "now" else "now")
        case "audition":
            return SetAudition(not shown.audition)
        case "thru":
            return SetThru(not shown.inputs.thru, shown.inputs.only)
        case "lock":
            return LockDimension(command.dimension, command.dimension not in shown.locks)
        case "stay":
            return SetTones(stay_in_key=not shown.song.stay_in_key)
        case "tones":
            return SetTones(chord_tones=not shown.song.chord_tones)
        case "pause":
            return PauseGeneration(not studio.paused)
        case "add" | "remove" as mode:
            modes = {trait.name: trait.mode for trait in studio.traits}
            if command.trait not in modes:
                known = list(modes) or ["none while no model is loaded"]
                raise UnknownName("trait", command.trait, known)
            return SetTrait(command.trait, mode="off" if modes[command.trait] == mode else mode)
        case "replace" | "overdub" as how:
            return EndRecording() if shown.recording is not None else Record(how, shown.selected)
