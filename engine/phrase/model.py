"""The phrase model as an instrument: numpy alone, one sequence at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.errors import BadModel
from engine.phrase import weights
from engine.phrase.events import METRES, MODES, PITCHES, TICKS
from engine.phrase.gauge_scores import GaugeScores
from engine.phrase.sequences import GAUGES, LAST_INDEX, NO_END, NO_INDEX, Ints, NoteSteps
from engine.phrase.shape import SPAN, PhraseShape

Array = npt.NDArray[np.float32]

PLACES = TICKS + 2


class _PhraseBlock:
    """The arrays of one block, the query's scale in them."""

    def __init__(self, at: int, found: Mapping[str, Array], shape: PhraseShape) -> None:
        def both(name: str) -> tuple[Array, Array]:
            weight = found[f"blocks.{at}.{name}.weight"]
            return np.ascontiguousarray(weight.T), found[f"blocks.{at}.{name}.bias"]

        def norm(name: str) -> tuple[Array, Array]:
            return found[f"blocks.{at}.{name}.weight"], found[f"blocks.{at}.{name}.bias"]

        scale = np.float32((shape.width // shape.heads) ** -0.5)
        query, bias = both("query")
        self.query = query * scale, bias * scale
        self.key_value, self.out = both("key_value"), both("out")
        self.inner, self.outer = both("inner"), both("outer")
        self.norm, self.inner_norm = norm("norm"), norm("inner_norm")
        self.by_distance = found[f"blocks.{at}.by_distance.weight"]
        ticks = found[f"blocks.{at}.by_ticks.weight"].reshape(PLACES, shape.heads, PLACES)
        self.by_ticks = np.ascontiguousarray(ticks.transpose(0, 2, 1))


class PhraseModel:
    """A phrase model that can be asked; deterministic in every answer.

    ``quantiles`` [101] are those of bits a note over measures of validation tunes, ``scores`` what
    turns attributes into what it can be asked for.
    """

    def __init__(
        self, arrays: Mapping[str, npt.NDArray[np.generic]], shape: PhraseShape, digest: str
    ) -> None:
        self.shape, self.digest = shape, digest
        self.quantiles = arrays["quantiles"].astype(np.float64)
        self.scores = GaugeScores.from_tensors(arrays)
        found = {
            name: array.astype(np.float32)
            for name, array in arrays.items()
            if array.dtype == np.float16
        }
        _check(found, self.quantiles, shape)
        table = {name: found[f"tables.{name}.weight"] for name in _TABLES}
        classes = [(what - 11) % 12 for what in range(PITCHES)] + [12, 13, 14]
        shown = np.arange(NO_INDEX + 1)
        unknown = shown == NO_INDEX
        self.pitch = table["pitch"] + table["pitch_class"][classes]
        self.index = (
            table["index"]
            + table["index_in_four"][np.where(unknown, 4, shown % 4)]
            + table["index_in_eight"][np.where(unknown, 8, shown % 8)]
        )
        self.table = table
        self.asked = found["asked.weight"].T, found["asked.bias"]
        self.blocks = [_PhraseBlock(at, found, shape) for at in range(shape.layers + 1)]
        self.tick_norm = found["tick_norm.weight"], found["tick_norm.bias"]
        self.pitch_norm = found["pitch_norm.weight"], found["pitch_norm.bias"]
        self.tick_head = np.ascontiguousarray(found["tick_head.weight"].T), found["tick_head.bias"]
        self.pitch_head = (
            np.ascontiguousarray(found["pitch_head.weight"].T),
            found["pitch_head.bias"],
        )

    def embed(self, steps: NoteSteps) -> Array:
        """Return what each step is, [T, width]."""
        table = self.table
        found: Array = (
            self.pitch[steps.pitch]
            + table["tick"][steps.tick]
            + table["count"][steps.count]
            + self.index[steps.shown]
            + table["to_end"][steps.to_end]
            + table["mode"][steps.mode]
            + table["tonic"][steps.tonic]
            + table["metre"][steps.metre]
            + steps.asked @ self.asked[0]
            + self.asked[1]
        )
        return found


class Reading:
    """What a model has read of a sequence so far; more can be read, and some forgotten.

    ``length`` is the number of steps; set it lower to forget those after it.
    """

    def __init__(self, model: PhraseModel, room: int = 256) -> None:
        self.model = model
        shape = model.shape
        size = (shape.layers + 1, shape.heads, room, shape.width // shape.heads)
        self.length = 0
        self._keys, self._values = (np.zeros(size, dtype=np.float32) for _ in range(2))
        self._measures, self._ticks = (np.zeros(room, dtype=np.int64) for _ in range(2))

    def read(self, steps: NoteSteps) -> Array:
        """Read steps and return the log-probabilities of the tick after each, [T, 25]."""
        model, begin, count = self.model, self.length, len(steps)
        self._make_room(begin + count)
        self.length = end = begin + count
        self._measures[begin:end] = np.minimum(steps.measure, LAST_INDEX)
        self._ticks[begin:end] = steps.tick
        away = self._measures[:end] - self._measures[begin:end, None]
        self._distance = np.clip(away, -SPAN, SPAN) + SPAN
        self._mask = _later(begin, count)
        x = model.embed(steps)
        for at, block in enumerate(model.blocks):
            both = _normed(x, block.norm) @ block.key_value[0] + block.key_value[1]
            split = both.reshape(count, 2, self.model.shape.heads, -1)
            self._keys[at, :, begin:end] = split[:, 0].transpose(1, 0, 2)
            self._values[at, :, begin:end] = split[:, 1].transpose(1, 0, 2)
            if at < len(model.blocks) - 1:
                x = self._through(at, x, steps.tick)
        self._last = x
        return _logs(_normed(x, model.tick_norm) @ model.tick_head[0] + model.tick_head[1])

    def pitches(self, ticks: Ints) -> Array:
        """Return the log-probabilities [T, 42] of what starts, for the steps just read.

        ``ticks`` [T] is where the event after each step stands.
        """
        model = self.model
        x = self._last + model.table["given_tick"][ticks]
        y = self._through(len(model.blocks) - 1, x, ticks)
        return _logs(_normed(y, model.pitch_norm) @ model.pitch_head[0] + model.pitch_head[1])

    def _through(self, at: int, x: Array, ticks: Ints) -> Array:
        block, end = self.model.blocks[at], self.length
        heads = self.model.shape.heads
        query = _normed(x, block.norm) @ block.query[0] + block.query[1]
        query = query.reshape(len(x), heads, -1).transpose(1, 0, 2)
        weights = query @ self._keys[at, :, :end].transpose(0, 2, 1)
        bias = block.by_distance[self._distance]
        bias += block.by_ticks[ticks][:, self._ticks[:end]]
        weights += bias.transpose(2, 0, 1)
        if self._mask is not None:
            weights += self._mask
        weights -= weights.max(axis=2, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=2, keepdims=True)
        read = (weights @ self._values[at, :, :end]).transpose(1, 0, 2).reshape(len(x), -1)
        x = x + read @ block.out[0] + block.out[1]
        inner = _gelu(_normed(x, block.inner_norm) @ block.inner[0] + block.inner[1])
        found: Array = x + inner @ block.outer[0] + block.outer[1]
        return found

    def _make_room(self, wanted: int) -> None:
        have = len(self._ticks)
        if wanted <= have:
            return
        more = max(wanted, 2 * have) - have
        self._keys, self._values = (
            np.pad(each, ((0, 0), (0, 0), (0, more), (0, 0))) for each in (self._keys, self._values)
        )
        self._measures, self._ticks = (
            np.pad(each, (0, more)) for each in (self._measures, self._ticks)
        )


_TABLES = {
    "pitch": PITCHES + 3,
    "pitch_class": 15,
    "tick": PLACES,
    "count": 26,
    "index": NO_INDEX + 1,
    "index_in_four": 5,
    "index_in_eight": 9,
    "to_end": NO_END + 1,
    "mode": len(MODES) + 1,
    "tonic": 13,
    "metre": len(METRES) + 1,
    "given_tick": TICKS + 1,
}
"""The tables of what a step is, with the rows of each."""


def expected(shape: PhraseShape) -> dict[str, tuple[int, ...]]:
    """Return the arrays that a network of a shape must have, by name, with their shapes."""
    width, found = shape.width, dict[str, tuple[int, ...]]()

    def linear(name: str, wide: int, out: int) -> None:
        found.update({f"{name}.weight": (out, wide), f"{name}.bias": (out,)})

    def norm(name: str) -> None:
        found.update({f"{name}.weight": (width,), f"{name}.bias": (width,)})

    for name, rows in _TABLES.items():
        found[f"tables.{name}.weight"] = (rows, width)
    linear("asked", 2 * GAUGES, width)
    for at in range(shape.layers + 1):
        block = f"blocks.{at}"
        norm(f"{block}.norm")
        norm(f"{block}.inner_norm")
        linear(f"{block}.query", width, width)
        linear(f"{block}.key_value", width, 2 * width)
        linear(f"{block}.out", width, width)
        linear(f"{block}.inner", width, shape.inner)
        linear(f"{block}.outer", shape.inner, width)
        found[f"{block}.by_distance.weight"] = (2 * SPAN + 1, shape.heads)
        found[f"{block}.by_ticks.weight"] = (PLACES, shape.heads * PLACES)
    norm("tick_norm")
    norm("pitch_norm")
    linear("tick_head", width, TICKS + 1)
    linear("pitch_head", width, PITCHES + 1)
    return found


def _check(
    found: Mapping[str, Any], quantiles: npt.NDArray[np.float64], shape: PhraseShape
) -> None:
    for name, size in expected(shape).items():
        if found[name].shape != size or not np.isfinite(found[name]).all():
            raise ValueError(f"its {name} is not what its card names")
    if quantiles.shape != (weights.QUANTILES,) or not np.isfinite(quantiles).all():
        raise ValueError("its quantiles are none")
    if shape.width % shape.heads:
        raise ValueError("its heads do not divide its width")


def load(folder: Path) -> PhraseModel:
    """Read a phrase model; raises `BadModel` where it is missing, damaged or of another format."""
    arrays, shape, card = weights.load(folder)
    try:
        return PhraseModel(arrays, shape, card["weights"])
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise BadModel(
            f"The phrase model in {folder} is damaged ({str(error).splitlines()[0][:80]}).",
            weights.REMEDY,
        ) from error


@lru_cache(maxsize=1)
def shipped() -> PhraseModel:
    """Return the phrase model that ships with the program, read once; raises `BadModel`."""
    return load(locations.PHRASE)


def _later(begin: int, count: int) -> Array | None:
    if count == 1:
        return None
    own = np.triu(np.full((count, count), -1e9, dtype=np.float32), 1)
    return np.concatenate([np.zeros((count, begin), dtype=np.float32), own], axis=1)


def _normed(x: Array, by: tuple[Array, Array]) -> Array:
    apart = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((apart * apart).mean(axis=-1, keepdims=True) + np.float32(1e-5))
    found: Array = apart / spread * by[0] + by[1]
    return found


def _gelu(x: Array) -> Array:
    # The error function by Abramowitz and Stegun 7.1.26, within 1.5e-7.
    size = np.abs(x) * np.float32(0.70710678)
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = np.float32(1.061405429) * t - np.float32(1.453152027)
    for each in (1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(each)
    error = np.sign(x) * (1 - series * t * np.exp(-size * size))
    found: Array = np.float32(0.5) * x * (1 + error)
    return found


def _logs(logits: Array) -> Array:
    apart = logits - logits.max(axis=-1, keepdims=True)
    found: Array = apart - np.log(np.exp(apart).sum(axis=-1, keepdims=True))
    return found
