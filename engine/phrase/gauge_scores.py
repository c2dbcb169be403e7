"""The four attributes of a measure as normal scores among the books' measures of its metre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.latent.normal_scores import knots, score
from engine.music.attributes import ATTRIBUTES
from engine.music.measure import Measure

Floats = npt.NDArray[np.float64]

FEWEST = 400
"""A metre of which fewer training measures are known has no scores."""


@dataclass(frozen=True, eq=False)
class GaugeScores:
    """Of each metre that has them, the knots of its attributes: (normal score, value) [K, 2]."""

    tables: Mapping[str, tuple[Floats, ...]]

    @classmethod
    def fitted(cls, measures: Sequence[Measure]) -> GaugeScores:
        """Fit the tables to training measures of any metres."""
        values: dict[str, list[tuple[float, ...]]] = {}
        for measure in measures:
            values.setdefault(measure.grid.metre, []).append(attribute_values(measure))
        return cls(
            {
                metre: tuple(knots(column) for column in np.array(rows).T)
                for metre, rows in values.items()
                if len(rows) >= FEWEST
            }
        )

    def scores(self, measure: Measure) -> tuple[float, ...] | None:
        """Return the four normal scores of a measure; None where its metre has no tables."""
        tables = self.tables.get(measure.grid.metre)
        if tables is None:
            return None
        values = attribute_values(measure)
        return tuple(
            float(score(table, np.array(value)))
            for table, value in zip(tables, values, strict=True)
        )

    def tensors(self) -> dict[str, Floats]:
        """Return the tables by name, to be stored beside a network's weights."""
        return {
            f"scores.{metre}.{at}": table
            for metre, tables in self.tables.items()
            for at, table in enumerate(tables)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[np.generic]]) -> GaugeScores:
        """Take the tables out of stored tensors; raises `KeyError` where one is missing."""
        metres = {name.split(".")[1] for name in tensors if name.startswith("scores.")}
        return cls(
            {
                metre: tuple(
                    tensors[f"scores.{metre}.{at}"].astype(np.float64)
                    for at in range(len(ATTRIBUTES))
                )
                for metre in sorted(metres)
            }
        )


def attribute_values(measure: Measure) -> tuple[float, ...]:
    """Return the four attributes of a measure, in their order."""
    return tuple(each.of(measure) for each in ATTRIBUTES)
