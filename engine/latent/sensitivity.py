"""What each gauge does from here, measured by decoding and not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.latent.spec import LIMIT, Latent, LatentModel, LatentSpec
from engine.music.asked_tones import ANY_TONES, AskedTones
from engine.music.attributes import ATTRIBUTES, attributes
from engine.music.grid import FOUR_QUARTERS
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import REST, Measure
from engine.music.slot import Slot

TICKS = FOUR_QUARTERS.ticks


@dataclass(frozen=True, slots=True)
class Effect:
    """The change of all four attributes when one gauge goes from ``start`` to ``end``.

    ``ticks`` counts the ticks whose token, seen from the lowest pitch, differs afterwards;
    ``shift`` is how far the lowest pitch moves in semitones.
    """

    dimension: int
    start: float
    end: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    ticks: int = 0
    shift: int = 0

    def sentence(self, spec: LatentSpec) -> str:
        """Describe the effect in words: "density +1.0: 6 notes to 9 notes, range unchanged"."""
        own = spec.dimensions[self.dimension]
        parts, still = [], []
        pairs = list(zip(ATTRIBUTES, self.before, self.after, strict=True))
        pairs.sort(key=lambda pair: pair[0] is not own.attribute)
        for attribute, before, after in pairs:
            old, new = attribute.say(before), attribute.say(after)
            if old == new:
                still.append(attribute.label)
            else:
                name = "" if attribute is own.attribute else f"{attribute.label} "
                parts.append(f"{name}{_short(old, new)}")
        if self.shift:
            many = "s" if abs(self.shift) > 1 else ""
            parts.append(f"lowest pitch {self.shift:+d} semitone{many}")
        if own.attribute is None and self.ticks:
            parts.insert(0, f"{self.ticks} of {TICKS} ticks differ")
        if len(still) == len(ATTRIBUTES):
            parts.append("all attributes unchanged")
        elif still:
            parts.append(f"{' and '.join(still)} unchanged")
        return f"{own.label} {self.end - self.start:+.1f}: {', '.join(parts)}"


def _short(old: str, new: str) -> str:
    # "6 notes to 9 notes" reads better as "6 to 9 notes".
    number, _, unit = old.partition(" ")
    return f"{number if unit and new.endswith(unit) else old} to {new}"


def effects(
    model: LatentModel,
    latent: Latent,
    dimensions: Sequence[int],
    step: float = 1.0,
    slot: Slot | None = None,
    kept: KeptNotes = NOTHING,
    tones: AskedTones = ANY_TONES,
) -> tuple[Effect, ...]:
    """Turn each gauge one step up, as when it is played (down where up would leave the range).

    The change is told from what sounds in ``slot``, and turned from there, but for what locks
    have ``kept``, with the ``tones`` that are asked for; without a slot both are told by decoding
    ``latent``.
    """
    here = model.decode([latent])[0] if slot is None else slot.measure
    before, (shape, lowest) = tuple(attributes(here).values()), _shape(here)
    found = []
    for dimension in dimensions:
        start = latent[dimension]
        end = start + step if start + step <= LIMIT else start - step
        point = _with(latent, dimension, end)
        if slot is not None and slot.latent is not None:
            there = model.turned(slot, point, kept, tones)
        else:
            (there,) = model.decode([point], moved=(dimension,))
        moved, moved_lowest = _shape(there)
        ticks = sum(a != b for a, b in zip(shape, moved, strict=True))
        # A measure without notes has no lowest pitch to compare.
        shift = moved_lowest - lowest if lowest and moved_lowest else 0
        after = tuple(attributes(there).values())
        found.append(Effect(dimension, start, end, before, after, ticks, shift))
    return tuple(found)


def _shape(measure: Measure) -> tuple[tuple[int, ...], int]:
    lowest = min(measure.pitches, default=0)
    return tuple(t - lowest + 2 if t > REST else t for t in measure.tokens), lowest


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Slopes of attributes over dimensions near one point.

    ``slopes[a][d]`` is the change of attribute ``a`` per unit of dimension ``dimensions[d]``,
    in units of that attribute's spread in the prior; ``spreads`` holds the standard deviation
    of the slope between the steps it was measured over.
    """

    dimensions: tuple[int, ...]
    slopes: tuple[tuple[float, ...], ...]
    spreads: tuple[tuple[float, ...], ...]


STEPS = (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)


def sensitivity(model: LatentModel, latent: Latent, dimensions: Sequence[int]) -> Sensitivity:
    """Measure, by plain decoding at six steps around ``latent``, what moves what."""
    units = [_unit(model.spec, which) for which in range(len(ATTRIBUTES))]
    steps = {
        d: [s for s in STEPS if -LIMIT <= latent[d] + s <= LIMIT]
        or [-1.0 if latent[d] > 0 else 1.0]
        for d in dimensions
    }
    points = [latent, *(_with(latent, d, latent[d] + s) for d in dimensions for s in steps[d])]
    here, *there = model.attributes(points)
    found = iter(there)
    slopes: list[list[float]] = [[] for _ in ATTRIBUTES]
    spreads: list[list[float]] = [[] for _ in ATTRIBUTES]
    for d in dimensions:
        moved = [(step, next(found)) for step in steps[d]]
        for which, unit in enumerate(units):
            each = [(after[which] - here[which]) / unit / step for step, after in moved]
            mean = sum(each) / len(each)
            slopes[which].append(mean)
            spreads[which].append((sum((e - mean) ** 2 for e in each) / len(each)) ** 0.5)
    return Sensitivity(tuple(dimensions), tuple(map(tuple, slopes)), tuple(map(tuple, spreads)))


def _with(latent: Latent, dimension: int, value: float) -> Latent:
    return (*latent[:dimension], value, *latent[dimension + 1 :])


def _unit(spec: LatentSpec, which: int) -> float:
    # Half of what the gauge asks for between -1 and 1: one standard deviation of the attribute.
    dimension = spec.dimensions[which]
    low, high = dimension.target(-1.0), dimension.target(1.0)
    return (high - low) / 2 if low is not None and high is not None and high > low else 1.0
