"""Matches as JSON, for measures and clips alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.influence.spec import InfluenceAnswer


def match_document(found: InfluenceAnswer) -> dict[str, Any]:
    """Return the document of an answer."""
    return {
        "matches": [
            {**asdict(match), "tune": match.number, "pairs": [list(each) for each in match.pairs]}
            for match in found.matches
        ],
        "originality": asdict(found.originality),
        "close": found.close,
        "corpus": found.corpus,
        "model": found.model,
        "tunes": found.tunes,
        "items": found.items,
        "unit": found.unit,
    }
