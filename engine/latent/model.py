"""The trained measure VAE as an instrument: codes in prior units, candidates, files of weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from engine.errors import BadModel, CannotWrite
from engine.latent.network import NAMED, MeasureVAE, Shape
from engine.latent.scores import knots, score
from engine.latent.sense import beat_patterns, in_key, pattern_surprise
from engine.latent.spec import CANDIDATES, LIMIT, Dimension, Latent, LatentSpec
from engine.latent.tokens import Floats, Ints, absolute, measured, relative
from engine.music.attributes import ATTRIBUTES
from engine.music.measure import Measure

WEIGHTS, CODES, CARD = "weights.safetensors", "codes.safetensors", "card.json"
FORMAT = 1
REGISTER = NAMED
"""The dimension that carries the lowest pitch, z4: computed, not learned, and exact."""

CHUNK = 2048
"""How many codes are decoded at a time."""


@dataclass(frozen=True)
class Codec:
    """What lies beside the network: normal scores, the register's scale, usual rhythms.

    ``tables`` are the knots of the four attributes; ``middle`` and ``spread`` turn the lowest
    pitch into prior units; ``surprise`` [64] is -log p of each beat pattern in the books.
    """

    tables: list[Floats]
    middle: float
    spread: float
    surprise: Floats

    @classmethod
    def fitted(cls, tokens: Ints) -> Codec:
        """Fits the codec to training measures [N, 24] in absolute tokens."""
        values, (_, lowest) = measured(tokens), relative(tokens)
        return cls(
            [knots(column) for column in values.T],
            float(lowest.mean()),
            float(lowest.std()),
            pattern_surprise(tokens),
        )

    def score(self, values: Floats) -> Floats:
        """Gives the normal scores [..., 4] of attributes [..., 4]."""
        return np.stack([score(t, values[..., at]) for at, t in enumerate(self.tables)], axis=-1)

    def target(self, codes: Floats) -> Floats:
        """Gives the attributes [N, 4] that named codes [N, 4] ask for."""
        return np.stack(
            [np.interp(codes[:, at], t[:, 0], t[:, 1]) for at, t in enumerate(self.tables)], axis=1
        )

    def tensors(self) -> dict[str, torch.Tensor]:
        """Gives the codec as tensors by name, to be stored beside the network's."""
        found = {f"codec.table.{at}": torch.from_numpy(t) for at, t in enumerate(self.tables)}
        found["codec.register"] = torch.tensor([self.middle, self.spread], dtype=torch.float64)
        found["codec.surprise"] = torch.from_numpy(self.surprise)
        return found

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor]) -> Codec:
        """Takes the codec out of stored tensors; raises `KeyError` where one is missing."""
        tables = [tensors.pop(f"codec.table.{at}").double().numpy() for at in range(NAMED)]
        middle, spread = tensors.pop("codec.register").tolist()
        return cls(tables, middle, spread, tensors.pop("codec.surprise").double().numpy())


# How far candidates reach around a code, and what counts against one (see `TrainedVAE`).
NEAR_NAMED, NEAR_FREE = 0.35, 0.25
DISTANCE_COST, ODD_COST, KEY_COST = 0.35, 0.25, 0.5
MOVED, KEPT, FOLLOWS = 1.0, 0.3, 0.05
COMPLEXITY, RANGE, DENSITY, JUMP = range(NAMED)


