"""Provenance: what was made is like, written down to go with it, as JSON and as words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine import __version__
from engine.common import atomic, output_files
from engine.influence.spec import InfluenceAnswer, Match
from engine.locations import make_usual
from engine.music.slot import Origin

FORMAT = 1

NAMED = 3
"""How many matches are written down for each measure."""

STATEMENT = (
    "Similar is what a search in the training data finds; it is no proof of influence or of "
    "copying, and says nothing about music outside that data."
)

SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class TracedMeasure:
    """A measure of a track (both from 1), where it came from, and what it is like.

    ``found`` is None where it is silent, or in a metre that the model does not know.
    """

    measure: int
    origin: Origin
    found: InfluenceAnswer | None
    track: int = 1


def of_song(title: str, rows: Sequence[TracedMeasure]) -> dict[str, Any]:
    """Return the document of a song's measures."""
    measures = [
        {
            "track": row.track,
            "measure": row.measure,
            "origin": asdict(row.origin),
            **_match_fields(row.found),
        }
        for row in rows
    ]
    searched = next((row.found for row in rows if row.found is not None), None)
    return {**_head("song", title, searched), "measures": measures}


def of_take(take: str, found: InfluenceAnswer) -> dict[str, Any]:
    """Return the document of a take."""
    return {**_head("take", take, found), **_match_fields(found)}


def write(path: str, document: dict[str, Any]) -> Path:
    """Write a document to a file of the user's own; raises `BadName` or `CannotWrite`."""
    place = output_files.named(path, output_files.PROVENANCE)
    output_files.check(place, output_files.PROVENANCE)
    make_usual(place)
    atomic.write(place, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
    return place


def lines(rows: Sequence[TracedMeasure]) -> list[tuple[int, str]]:
    """Return a line for each measure (from 0) that is near to a piece, and one for the search."""
    found = [row for row in rows if row.found is not None and row.found.close]
    many = len({row.track for row in rows}) > 1
    told = [
        (
            row.measure - 1,
            f"{f'Track {row.track}, measure' if many else 'Measure'} {row.measure}: "
            f"{_line(row.found)}",
        )
        for row in sorted(found, key=lambda row: row.measure)
    ]
    searched = next((row.found for row in rows if row.found is not None), None)
    if searched is None:
        return told
    head = (
        f"Armonica {__version__}, {_today()}: {len(found)} of {len(rows)} measures are near to "
        f"one of {searched.tunes} training tunes (corpus {searched.corpus}). {STATEMENT}"
    )
    return [(0, head), *told]


def describe(match: Match) -> str:
    """Describe where a match stands in print, in words: title, book, number, measures."""
    last = match.measure + match.measures - 1
    where = (
        f"measure {match.measure}" if match.measures == 1 else f"measures {match.measure}-{last}"
    )
    return f"{match.title} ({match.book} {match.number}, {where})"


def _line(found: InfluenceAnswer | None) -> str:
    assert found is not None
    match = max(found.matches, key=lambda each: each.percentile)
    word = "influenced by" if match.evidence == "retrained" else "similar to"
    how = "" if match.evidence == "similar" else f" ({match.evidence})"
    return (
        f"{word} {describe(match)}{how}, notes {match.raw:.2f}, latent {match.latent:.2f}, "
        "nearer than "
        f"{match.percentile:.0f} % of held-out tunes; {match.licence}"
    )


def _head(kind: str, title: str, found: InfluenceAnswer | None) -> dict[str, Any]:
    head: dict[str, Any] = {
        "format": FORMAT,
        "program": f"armonica {__version__}",
        "made": _today(),
        "kind": kind,
        "title": title,
        "statement": STATEMENT,
    }
    if found is not None:
        head["searched"] = {
            "corpus": found.corpus,
            "model": found.model,
            "tunes": found.tunes,
            "items": found.items,
        }
    return head


def _match_fields(found: InfluenceAnswer | None) -> dict[str, Any]:
    if found is None:
        return {"close": False, "originality": None, "matches": []}
    matches = [
        {**asdict(match), "pairs": [list(pair) for pair in match.pairs]}
        for match in found.matches[:NAMED]
    ]
    return {
        "close": found.close,
        "unit": found.unit,
        "originality": asdict(found.originality),
        "matches": matches,
    }


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
