"""What is turned while a take grows: each change is met before a step, and written down."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.protocol.generation import Meter
from engine.services.generation.recipe import Change, OtherModel, SteeredTrait, rounded
from engine.steering.control.settings import TraitSetting
from engine.steering.probes import store
from engine.steering.spec import AudioSpec, TraitReading

if TYPE_CHECKING:
    from torch import Tensor

    from engine.steering.control.steerer import Steerer

_NONE: Mapping[str, float] = MappingProxyType({})


class Controls:
    """The knobs of a take that grows; any thread may turn them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turned: list[TraitSetting] = []
        self.paused = False

    def turn(self, setting: TraitSetting) -> None:
        """Set a trait from the next step on."""
        with self._lock:
            self._turned.append(setting)

    def turned(self) -> list[TraitSetting]:
        """Return what was turned since it was asked last."""
        with self._lock:
            found, self._turned = self._turned, []
        return found


class LiveTraitChanges:
    """A `Steering` that turns the knobs of another at known steps.

    ``changes`` are turned again at the steps they were turned at; what ``controls`` bring is
    turned before the next step. ``thresholds`` are those of the traits' probes.
    """

    def __init__(
        self,
        steerer: Steerer,
        changes: Sequence[Change] = (),
        controls: Controls | None = None,
        thresholds: Mapping[str, float] = _NONE,
    ) -> None:
        self._steerer, self._controls, self.thresholds = steerer, controls, thresholds
        self._due = list(changes)
        self.changes: list[Change] = []

    def push(self, step: int) -> Tensor | None:
        """Turn what is due, and return the push of the step."""
        while self._due and self._due[0].step <= step:
            self._turn(step, self._due.pop(0).setting)
        for setting in self._controls.turned() if self._controls is not None else ():
            self._turn(step, setting)
        return self._steerer.push(step)

    def read(self, step: int, outputs: Tensor) -> None:
        """Take the heads' outputs of the step."""
        self._steerer.read(step, outputs)

    def readings(self) -> Mapping[str, TraitReading]:
        """Return each trait as it was read last."""
        return self._steerer.readings()

    def meters(self) -> tuple[Meter, ...]:
        """Return the readings as a recipe and the screen hold them."""
        return tuple(
            Meter(name, rounded(each.confidence), rounded(each.gate), each.pushed)
            for name, each in self._steerer.readings().items()
        )

    def _turn(self, step: int, setting: TraitSetting) -> None:
        self._steerer.set(setting)
        self.changes.append(Change(step, setting))


def hand_on(
    spec: AudioSpec,
    traits: Sequence[SteeredTrait],
    changes: Sequence[Change],
    controls: Controls | None,
) -> tuple[LiveTraitChanges | None, tuple[SteeredTrait, ...]]:
    """Return a hand on the probes of these traits, and the traits with their probes' digests.

    A trait that names a digest is to have that very probe; without it one that pushes nothing
    is left out. Where no trait is left there is no hand. Raises `OtherModel` where a probe
    that pushes is another one, and `UnknownName` or `BadProbe` where there is none.
    """
    from engine.steering.control.steerer import Steerer

    shelf = store.shelf()
    shelved = {each.card.name: each for each in shelf.of(spec)}
    probes, kept = [], []
    for trait in traits:
        name, found = trait.setting.name, shelved.get(trait.setting.name)
        digest = "" if found is None else store.read_card(found.path)[1]
        if trait.probe not in ("", digest):
            if trait.setting.active or any(c.setting.name == name for c in changes):
                raise OtherModel(
                    f"The probe {name!r} is not the one that the take was made with.",
                    "Make a new take with the probe that is there now.",
                )
            continue
        probes.append(store.find(name, spec, shelf))
        kept.append(SteeredTrait(trait.setting, digest))
    if not probes:
        return None, ()
    steerer = Steerer(probes, [each.setting for each in kept], pace=spec.frame_rate)
    thresholds = {each.card.name: each.card.threshold for each in probes}
    return LiveTraitChanges(steerer, changes, controls, thresholds), tuple(kept)
