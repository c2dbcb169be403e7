"""A model that remembers what turns came to, so that one worked out ahead is looked up."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from engine.latent.spec import CANDIDATES, Latent, LatentModel, LatentSpec
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import Measure
from engine.music.slot import Slot

MOST = 256
"""How many turns are remembered, the last ones asked for."""


class RememberedTurns:
    """A `LatentModel` that answers as another does, and a turn that it was asked before at once.

    An answer depends on what was asked alone, so none is ever out of date. Several threads may
    ask.
    """

    def __init__(self, model: LatentModel) -> None:
        self._model = model
        self._turns: OrderedDict[tuple[Slot, Latent, KeptNotes], Measure] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def spec(self) -> LatentSpec:
        """The model's dimensions."""
        return self._model.spec

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        """Return the posterior mean of each measure."""
        return self._model.encode(measures)

    def decode(
        self,
        latents: Sequence[Latent],
        *,
        candidates: int = CANDIDATES,
        moved: Sequence[int] = (),
    ) -> list[Measure]:
        """Return the measure at each point."""
        return self._model.decode(latents, candidates=candidates, moved=moved)

    def turned(self, slot: Slot, latent: Latent, kept: KeptNotes = NOTHING) -> Measure:
        """Return the measure at a point to which the gauges of a slot are turned."""
        asked = slot, latent, kept
        with self._lock:
            if asked in self._turns:
                self._turns.move_to_end(asked)
                return self._turns[asked]
        found = self._model.turned(slot, latent, kept)
        with self._lock:
            self._turns[asked] = found
            if len(self._turns) > MOST:
                self._turns.popitem(last=False)
        return found

    def attributes(self, latents: Sequence[Latent]) -> list[tuple[float, ...]]:
        """Return the four attributes of each point's plainly decoded measure."""
        return self._model.attributes(latents)

    def occupancy(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, ...], ...]:
        """Count the training measures in each cell of a map."""
        return self._model.occupancy(x, y, width, height)
