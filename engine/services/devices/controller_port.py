"""A port at which a controller is: its map, the hands on its controls, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.controls import Control, ControlReader, Movement
from engine.midi.controllers.feedback import messages
from engine.midi.controllers.map_files import MapFile
from engine.midi.controllers.takeover import ControlHold
from engine.midi.messages import SendFeedback
from engine.protocol.generation import GenerationState
from engine.protocol.snapshot import Snapshot
from engine.services.devices import target_commands

LET_GO = 0.3
"""Seconds after its last movement before a control is moved by us: a hand is on it till then."""


@dataclass(slots=True)
class DevicePort:
    """A port that is or was there: its map, and the hands on its controls."""

    name: str
    file: MapFile
    here: bool = True
    reader: ControlReader = field(default_factory=ControlReader)
    hands: dict[Control, ControlHold] = field(default_factory=dict)
    fed: dict[Control, tuple[bytes, ...]] = field(default_factory=dict)
    touched: dict[Control, float] = field(default_factory=dict)

    def use_map(self, file: MapFile) -> None:
        """Go by another map; controls whose binding is as it was keep their hold."""
        self.file = file
        old, self.hands = self.hands, {}
        for each in file.map.bindings:
            hand = old.get(each.control)
            kept = hand is not None and hand.binding == each
            self.hands.setdefault(
                each.control, hand if hand is not None and kept else ControlHold(each)
            )

    def touch(self, moved: Movement) -> None:
        """Take note that a hand is on a control: the device shows what it says by itself."""
        self.fed[moved.control] = messages(moved.control, moved.value)
        self.touched[moved.control] = moved.at

    def feed(
        self, now: float, shown: Snapshot, studio: GenerationState
    ) -> tuple[list[SendFeedback], float | None]:
        """Return what brings the device to what it should show, and when to look again."""
        again: float | None = None
        feeds: list[SendFeedback] = []
        for control, hand in self.hands.items():
            place = _stands(hand.binding, shown, studio)
            if place is None:
                continue
            free_at = self.touched.get(control, float("-inf")) + LET_GO
            data = messages(control, place)
            if data == self.fed.get(control):
                continue
            if now < free_at:
                again = free_at if again is None else min(again, free_at)
                continue
            self.fed[control] = data
            feeds += [SendFeedback(self.name, each) for each in data]
        return feeds, again

    def attend(self, bare: bool) -> None:
        """Read by what is bound from now on, or (``bare``) as if nothing were."""
        known = {} if bare else {each: hand.binding.encoding for each, hand in self.hands.items()}
        self.reader.know(known)


def _stands(binding: Binding, shown: Snapshot, studio: GenerationState) -> float | None:
    """Return the place at which a control should stand, or None where it shows nothing."""
    if binding.target.sort.pressed:
        shines = target_commands.lamp(binding.target, shown, studio)
        return None if shines is None else float(shines)
    value = target_commands.present(binding.target, shown, studio)
    return None if value is None else binding.place(value)


def bound_words(
    port: DevicePort, binding: Binding, gone: Iterable[Binding], ports: Iterable[DevicePort]
) -> Iterator[str]:
    """Yield what is said of a control that was bound, of what gave way, and of other ports."""
    yield f"{binding.control} of {port.file.map.device} moves {binding.target.label}."
    for each in gone:
        if each.target == binding.target:
            yield f"{each.control} moved it before and is free now."
        else:
            yield f"It no longer moves {each.target.label}."
    for other in ports:
        for each in other.file.map.bindings:
            if other is not port and other.here and each.target == binding.target:
                yield f"{each.control} of {other.file.map.device} moves it also."
