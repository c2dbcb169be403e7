"""The trained measure VAE as an instrument: measures to codes in prior units, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.latent import spec
from engine.latent.calibration import CalibratedCodec
from engine.latent.forward import ForwardPass
from engine.latent.reranking import choose, firmness, neighbours
from engine.latent.shape import NAMED
from engine.latent.spec import (
    CANDIDATES,
    LIMIT,
    Dimension,
    Latent,
    LatentSpec,
    check_served,
)
from engine.latent.tokens import Floats, Ints, absolute, measured, relative
from engine.latent.turning import Aim, chosen, reach, wanted
from engine.music.attributes import ATTRIBUTES
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import HIGHEST, LOWEST, REST, Measure
from engine.music.slot import Slot

REGISTER = NAMED
"""The dimension that carries the lowest pitch, z4: computed, not learned, and exact."""

CHUNK = 2048
"""How many codes are decoded at a time."""

OnDone = Callable[[int], None]
Part = TypeVar("Part", Ints, Floats)


def ignored(_: int) -> None:
    """Take no notice of how many are done."""


class TrainedVAE:
    """A measure VAE that can be asked; deterministic in every answer (a `LatentModel`).

    As played, a code is decoded together with 31 neighbours, and the measure is kept that
    comes nearest to the attributes asked for, at a cost for every token in which it differs
    from the plainly decoded one, for odd rhythms and for notes out of key.
    """

    def __init__(
        self,
        network: ForwardPass,
        codec: CalibratedCodec,
        digest: str,
        codes: npt.NDArray[np.float16] | None = None,
    ) -> None:
        self.network, self.codec = network, codec
        self._codes = codes
        size = NAMED + 1 + network.shape.free
        named = [
            Dimension(at, a.name, a.label, tuple(map(tuple, codec.tables[at].tolist())))
            for at, a in enumerate(ATTRIBUTES)
        ]
        register = Dimension(REGISTER, f"z{REGISTER}", spec.REGISTER)
        free = [Dimension(at, f"z{at}", f"z{at}") for at in range(REGISTER + 1, size)]
        self._spec = LatentSpec("measure-vae", digest, (*named, register, *free))
        self._steps = neighbours(size - 1)

    @property
    def spec(self) -> LatentSpec:
        """The model's 32 dimensions: four named, the register, the free ones."""
        return self._spec

    def encode(self, measures: Sequence[Measure], on_done: OnDone = ignored) -> list[Latent]:
        """Return the posterior mean of each measure; ``on_done`` is told how many are done."""
        if not measures:
            return []
        check_served(measures)
        tokens = np.array([measure.tokens for measure in measures], dtype=np.int64)
        return [tuple(map(float, code)) for code in self.encode_tokens(tokens, on_done)]

    def decode(
        self,
        latents: Sequence[Latent],
        *,
        candidates: int = CANDIDATES,
        moved: Sequence[int] = (),
        on_done: OnDone = ignored,
    ) -> list[Measure]:
        """Return the measure at each point, the best of ``candidates`` codes around it.

        ``on_done`` is told how many points are done, on the way.
        """
        if not latents:
            return []
        codes = np.array(latents, dtype=np.float64)
        tokens = self.decode_tokens(codes, candidates=candidates, moved=moved, on_done=on_done)
        return [Measure(tuple(map(int, row))) for row in tokens]

    def turned(self, slot: Slot, latent: Latent, kept: KeptNotes = NOTHING) -> Measure:
        """Return the measure at a point to which the gauges of a slot are turned.

        Candidates are the decodings around the point, the slot's own measure with what differs
        between the decodings of its code and of the point, and both with notes edited.
        """
        if slot.latent is None:
            return kept.of(self.decode([latent])[0])
        here, there = np.array(slot.latent), np.array(latent)
        changed = np.flatnonzero(here != there)
        named, free = changed[changed < NAMED], changed[changed > REGISTER]
        plain = self._inner(np.stack([here, there]))
        # Where the gauges without a name alone have led, from which those with one lead on.
        plain[1, :NAMED] = plain[0, :NAMED]
        around = self._inner(there[None]) + self._steps[:CANDIDATES]
        tokens = self._plain(np.concatenate([plain[: 1 + (len(free) > 0)], around]))
        start = np.array(slot.measure.tokens, dtype=np.int64)
        register = self._lowest(there[None])[0]
        if here[REGISTER] == there[REGISTER]:
            register = min((t for t in slot.measure.pitches), default=register)
        else:
            start = _at_register(start, register)
        rows = absolute(tokens, np.full(len(tokens), register))
        if len(free):
            start = np.where(rows[1] != rows[0], rows[1], start)
        candidates = rows[1 + (len(free) > 0) :]
        spliced = np.where(candidates != rows[0], candidates, start)
        source, asked = None, there[:NAMED]
        if slot.source is not None and slot.anchor is not None:
            source = np.array(slot.source.tokens, dtype=np.int64)
            brought = reach(self.codec, measured(source[None]))[0]
            asked = wanted(self.codec, asked, np.array(slot.anchor[:NAMED]), brought)
            source = _at_register(source, register) if start.max() > REST else source
        else:
            ends = np.array([(table[0, 0], table[-1, 0]) for table in self.codec.tables])
            asked = asked.clip(ends[:, 0], ends[:, 1])
        aim = Aim(self.codec, asked, firmness(named.tolist()), start, source).heeding()
        best = chosen(aim, np.concatenate([candidates, spliced]), kept)
        if (best == slot.measure.tokens).all():
            return slot.measure
        return Measure.from_tokens(best)

    def attributes(self, latents: Sequence[Latent]) -> list[tuple[float, ...]]:
        """Return the four attributes of each point's plainly decoded measure."""
        codes = np.array(latents, dtype=np.float64)
        values = measured(self._plain(self._inner(codes)))
        return [tuple(map(float, row)) for row in values]

    def occupancy(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, ...], ...]:
        """Count the training measures in each cell, rows from +3 down, columns from -3 up."""
        if self._codes is None:
            return ((0,) * width,) * height
        across, up = (self._codes[:, at].astype(np.float64).clip(-LIMIT, LIMIT) for at in (x, y))
        columns = np.rint((across + LIMIT) / (2 * LIMIT) * (width - 1)).astype(np.int64)
        rows = np.rint((LIMIT - up) / (2 * LIMIT) * (height - 1)).astype(np.int64)
        counts = np.bincount(rows * width + columns, minlength=width * height)
        return tuple(tuple(map(int, row)) for row in counts.reshape(height, width))

    def encode_tokens(self, tokens: Ints, on_done: OnDone = ignored) -> Floats:
        """Return posterior means [N, 32] of absolute tokens [N, 24]."""
        inner, lowest = relative(tokens)
        means = [self.network.encode(part)[0] for part in _parts(inner, CHUNK, on_done)]
        register = (lowest - self.codec.middle) / self.codec.spread
        mean = np.concatenate(means).astype(np.float64)
        return np.concatenate([mean[:, :NAMED], register[:, None], mean[:, NAMED:]], axis=1)

    def decode_tokens(
        self,
        codes: Floats,
        *,
        candidates: int = 1,
        moved: Sequence[int] = (),
        on_done: OnDone = ignored,
    ) -> Ints:
        """Return absolute tokens [N, 24] at codes [N, 32] (see `decode`)."""
        inner = self._inner(codes)
        if candidates > 1:
            weights, size = firmness(moved), CHUNK // candidates + 1
            # Music repeats itself, and this takes its time: no code is decoded twice.
            distinct, which = np.unique(inner, axis=0, return_inverse=True)

            def done(count: int) -> None:
                on_done(len(inner) * count // len(distinct))

            chosen = [
                self._chosen(part, candidates, weights) for part in _parts(distinct, size, done)
            ]
            tokens = np.concatenate(chosen)[which.reshape(-1)]
        else:
            tokens = self._plain(inner, on_done)
        return absolute(tokens, self._lowest(codes))

    def _lowest(self, codes: Floats) -> Ints:
        register = codes[:, REGISTER] * self.codec.spread + self.codec.middle
        return np.asarray(np.rint(register).astype(np.int64))

    def _inner(self, codes: Floats) -> Floats:
        return np.delete(codes, REGISTER, axis=1)

    def _plain(self, inner: Floats, on_done: OnDone = ignored) -> Ints:
        return np.concatenate([self.network.decode(p) for p in _parts(inner, CHUNK, on_done)])

    def _chosen(self, inner: Floats, candidates: int, weights: Floats) -> Ints:
        count, size = inner.shape
        around = inner[:, None] + self._steps[None, :candidates]
        tokens = self._plain(around.reshape(-1, size)).reshape(count, candidates, -1)
        return choose(self.codec, inner[:, :NAMED], tokens, weights)


def _at_register(tokens: Ints, lowest: np.int64 | int) -> Ints:
    """Return tokens [24] with their lowest pitch moved, as far as all of them can go."""
    sounding = tokens > REST
    if not sounding.any():
        return tokens
    low, high = tokens[sounding].min(), tokens[sounding].max()
    by = min(max(int(lowest), LOWEST) - low, HIGHEST - high)
    return np.where(sounding, tokens + by, tokens)


def _parts(rows: Part, size: int, on_done: OnDone) -> Iterator[Part]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
        on_done(min(at + size, len(rows)))
