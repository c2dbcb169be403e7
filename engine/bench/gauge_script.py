"""A walk of the gauges by keys, with the measure that each key must lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from engine.latent.spec import LIMIT, LatentModel
from engine.music.attributes import ATTRIBUTES
from engine.music.measure import HOLD, REST, Measure
from engine.music.song import Song
from engine.protocol.edit import SetLatent
from engine.services.editing.state import State

LESS, MORE = "h", "l"
"""The keys of the default keymap that move a gauge, by this much:"""

STEP = 0.25

BELOW, ABOVE = "j", "k"
"""The keys that choose the next gauge and the one before."""


@dataclass(frozen=True, slots=True)
class GaugeStep:
    """A key, what must be pressed before it, and the measure before and after it."""

    prepare: str
    key: str
    before: Measure
    after: Measure

    @property
    def at_once(self) -> int | None:
        """The pitch that is heard at once where the new measure sounds from its start."""
        first = self.after.tokens[0]
        return first if self.after != self.before and first > REST else None

    @property
    def places(self) -> dict[float, int]:
        """Where a running loop changes at once: quarter notes into it, and the new pitch."""
        onsets = map(float, self.after.grid.onsets)
        tokens = zip(onsets, _sounding(self.before), _sounding(self.after), strict=True)
        return {at: new for at, old, new in tokens if old != HOLD and new > REST and new != old}


def walk(song: Song, model: LatentModel) -> Iterator[GaugeStep]:
    """Yield steps through the named gauges of the first measure, each to its ends and back.

    The same state is walked through here as in the application, so what must be heard is known.
    """
    state = State(song)
    state.adopt(model)
    prepare = ""
    for gauge in cycle(range(len(ATTRIBUTES))):
        for key, end in ((MORE, LIMIT), (LESS, -LIMIT), (MORE, 0.0)):
            while True:
                slot = state.snapshot().song.slot(0)
                here = slot.latent[gauge] if slot.latent is not None else 0.0
                by = STEP if key == MORE else -STEP
                value = round(max(-LIMIT, min(LIMIT, here + by)), 4)
                if value == here or (value - end) * by > 0:
                    break
                state.apply(SetLatent(0, gauge, value))
                after = state.snapshot().song.slot(0).measure
                yield GaugeStep(prepare, key, slot.measure, after)
                # To another gauge and back: what a gesture comes to hangs on where it began, and
                # here each key is a gesture of its own.
                prepare = ABOVE + BELOW if gauge else BELOW + ABOVE
        last = gauge == len(ATTRIBUTES) - 1
        prepare = ABOVE * gauge if last else BELOW


def _sounding(measure: Measure) -> list[int]:
    """Return the token that sounds at each tick; HOLD where that is up to the measure before."""
    found, sounding = [], HOLD
    for token in measure.tokens:
        sounding = sounding if token == HOLD else token
        found.append(sounding)
    return found
