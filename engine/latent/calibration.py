"""What lies beside the network: normal scores, the register's scale, the books' usual rhythms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.latent.normal_scores import knots, score
from engine.latent.plausibility import pattern_surprise
from engine.latent.shape import NAMED
from engine.latent.tokens import Floats, Ints, measured, relative


@dataclass(frozen=True)
class CalibratedCodec:
    """The fixed part of a model, fitted to the training measures.

    ``tables`` are the knots of the four attributes; ``middle`` and ``spread`` turn the lowest
    pitch into prior units; ``surprise`` [64] is -log p of each beat pattern in the books.
    """

    tables: list[Floats]
    middle: float
    spread: float
    surprise: Floats

    @classmethod
    def fitted(cls, tokens: Ints) -> CalibratedCodec:
        """Fit the codec to training measures [N, 24] in absolute tokens."""
        values, (_, lowest) = measured(tokens), relative(tokens)
        return cls(
            [knots(column) for column in values.T],
            float(lowest.mean()),
            float(lowest.std()),
            pattern_surprise(tokens),
        )

    def score(self, values: Floats) -> Floats:
        """Return the normal scores [..., 4] of attributes [..., 4]."""
        return np.stack([score(t, values[..., at]) for at, t in enumerate(self.tables)], axis=-1)

    def target(self, codes: Floats) -> Floats:
        """Return the attributes [N, 4] that named codes [N, 4] ask for."""
        return np.stack(
            [np.interp(codes[:, at], t[:, 0], t[:, 1]) for at, t in enumerate(self.tables)], axis=1
        )

    def arrays(self) -> dict[str, Floats]:
        """Return the codec as arrays by name, to be stored beside the network's."""
        found = {f"codec.table.{at}": table for at, table in enumerate(self.tables)}
        found["codec.register"] = np.array([self.middle, self.spread])
        found["codec.surprise"] = self.surprise
        return found

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> CalibratedCodec:
        """Take the codec out of stored arrays; raises `KeyError` where one is missing."""
        found = {name: arrays.pop(f"codec.{name}").astype(np.float64) for name in _STORED}
        middle, spread = found["register"].tolist()
        tables = [found[f"table.{at}"] for at in range(NAMED)]
        return cls(tables, middle, spread, found["surprise"])


_STORED = (*(f"table.{at}" for at in range(NAMED)), "register", "surprise")
