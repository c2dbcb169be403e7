"""What a search for influence gives: pieces of the training data, how near they lie, and how sure.

Search alone finds what is *similar*, and the model's gradients may agree; *influence* is said only
of what a retraining has confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Evidence = Literal["similar", "gradient", "retrained"]
"""How far a match is confirmed: found by search, by gradients, by training without it."""

Alert = Literal["", "amber", "red"]
"""What a match asks of whoever publishes: nothing, a credit, or a close look."""


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of the training data that lies near to what was asked about.

    ``cluster`` (settings of one tune, the unit of credit and of removal) and ``tune`` (a row of
    the corpus' tunes) say whose it is; ``title``, ``book``, ``number`` and ``measure`` (from 1)
    where it stands in print. The match spans ``measures`` measures there, and as many from
    measure ``asked`` (from 1) of what was asked about, ``transposed`` semitones higher than in
    print. ``pairs`` are the notes that agree: (note of the asked span, note of the span in
    print), each counted from 0 in its span; ``run`` is the most of them one after another.
    ``raw`` and ``latent`` are similarities from 0 to 1 (1: the same); ``score`` is the fused one
    by which ``rank`` (from 1) goes, and ``percentile`` the share, from 0 to 100, of held-out
    human tunes whose best match is not as near. ``row`` is where the corpus holds the span (-1:
    it is no span of measures), and ``pull`` the share of training measures, 0 to 100, that it
    outdoes by gradients (None: not asked).
    """

    rank: int
    cluster: int
    tune: int
    title: str
    book: str
    number: int
    measure: int
    measures: int
    asked: int
    transposed: int
    raw: float
    latent: float
    score: float
    percentile: float
    licence: str
    evidence: Evidence = "similar"
    alert: Alert = ""
    run: int = 0
    pairs: tuple[tuple[int, int], ...] = ()
    row: int = -1
    pull: float | None = None


@dataclass(frozen=True, slots=True)
class Originality:
    """How far the nearest piece is: 1 less its raw similarity.

    ``low`` and ``high`` bound what 95 % of held-out human tunes of the same length reach
    against the same corpus; ``longest_match`` is the longest exact match in notes.
    """

    value: float
    low: float
    high: float
    longest_match: int


@dataclass(frozen=True, slots=True)
class InfluenceAnswer:
    """The answer to one question: matches by rank, and where no match is close, that.

    ``close`` tells whether the best match is nearer than what most held-out human tunes reach.
    ``corpus`` and ``model`` name what was searched by digest, ``tunes`` and ``items`` count it.
    ``unit`` is what ``asked`` counts: measures, or in sound the seconds, both from 1; in sound
    no notes are read, so that a match has no ``pairs`` and ``longest_match`` is 0.
    """

    matches: tuple[Match, ...]
    originality: Originality
    close: bool
    corpus: str
    model: str
    tunes: int
    items: int
    unit: Literal["measure", "second"] = "measure"