class TrainedVAE:
    """A measure VAE that can be asked; deterministic in every answer (a `LatentModel`).

    As played, a code is decoded together with 31 neighbours, and the measure is kept that
    comes nearest to the attributes asked for, at a cost for every token in which it differs
    from the plainly decoded one, for odd rhythms and for notes out of key.
    """

    def __init__(
        self,
        network: MeasureVAE,
        codec: Codec,
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
        register = Dimension(REGISTER, f"z{REGISTER}", "lowest pitch")
        free = [Dimension(at, f"z{at}", f"z{at}") for at in range(REGISTER + 1, size)]
        self._spec = LatentSpec("measure-vae", digest, (*named, register, *free))
        # The same neighbours always: an answer depends on the code alone, and moves with it.
        noise = np.random.default_rng(0).standard_normal((512, size - 1))
        noise[:, :NAMED] *= NEAR_NAMED
        noise[:, NAMED:] *= NEAR_FREE
        noise[0] = 0
        self._noise = noise

    @property
    def spec(self) -> LatentSpec:
        """The model's 32 dimensions: four named, the register, the free ones."""
        return self._spec

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        """Gives the posterior mean of each measure."""
        if not measures:
            return []
        tokens = np.array([measure.tokens for measure in measures], dtype=np.int64)
        return [tuple(map(float, code)) for code in self.encode_tokens(tokens)]

    def decode(
        self,
        latents: Sequence[Latent],
        *,
        candidates: int = CANDIDATES,
        moved: Sequence[int] = (),
    ) -> list[Measure]:
        """Gives the measure at each point, the best of ``candidates`` codes around it."""
        if not latents:
            return []
        codes = np.array(latents, dtype=np.float64)
        tokens = self.decode_tokens(codes, candidates=candidates, moved=moved)
        return [Measure(tuple(map(int, row))) for row in tokens]

    def attributes(self, latents: Sequence[Latent]) -> list[tuple[float, ...]]:
        """Gives the four attributes of each point's plainly decoded measure."""
        codes = np.array(latents, dtype=np.float64)
        values = measured(self._plain(self._inner(codes)))
        return [tuple(map(float, row)) for row in values]

    def occupancy(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, ...], ...]:
        """Counts the training measures in each cell, rows from +3 down, columns from -3 up."""
        if self._codes is None:
            return ((0,) * width,) * height
        across, up = (self._codes[:, at].astype(np.float64).clip(-LIMIT, LIMIT) for at in (x, y))
        columns = np.rint((across + LIMIT) / (2 * LIMIT) * (width - 1)).astype(np.int64)
        rows = np.rint((LIMIT - up) / (2 * LIMIT) * (height - 1)).astype(np.int64)
        counts = np.bincount(rows * width + columns, minlength=width * height)
        return tuple(tuple(map(int, row)) for row in counts.reshape(height, width))

    def encode_tokens(self, tokens: Ints) -> Floats:
        """Gives posterior means [N, 32] of absolute tokens [N, 24]."""
        inner, lowest = relative(tokens)
        with torch.inference_mode():
            means = [
                self.network.encode(torch.from_numpy(inner[at : at + CHUNK])).mean.double().numpy()
                for at in range(0, len(inner), CHUNK)
            ]
        register = (lowest - self.codec.middle) / self.codec.spread
        mean = np.concatenate(means)
        return np.concatenate([mean[:, :NAMED], register[:, None], mean[:, NAMED:]], axis=1)

    def sample_codes(self, tokens: Ints, seed: int) -> Floats:
        """Draws one code [N, 32] from the posterior of each measure [N, 24]."""
        generator = torch.Generator().manual_seed(seed)
        means = self.encode_tokens(tokens)
        with torch.inference_mode():
            logvar = self.network.encode(torch.from_numpy(relative(tokens)[0])).logvar
        noise = torch.randn(logvar.shape, generator=generator) * (0.5 * logvar).exp()
        return np.asarray(means + np.insert(noise.double().numpy(), REGISTER, 0.0, axis=1))

    def decode_tokens(
        self, codes: Floats, *, candidates: int = 1, moved: Sequence[int] = ()
    ) -> Ints:
        """Gives absolute tokens [N, 24] at codes [N, 32] (see `decode`)."""
        inner = self._inner(codes)
        if candidates > 1:
            weights = _weights(moved)
            chosen = [
                self._chosen(inner[at : at + CHUNK // candidates + 1], candidates, weights)
                for at in range(0, len(inner), CHUNK // candidates + 1)
            ]
            tokens = np.concatenate(chosen)
        else:
            tokens = self._plain(inner)
        register = codes[:, REGISTER] * self.codec.spread + self.codec.middle
        return absolute(tokens, np.rint(register).astype(np.int64))

    def _inner(self, codes: Floats) -> Floats:
        return np.delete(codes, REGISTER, axis=1)

    def _plain(self, inner: Floats) -> Ints:
        with torch.inference_mode():
            found = [
                self.network.decode(torch.from_numpy(inner[at : at + CHUNK]).float()).tokens()
                for at in range(0, len(inner), CHUNK)
            ]
        return np.concatenate([tokens.numpy() for tokens in found])

    def _chosen(self, inner: Floats, candidates: int, weights: Floats) -> Ints:
        count, size = inner.shape
        around = inner[:, None] + self._noise[None, :candidates]
        tokens = self._plain(around.reshape(-1, size))
        wanted = np.repeat(inner[:, :NAMED], candidates, axis=0)
        # A gauge beyond the last knot asks for what the last knot asks for.
        ends = np.array([(t[0, 0], t[-1, 0]) for t in self.codec.tables])
        wanted = wanted.clip(ends[:, 0], ends[:, 1])
        off = np.abs(self.codec.score(measured(tokens)) - wanted) @ weights
        plain = np.repeat(tokens[::candidates], candidates, axis=0)
        off += DISTANCE_COST * (tokens != plain).mean(axis=1)
        odd = (self.codec.surprise[beat_patterns(tokens)] - 4.0).clip(min=0).sum(axis=1)
        off += ODD_COST * odd + KEY_COST * (1 - in_key(tokens))
        best = off.reshape(count, candidates).argmin(axis=1)
        return np.asarray(tokens.reshape(count, candidates, -1)[np.arange(count), best])


def _weights(moved: Sequence[int]) -> Floats:
    # How firmly each attribute is asked for, as in training: see `regulariser.edits`.
    named = [at for at in moved if at < NAMED]
    if not named:
        return np.ones(NAMED)
    weights = np.full(NAMED, KEPT)
    weights[named] = MOVED
    for one, other in ((COMPLEXITY, DENSITY), (DENSITY, COMPLEXITY)):
        if one in named and other not in named:
            weights[other] = FOLLOWS
    return weights


def save(
    folder: Path, network: MeasureVAE, codec: Codec, tokens: Ints, card: dict[str, Any]
) -> None:
    """Writes a model's weights, its training codes and its card; raises `CannotWrite`.

    The network is kept in half precision. ``card`` says what made the weights (command, seed, corpus digest, recipe); the weights'
    own digest and the network's shape are added. ``tokens`` [N, 24] are the training measures.
    """
    # Half the size, and no figure of the tables changes: what ships is what was judged.
    halves = {name: tensor.half() for name, tensor in network.state_dict().items()}
    weights = save_tensors({**halves, **codec.tensors()})
    digest = hashlib.sha256(weights).hexdigest()
    kept = MeasureVAE(network.shape)
    kept.load_state_dict(halves)
    codes = TrainedVAE(kept.eval(), codec, digest).encode_tokens(tokens).astype(np.float16)
    written = {
        WEIGHTS: weights,
        CODES: save_tensors({"codes": torch.from_numpy(codes)}),
        CARD: json.dumps(
            {
                "format": FORMAT,
                "name": "measure-vae",
                "weights": digest,
                "shape": network.shape.as_dict(),
                **card,
            },
            indent=2,
        ).encode()
        + b"\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written.items():
            partial = folder / (name + ".partial")
            partial.write_bytes(content)
            partial.replace(folder / name)
    except OSError as error:
        raise CannotWrite(f"The model cannot be written to {folder}: {error.strerror}.") from error


def read_card(folder: Path) -> dict[str, Any]:
    """Reads a model's card; raises `BadModel` where it is missing or not a card."""
    path = folder / CARD
    try:
        card = json.loads(path.read_bytes())
        if card["format"] != FORMAT:
            raise BadModel(
                f"{path} is of format {card['format']}, and this program reads format {FORMAT}.",
                "Update armonica, or train anew with `armonica train measures`.",
            )
        Shape(**card["shape"])
        if not isinstance(card["weights"], str):
            raise TypeError
    except OSError as error:
        raise BadModel(
            f"There is no model in {folder}: {CARD} cannot be read.",
            "Make one with `armonica train measures`.",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadModel(f"{path} is damaged.", "Install the model again.") from error
    return dict(card)


def load(folder: Path) -> TrainedVAE:
    """Loads a model, as data only; raises `BadModel` where it is missing, damaged or other.

    The weights must have the digest that the card names.
    """
    card = read_card(folder)
    path = folder / WEIGHTS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path} cannot be read.", "Install the model again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != card["weights"]:
        raise BadModel(
            f"{path} has the hash {digest[:12]}, and its card names {card['weights'][:12]}.",
            "The file is damaged or another model's; install the model again.",
        )
    try:
        tensors = load_tensors(content)
        codec = Codec.from_tensors(tensors)
        network = MeasureVAE(Shape(**card["shape"]))
        network.load_state_dict(tensors)
    except (SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise BadModel(
            f"{path} does not hold the network that its card describes.",
            "Install the model again.",
        ) from error
    network.eval()
    return TrainedVAE(network, codec, digest, _codes(folder))


def _codes(folder: Path) -> npt.NDArray[np.float16] | None:
    # Only the map's shading of training data needs them; a model plays without.
    try:
        codes = load_tensors((folder / CODES).read_bytes())["codes"]
    except (OSError, SafetensorError, KeyError):
        return None
    found: npt.NDArray[np.float16] = codes.numpy()
    return found if found.ndim == 2 else None
