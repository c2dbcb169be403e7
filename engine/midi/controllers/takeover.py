"""One control and the value it moves: how the hand takes the value over, without jumps."""

from __future__ import annotations

from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.controls import Movement

REST = 0.7
"""Seconds without movement after which a control is at rest, and its gesture has ended."""

NEAR = 0.02
"""How near to its target's value a knob must come to take it over, as a share of its way."""


class ControlHold:
    """Follows one bound control.

    A knob that is picked up has no effect until it passes the place where its target stands,
    or comes `NEAR` it; when the value changes elsewhere it is let go. One without ends moves
    the value from where it is. A knob at rest that moves by no more than its threshold is
    not heard; once it is, every movement counts, so that the last one does.
    """

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.held = False
        self.place: float | None = None
        """Where the control stands, from 0 to 1; None while it has not said."""
        self._before: float | None = None
        self._rested: float | None = None
        self._given: float | None = None
        self._at = float("-inf")

    def move(self, moved: Movement, present: float) -> float | None:
        """Return the value that a movement asks for where the target stands at ``present``.

        None where the movement has no effect.
        """
        if self._given is not None and not self._same(present, self._given):
            self.held, self._given = False, None
        if moved.steps is not None:
            return self._step(moved, present)
        if moved.pressed and not moved.value:
            return None
        if not self._awake(moved):
            return None
        self._before, self.place = self.place, moved.value
        if moved.pressed or self.binding.takeover == "jump":
            self.held = True
        self.held = self.held or self._picks_up(moved.value, present)
        return self.binding.value(moved.value) if self.held else None

    def press(self, moved: Movement) -> bool:
        """Return whether a movement is a press: a blow, a step to the right, or a way past half."""
        if moved.steps is not None:
            return moved.steps > 0
        before, self.place = self.place, moved.value
        if moved.pressed:
            return moved.value > 0
        return moved.value >= 0.5 and (before is None or before < 0.5)

    def gave(self, value: float) -> None:
        """Take the value that the target has been given because of this control."""
        self._given = value

    def _step(self, moved: Movement, present: float) -> float:
        assert moved.steps is not None
        if self.place is None or not self.held:
            self.place = self.binding.place(present)
        self.place = max(0.0, min(1.0, self.place + moved.steps * self.binding.step))
        self.held = True
        self._at = moved.at
        return self.binding.value(self.place)

    def _awake(self, moved: Movement) -> bool:
        rested = moved.at - self._at > REST and self._rested is not None and not moved.pressed
        if rested and abs(moved.value - (self._rested or 0.0)) <= self.binding.threshold:
            return False
        self._at, self._rested = moved.at, moved.value
        return True

    def _picks_up(self, place: float, present: float) -> bool:
        here = self.binding.place(present)
        if abs(place - here) <= NEAR:
            return True
        return self._before is not None and (self._before - here) * (place - here) < 0

    def _same(self, a: float, b: float) -> bool:
        low, high = self.binding.range
        return abs(a - b) <= 0.001 * abs(high - low)
