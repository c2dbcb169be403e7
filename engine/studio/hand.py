"""What is turned while a take grows: each change is met before a step, and written down."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.events import Meter
from engine.steering.settings import TraitSetting
from engine.steering.spec import TraitReading
from engine.studio.recipe import Change, rounded

if TYPE_CHECKING:
    from torch import Tensor

    from engine.steering.steerer import Steerer


class Controls:
    """The knobs of a take that grows; any thread may turn them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turned: list[TraitSetting] = []
        self.paused = False

    def turn(self, setting: TraitSetting) -> None:
        """Sets a trait from the next step on."""
        with self._lock:
            self._turned.append(setting)

    def turned(self) -> list[TraitSetting]:
        """Gives what was turned since it was asked last."""
        with self._lock:
            found, self._turned = self._turned, []
        return found


class Hand:
    """A `Steering` that turns the knobs of another at known steps.

    ``changes`` are turned again at the steps they were turned at; what ``controls`` bring is
    turned before the next step.
    """

    def __init__(
        self, steerer: Steerer, changes: Sequence[Change] = (), controls: Controls | None = None
    ) -> None:
        self._steerer, self._controls = steerer, controls
        self._due = list(changes)
        self.changes: list[Change] = []

    def push(self, step: int) -> Tensor | None:
        """Turns what is due, and gives the push of the step."""
        while self._due and self._due[0].step <= step:
            self._turn(step, self._due.pop(0).setting)
        for setting in self._controls.turned() if self._controls is not None else ():
            self._turn(step, setting)
        return self._steerer.push(step)

    def read(self, step: int, outputs: Tensor) -> None:
        """Takes the heads' outputs of the step."""
        self._steerer.read(step, outputs)

    def readings(self) -> Mapping[str, TraitReading]:
        """Gives each trait as it was read last."""
        return self._steerer.readings()

    def meters(self) -> tuple[Meter, ...]:
        """Gives the readings as a recipe and the screen hold them."""
        return tuple(
            Meter(name, rounded(each.confidence), rounded(each.gate), each.pushed)
            for name, each in self._steerer.readings().items()
        )

    def _turn(self, step: int, setting: TraitSetting) -> None:
        self._steerer.set(setting)
        self.changes.append(Change(step, setting))
