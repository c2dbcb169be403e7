"""From tune books to the table: which tunes are one, which measures are one, what is held out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from engine.common.atomic import make_folder
from engine.corpus.build.notice import notice
from engine.corpus.build.tunebooks import BookTune, Progress, corpus_folder, read_books
from engine.corpus.table import OTHER_METRES, Corpus, Tune, read, write
from engine.errors import BadCorpus
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import HOLD, REST, Measure

SHARED = 2
"""So many distinct measures at least must two tunes share to count as settings of one."""

SHARE = 1 / 3
"""Such a part of the distinct measures of the shorter must they share."""

PARTS = ((0.85, "train"), (0.90, "validation"), (1.0, "test"))
"""Where a cluster goes by the place of its hash between 0 and 1."""

Shape = tuple[int, ...]
"""A measure's tokens with pitches counted from its first note: the same when transposed."""


def build(folder: Path, progress: Progress) -> Corpus:
    """Read the tune books and write the table to ``folder``, whole or not at all.

    ``progress`` is told how many tunes are read and of how many. Raises `BadCorpus` where
    music21 or a book is missing, `CannotWrite` where nothing can be written.
    """
    books = corpus_folder()
    make_folder(folder)
    tunes = list(read_books(books, progress))
    used = [tune for tune in tunes if tune.measures]
    if not used:
        raise BadCorpus(
            "The tune books hold no measure that fits the grid.",
            "Install the version of music21 that Armonica names: uv sync --extra lab.",
        )
    text, in_four = notice(tunes), table(used)
    others = [
        replace(tune, metre=tune.other_metre, measures=tune.others) for tune in tunes if tune.others
    ]
    if others:
        # First, so that nobody meets the one table without the other.
        write(folder / OTHER_METRES, beside(table(others), in_four), text)
    write(folder, in_four, text)
    return read(folder)


def beside(others: Corpus, in_four: Corpus) -> Corpus:
    """Return the table of other metres with tunes held out that the first table holds out.

    A tune may be printed as a jig and as a reel: settings of one title lie in one split.
    """
    known = {_words(tune.title): tune.split for tune in in_four.tunes}
    moved = {
        tune.cluster: known[_words(tune.title)]
        for tune in others.tunes
        if _words(tune.title) in known
    }
    tunes = tuple(replace(tune, split=moved.get(tune.cluster, tune.split)) for tune in others.tunes)
    return replace(others, tunes=tunes)


def table(tunes: Sequence[BookTune]) -> Corpus:
    """Return the table of tunes that each have a measure, its clusters and its split."""
    shapes = [[shape(measure) for _, measure in tune.measures] for tune in tunes]
    numbers: dict[Shape, int] = {}
    for tune_shapes in shapes:
        for found in tune_shapes:
            numbers.setdefault(found, len(numbers))
    clusters = tune_clusters(
        [set(tune_shapes) for tune_shapes in shapes], [tune.title for tune in tunes]
    )
    members: dict[int, set[Shape]] = defaultdict(set)
    for cluster, tune_shapes in zip(clusters, shapes, strict=True):
        members[cluster].update(tune_shapes)
    splits = {cluster: split(held) for cluster, held in members.items()}
    sizes = [len(tune.measures) for tune in tunes]
    return Corpus(
        tokens=np.array(
            [_padded(measure) for tune in tunes for _, measure in tune.measures], dtype=np.uint8
        ),
        tune=np.repeat(np.arange(len(tunes), dtype=np.int32), sizes),
        number=np.array([n for tune in tunes for n, _ in tune.measures], dtype=np.int32),
        cluster=np.array([numbers[s] for held in shapes for s in held], dtype=np.int32),
        tunes=tuple(
            Tune(
                tune.id,
                tune.book.title,
                tune.number,
                tune.title,
                tune.metre,
                tune.key,
                cluster,
                splits[cluster],
            )
            for tune, cluster in zip(tunes, clusters, strict=True)
        ),
        digest="",
    )


def _padded(measure: Measure) -> Shape:
    return (*measure.tokens, *[HOLD] * (FOUR_QUARTERS.ticks - len(measure.tokens)))


def shape(measure: Measure) -> Shape:
    """Return what a measure has in common with all its transpositions."""
    first = next(iter(measure.pitches), 0)
    return tuple(t if t <= REST else 128 + t - first for t in measure.tokens)


def tune_clusters(shapes: Sequence[set[Shape]], titles: Sequence[str]) -> list[int]:
    """Return each tune the number of its cluster, counted in the order of the tunes.

    Two tunes belong together if they share at least `SHARED` measures up to transposition
    and these are at least `SHARE` of the shorter tune's, or if they have the same title
    (which finds settings that differ in every measure, and now and then two tunes that only
    share a name); so do tunes that are linked through others.
    """
    holders: dict[Shape, list[int]] = defaultdict(list)
    for tune, held in enumerate(shapes):
        for found in held:
            holders[found].append(tune)
    shared = Counter(pair for among in holders.values() for pair in combinations(among, 2))
    links = [
        (a, b)
        for (a, b), count in shared.items()
        if count >= max(SHARED, SHARE * min(len(shapes[a]), len(shapes[b])))
    ]
    named: dict[str, int] = {}
    for tune, title in enumerate(titles):
        if words := _words(title):
            links.append((named.setdefault(words, tune), tune))
    parent = list(range(len(shapes)))

    def root(tune: int) -> int:
        while parent[tune] != tune:
            parent[tune] = parent[parent[tune]]
            tune = parent[tune]
        return tune

    for a, b in links:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    clusters: dict[int, int] = {}
    return [clusters.setdefault(root(tune), len(clusters)) for tune in range(len(shapes))]


def _words(title: str) -> str:
    # "BOYNE HUNT -- REEL" and "The Boyne Hunt" are one title.
    plain = re.sub(r"[^\w\s]", "", re.split(r"\s-+\s|--", title)[0].casefold())
    return " ".join(word for word in plain.split() if word not in ("the", "a", "an"))


def split(shapes: Iterable[Shape]) -> str:
    """Return the part that a cluster of tunes goes to, from the measures it holds alone."""
    content = hashlib.sha256()
    for found in sorted(shapes):
        content.update(bytes(found))
    place = int.from_bytes(content.digest()[:8], "big") / 2**64
    return next(name for edge, name in PARTS if place < edge)
