"""What each gauge does from here, measured by decoding and not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.latent.spec import LIMIT, Latent, LatentModel, LatentSpec
from engine.music.attributes import ATTRIBUTES, attributes


@dataclass(frozen=True, slots=True)
class Effect:
    """The change of all four attributes when one gauge goes from ``start`` to ``end``."""

    dimension: int
    start: float
    end: float
    before: tuple[float, ...]
    after: tuple[float, ...]

    def sentence(self, spec: LatentSpec) -> str:
        """Says the effect in words: "density +1.0: 6 notes to 9 notes, range unchanged"."""
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
        if still:
            parts.append(f"{' and '.join(still)} unchanged")
        return f"{own.label} {self.end - self.start:+.1f}: {', '.join(parts)}"


def _short(old: str, new: str) -> str:
    # "6 notes to 9 notes" reads better as "6 to 9 notes".
    number, _, unit = old.partition(" ")
    return f"{number if unit and new.endswith(unit) else old} to {new}"


def effects(
    model: LatentModel, latent: Latent, dimensions: Sequence[int], step: float = 1.0
) -> tuple[Effect, ...]:
    """Decodes, as played, one step up each gauge (down where up would leave the range)."""
    moved = []
    for dimension in dimensions:
        start = latent[dimension]
        end = start + step if start + step <= LIMIT else start - step
        moved.append((dimension, start, end))
    points = [latent, *(_with(latent, dimension, end) for dimension, _, end in moved)]
    here, *there = (tuple(attributes(m).values()) for m in model.decode(points))
    return tuple(
        Effect(dimension, start, end, here, after)
        for (dimension, start, end), after in zip(moved, there, strict=True)
    )


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
    """Measures, by plain decoding at six steps around ``latent``, what moves what."""
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
