"""Steers a model while it generates: meters, control laws and pushes of several traits."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from engine.errors import UnknownName
from engine.steering.control.laws import Law, Off
from engine.steering.control.meter import Aggregate, Meters
from engine.steering.control.push import full_push, summed
from engine.steering.control.settings import PACE, TraitSetting, law
from engine.steering.probes.probe import Probe
from engine.steering.spec import TraitReading


@dataclass(frozen=True, slots=True)
class TracedTrait:
    """All traits at one step, as a report tells them."""

    step: int
    readings: Mapping[str, TraitReading]


class Steerer:
    """The `Steering` of one generation; its settings may be changed from any thread.

    A change is met at the next step. Step 0, the prompt, is never pushed. The laws decide on
    readings of steps at which nothing was pushed, for a push on early layers is heard by
    later ones; only where some trait is pushed at every step, every step is read. Raises
    `UnknownName` where a setting has no probe.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        settings: Iterable[TraitSetting] = (),
        *,
        pace: float = PACE,
        aggregate: Aggregate = "median",
    ) -> None:
        self._lock = threading.Lock()
        self._traits = {probe.card.name: _Trait(probe, pace) for probe in probes}
        self._meters = Meters(probes, aggregate)
        self._settings: Mapping[str, TraitSetting] = MappingProxyType(
            {name: TraitSetting(name) for name in self._traits}
        )
        self._readings: Mapping[str, TraitReading] = MappingProxyType({})
        self._trace: list[TracedTrait] = []
        self._pushed = False
        for setting in settings:
            self.set(setting)

    def set(self, setting: TraitSetting) -> None:
        """Swap the setting of one trait, from any thread; raises `UnknownName`."""
        if setting.name not in self._traits:
            raise UnknownName("trait", setting.name, self._traits)
        with self._lock:
            self._settings = MappingProxyType({**self._settings, setting.name: setting})

    @property
    def settings(self) -> tuple[TraitSetting, ...]:
        """The settings of all traits as they stand."""
        return tuple(self._settings.values())

    @property
    def trace(self) -> tuple[TracedTrait, ...]:
        """Every step so far."""
        return tuple(self._trace)

    def push(self, step: int) -> Tensor | None:
        """Return the bounded sum of all pushes due at ``step``, None where none is."""
        settings = self._settings
        for name, trait in self._traits.items():
            trait.adopt(settings[name])
        members = [] if step == 0 else [trait.member(step) for trait in self._traits.values()]
        total = summed([member for member in members if member is not None])
        self._pushed = total is not None
        return total

    def read(self, step: int, outputs: Tensor) -> None:
        """Take the heads' outputs of ``step``, and tell the laws where they may be told."""
        dense = any(trait.dense for trait in self._traits.values())
        heard = self._meters.read(step, outputs) if dense or not self._pushed else {}
        for name, trait in self._traits.items():
            trait.read(outputs, heard.get(name))
        found = {name: trait.reading() for name, trait in self._traits.items()}
        self._readings = MappingProxyType(found)
        self._trace.append(TracedTrait(step, self._readings))

    def readings(self) -> Mapping[str, TraitReading]:
        """Return each trait as it was read last; empty before the first step."""
        return self._readings


class _Trait:
    """One trait in the thread that generates: what was read, the law in force, and its push."""

    def __init__(self, probe: Probe, pace: float) -> None:
        self._probe, self._pace = probe, pace
        self._setting = TraitSetting(probe.card.name)
        self._law: Law = Off()
        self._full: Tensor | None = None
        self._device = probe.weights.device
        self._gate = 0.0
        self._confidence = 0.5
        self._given = False

    @property
    def dense(self) -> bool:
        return self._setting.active and self._law.every == 1

    def adopt(self, setting: TraitSetting) -> None:
        old, self._setting = self._setting, setting
        if setting == old:
            return
        self._full = None
        same_kind = (setting.mode, setting.arm, setting.tuning) == (old.mode, old.arm, old.tuning)
        if same_kind and old.active and setting.active:
            self._law.retune(setting.target, setting.strength / old.strength)
        else:
            # Another law takes over the push in force where it goes the same way.
            start = 0.0
            if old.active and setting.active and setting.sign == old.sign:
                start = self._gate * old.strength / setting.strength
                start = min(start, setting.tuning.limit)
            self._law = law(setting, self._probe.card, self._pace, start)
            self._gate = start if setting.active else 0.0

    def member(self, step: int) -> Tensor | None:
        self._given = False
        if not self._setting.active or (step - 1) % self._law.every:
            return None
        self._gate = self._law.decide()
        if self._gate == 0.0:
            return None
        if self._full is None:
            self._full = full_push(self._probe, self._setting).to(self._device)
        self._given = True
        return self._gate * self._full

    def read(self, outputs: Tensor, confidence: float | None) -> None:
        if outputs.device != self._device:
            self._device, self._full = outputs.device, None
        if confidence is None:
            return
        self._confidence = confidence
        self._law.observe(1 - confidence if self._setting.mode == "remove" else confidence)

    def reading(self) -> TraitReading:
        return TraitReading(self._confidence, self._setting.sign * self._gate, self._given)
