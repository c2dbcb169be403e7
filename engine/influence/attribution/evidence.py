"""What retraining has confirmed: clusters without which a model finds a measure less likely."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine import locations
from engine.errors import BadFile, OutOfRange
from engine.influence.spec import InfluenceAnswer
from engine.latent.tokens import relative
from engine.music.measure import Measure

FORMAT = 1
SHIPPED = locations.PRESETS / "influence" / "retraining.json"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A cluster whose removal changed a measure, beyond what random removal does.

    ``change`` and ``random`` are in nats a note, ``seeds`` the retrainings it rests on;
    ``model`` names the retrained model, which is a smaller one than what ships.
    """

    cluster: int
    change: float
    random: float
    seeds: int
    model: str


def confirmed(measures: Sequence[Measure], path: Path = SHIPPED) -> dict[int, Confirmation]:
    """Return what retraining confirmed for any of the measures, by cluster.

    Only measures that were tried can be found, in any transposition. Without results there is
    nothing; raises `BadFile` where they are damaged.
    """
    if not path.exists() or not measures:
        return {}
    asked = {row.tobytes() for row in _relative([measure.tokens for measure in measures])}
    return {each.cluster: each for tokens, each in _confirmations(path) if tokens in asked}


def attached(
    found: InfluenceAnswer, measures: Sequence[Measure], path: Path = SHIPPED
) -> InfluenceAnswer:
    """Return the answer about ``measures`` with what retraining has confirmed of its matches."""
    sure = confirmed(measures, path)
    matches = (
        replace(match, evidence="retrained") if match.cluster in sure else match
        for match in found.matches
    )
    return replace(found, matches=tuple(matches))


def results(path: Path = SHIPPED) -> dict[str, Any]:
    """Read a document of results; raises `BadFile` where it is missing or damaged."""
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            raise BadFile(
                f"{path} is of format {found['format']}, and this program reads {FORMAT}.",
                "Update armonica, or retrain: armonica evaluate influence --retrain.",
            )
        for name in ("queries", "arms", "confirmed"):
            if not isinstance(found[name], list):
                raise TypeError(name)
        if not isinstance(found["model"], str):
            raise TypeError("model")
    except OSError as error:
        raise BadFile(
            f"There are no results of retraining: {path} cannot be read.",
            "Retrain: armonica evaluate influence --retrain.",
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFile(f"{path} is damaged.", "Install Armonica again.") from error
    return dict(found)


@lru_cache(maxsize=4)
def _confirmations(path: Path) -> tuple[tuple[bytes, Confirmation], ...]:
    found = results(path)
    try:
        rows = [Measure(tuple(each["tokens"])).tokens for each in found["queries"]]
        tokens = [row.tobytes() for row in _relative(rows)]
        return tuple(
            (
                tokens[each["query"]],
                Confirmation(
                    int(each["cluster"]),
                    float(each["change"]),
                    float(each["random"]),
                    int(each["seeds"]),
                    found["model"],
                ),
            )
            for each in found["confirmed"]
        )
    except (KeyError, TypeError, ValueError, IndexError, OutOfRange) as error:
        raise BadFile(f"{path} is damaged.", "Install Armonica again.") from error


def _relative(rows: Sequence[Sequence[int]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    if not rows:
        return np.empty((0, 24), dtype=np.int64)
    return relative(np.array(rows, dtype=np.int64))[0]
