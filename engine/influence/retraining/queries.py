"""Measures that the retrainings are asked about: made by the model, and from held-out tunes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.corpus.table import Corpus
from engine.errors import BadFile, OutOfRange
from engine.latent.model import TrainedVAE
from engine.latent.prior import draw
from engine.latent.shape import NAMED
from engine.latent.tokens import Ints, relative
from engine.music.measure import REST, Measure

Kind = Literal["drawn", "moved", "held out", "near"]

TURN: tuple[Kind, ...] = (
    "drawn", "held out", "moved", "near", "drawn", "held out", "moved", "held out",
)  # fmt: skip
"""The kinds in turn, so that any run of queries holds half generated, half human measures."""

FEWEST = 3
"""A query has at least three notes."""

LOOKED_AT = 600
"""Held-out measures that queries are drawn from."""

NEAREST = 60
"""Among how many of them, nearest to training, the near ones are drawn."""


@dataclass(frozen=True)
class Query:
    """A measure that retrainings are asked about, and where it comes from.

    "drawn" is decoded from a point of the prior, "moved" from a held-out measure with one
    gauge moved, by the model that ships; "held out" is a measure of a test tune that no
    training tune has, "near" one with only a few tokens other than in some training measure.
    """

    kind: Kind
    measure: Measure

    def as_dict(self) -> dict[str, Any]:
        """Return the query as results hold it."""
        return {"kind": self.kind, "tokens": list(self.measure.tokens)}


def queries(corpus: Corpus, model: TrainedVAE, count: int, seed: int) -> list[Query]:
    """Draw ``count`` queries; fewer are the first of more."""
    random = np.random.default_rng(seed)
    test = corpus.tokens[corpus.test()].astype(np.int64)
    test = random.permutation(test[(test > REST).sum(axis=1) >= FEWEST])[:LOOKED_AT]
    known = relative(corpus.tokens[corpus.training()].astype(np.int64))[0]
    apart = distances(relative(test)[0], known)
    close = random.permutation(np.argsort(apart, kind="stable")[:NEAREST]).tolist()
    far = [at for at in range(len(test)) if at not in set(close)]
    found = []
    for number in range(count):
        kind = TURN[number % len(TURN)]
        if kind == "near":
            tokens = test[close.pop()]
        elif kind == "held out":
            tokens = test[far.pop()]
        elif kind == "drawn":
            tokens = _drawn(model, random)
        else:
            tokens = _moved(model, test[far.pop()], random)
        found.append(Query(kind, Measure(tuple(map(int, tokens)))))
    return found


def tokens_of(asked: Sequence[Query]) -> Ints:
    """Return the relative tokens [Q, 24] of queries."""
    return relative(np.array([query.measure.tokens for query in asked], dtype=np.int64))[0]


def name_of(asked: Sequence[Query]) -> str:
    """Name queries by what they hold."""
    return hashlib.sha256(repr([query.measure.tokens for query in asked]).encode()).hexdigest()[:12]


def read(found: Any) -> list[Query]:
    """Take queries out of a document; raises `BadFile`."""
    try:
        queries = [Query(each["kind"], Measure(tuple(each["tokens"]))) for each in found]
    except (KeyError, TypeError, ValueError, OutOfRange) as error:
        raise BadFile("The queries of these results are damaged.", "Begin a new run.") from error
    if any(query.kind not in TURN for query in queries):
        raise BadFile("A query of these results is of no known kind.", "Begin a new run.")
    return queries


def distances(tokens: Ints, known: Ints) -> Ints:
    """Return in how many tokens each measure [Q, 24] differs from the nearest known [N, 24]."""
    few, known = tokens.astype(np.uint8), known.astype(np.uint8)
    return np.array([(row != known).sum(axis=1).min() for row in few], dtype=np.int64)


def _drawn(model: TrainedVAE, random: np.random.Generator) -> Ints:
    for _ in range(100):
        point = draw(len(model.spec.dimensions), int(random.integers(2**31)))
        found = np.array(model.decode([point])[0].tokens, dtype=np.int64)
        if (found > REST).sum() >= FEWEST:
            break
    return found


def _moved(model: TrainedVAE, tokens: Ints, random: np.random.Generator) -> Ints:
    code = list(model.encode([Measure(tuple(map(int, tokens)))])[0])
    for _ in range(100):
        gauge = int(random.integers(NAMED))
        there = [*code]
        there[gauge] = float(random.uniform(-2, 2))
        found = np.array(model.decode([tuple(there)], moved=(gauge,))[0].tokens, dtype=np.int64)
        if (found > REST).sum() >= FEWEST and (found != tokens).any():
            break
    return found
