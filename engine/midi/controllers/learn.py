"""MIDI learn: which control is meant by whoever turns, strikes or presses one."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.midi.controllers.controls import Control, Movement
from engine.midi.controllers.relative_encoders import Encoding, detected

DECISIVE = 0.06
"""The share of its way over which a knob is meant, and not only touched or twitching."""

REST = 0.35
"""Seconds after which a single press counts as one, and no longer as the start of a turn."""

_LONGEST = 32
"""How many values of a control are looked at."""

_FULL = 127


@dataclass(frozen=True, slots=True)
class Meant:
    """The control that was meant, the port it is at, how it counts, and what a cc has sent."""

    port: str
    control: Control
    encoding: Encoding = "absolute"
    values: tuple[int, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Trail:
    """What one control sent: the values of a cc from 0 to 127, its reach, and when it was last."""

    values: list[int] = field(default_factory=list)
    low: float = 1.0
    high: float = 0.0
    last: float = 0.0
    fine: int = 0

    def add(self, moved: Movement) -> None:
        """Take a movement in."""
        self.low, self.high = min(self.low, moved.value), max(self.high, moved.value)
        self.last = moved.at
        self.values.append(round(moved.value * _FULL))
        del self.values[:-_LONGEST]

    @property
    def reach(self) -> float:
        """The share of its way over which the control has moved."""
        return self.high - self.low


class MidiLearner:
    """Listens to all ports until one control has moved decisively.

    Keys, pads and programs are meant when they are struck. A knob is meant when it has gone
    `DECISIVE` of its way, one without ends when its steps are told from places (see
    `engine.midi.controllers.relative_encoders`), a button that stays at its value when nothing
    follows it. Two controllers 32 apart that speak in turns are the two halves of one. Movements
    must come from a reader that knows no bindings.
    """

    def __init__(self) -> None:
        self._trails: dict[tuple[str, Control], Trail] = {}

    def receive(self, port: str, moved: Movement) -> Meant | None:
        """Take a movement, and return the control that is meant by it, if one is."""
        control = moved.control
        if moved.pressed:
            return Meant(port, control) if moved.value > 0 else None
        if moved.steps is not None:
            return Meant(port, control)
        if self._refines(port, moved):
            return None
        trail = self._trails.setdefault((port, control), Trail())
        trail.add(moved)
        if control.kind == "cc":
            return self._turned(port, control, trail)
        # A bend rests in the middle, a pressure at nothing; both say where they stand.
        away = abs(moved.value - 0.5) if control.kind == "bend" else trail.reach
        return Meant(port, control) if away >= DECISIVE else None

    def wake(self) -> float | None:
        """Return when `rest` is due; None while nothing waits for a rest."""
        lasts = [trail.last for trail in self._trails.values() if trail.values[-1:] == [_FULL]]
        return min(lasts) + REST if lasts else None

    def rest(self, now: float) -> Meant | None:
        """Return the button that was pressed and has said nothing since."""
        for (port, control), trail in self._trails.items():
            pressed = trail.values[-1:] == [_FULL] and control.kind == "cc"
            if pressed and now >= trail.last + REST:
                return Meant(
                    port, control, detected(trail.values) or "absolute", tuple(trail.values)
                )
        return None

    def _refines(self, port: str, moved: Movement) -> bool:
        control = moved.control
        if control.kind != "cc" or not 32 <= control.number < 64:
            return False
        coarse = self._trails.get((port, Control("cc", control.channel, control.number - 32)))
        if coarse is None or moved.at - coarse.last > REST:
            return False
        coarse.fine += 1
        return True

    def _turned(self, port: str, control: Control, trail: Trail) -> Meant | None:
        encoding = detected(trail.values)
        if encoding is None:
            return None
        if encoding != "absolute":
            return Meant(port, control, encoding, tuple(trail.values))
        if trail.reach < DECISIVE:
            return None
        if control.number < 32 and 2 * trail.fine >= len(trail.values) - 1 > 0:
            return Meant(port, Control("cc14", control.channel, control.number))
        return Meant(port, control, values=tuple(trail.values))
