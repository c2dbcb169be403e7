"""The index of training measures: what is searched, made by a command and opened unread."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.common import atomic
from engine.corpus.table import SPLITS, Corpus
from engine.errors import BadFile
from engine.influence.measures.calibration import CLASSES, LEVELS, WINDOWS, PercentileScale
from engine.influence.measures.clusters import units
from engine.influence.measures.ngrams import GramIndex, grams
from engine.influence.measures.posteriors import PosteriorSpace, posteriors
from engine.latent.model import TrainedVAE
from engine.music.measure import REST

CARD = "card.json"
EDITION = 2
"""The edition of what is in an index; another one is made anew."""

REMEDY = "Make it anew: armonica corpus index."

Array = npt.NDArray[Any]


class BadMeasureIndex(BadFile):
    """An index that is missing, damaged, or speaks of another corpus or model."""

    title = "Index"


def place() -> Path:
    """Return the folder of the index that ships."""
    return locations.PRESETS / "influence" / "measures"


@dataclass(frozen=True)
class Index:
    """Distinct measures of the training tunes, and the rows of the corpus that have them.

    ``columns`` uint8 [24, N] are their tokens, a row for each tick; ``notes`` uint8 [N] count
    their notes. ``points`` float32 [N, D] are their posteriors, ``squares`` [N] the squared
    lengths of those, ``scale`` [31] the space they lie in. The rows of item n are
    ``rows[offsets[n]:offsets[n + 1]]``. ``specificity`` [N] is 1 for a measure of one unit and
    0 for one of all. ``units`` [tunes] are the units of the corpus' tunes.
    """

    columns: npt.NDArray[np.uint8]
    notes: npt.NDArray[np.uint8]
    points: npt.NDArray[np.float32]
    squares: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    specificity: npt.NDArray[np.float32]
    units: npt.NDArray[np.int32]
    gram_names: npt.NDArray[np.int64]
    gram_offsets: npt.NDArray[np.int64]
    gram_rows: npt.NDArray[np.int32]
    gram_weights: npt.NDArray[np.float32]
    quantiles: npt.NDArray[np.float32]
    whole: npt.NDArray[np.float32]
    corpus: str
    model: str

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def space(self) -> PosteriorSpace:
        """The space that the points lie in."""
        return PosteriorSpace(self.scale)

    @property
    def grams(self) -> GramIndex:
        """The figures of the training tunes."""
        return GramIndex(self.gram_names, self.gram_offsets, self.gram_rows, self.gram_weights)

    @property
    def human(self) -> PercentileScale:
        """What held-out human tunes reach."""
        return PercentileScale(self.quantiles, self.whole)


def build(corpus: Corpus, model: TrainedVAE) -> Index:
    """Return the index of a corpus' training tunes for a model, without its scale yet."""
    train = np.flatnonzero(corpus.splits == SPLITS.index("train"))
    train = train[(corpus.tokens[train] > REST).any(axis=1)]
    _, item = np.unique(corpus.cluster[train], return_inverse=True)
    order = np.argsort(item, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(item))]).astype(np.int64)
    rows = train[order]
    tokens = corpus.tokens[rows[offsets[:-1]]]
    means, spreads = posteriors(model, tokens.astype(np.int64))
    space = PosteriorSpace.of(means)
    points = space.points(means, spreads)
    of_tune = units(corpus)
    unit = of_tune[corpus.tune[rows]]
    held = np.array([len(np.unique(unit[a:b])) for a, b in pairwise(offsets)])
    count = len(np.unique(unit))
    known = figures(corpus, of_tune, count)
    return Index(
        columns=np.ascontiguousarray(tokens.T),
        notes=(tokens > REST).sum(axis=1).astype(np.uint8),
        points=points,
        squares=(points**2).sum(axis=1),
        scale=space.scale,
        offsets=offsets,
        rows=rows.astype(np.int32),
        specificity=(1 - np.log(held) / np.log(max(2, count))).astype(np.float32),
        units=of_tune,
        gram_names=known.names,
        gram_offsets=known.offsets,
        gram_rows=known.rows,
        gram_weights=known.weights,
        quantiles=np.zeros((len(WINDOWS), CLASSES, LEVELS), np.float32),
        whole=np.zeros(LEVELS, np.float32),
        corpus=corpus.digest,
        model=model.spec.digest,
    )


def figures(corpus: Corpus, of_tune: npt.NDArray[np.int32], count: int) -> GramIndex:
    """Return the figures of a corpus' training tunes, which belong to ``count`` units."""
    ends = np.flatnonzero(np.diff(corpus.tune, append=-1)) + 1
    names, rows = [], []
    for start, end in pairwise([0, *ends.tolist()]):
        if corpus.tunes[corpus.tune[start]].split != "train":
            continue
        found, where = grams(corpus.tokens[start:end])
        names.append(found)
        rows.append(start + where)
    every = np.concatenate(rows)
    clusters = of_tune[corpus.tune[every]].astype(np.int64)
    return GramIndex.of(np.concatenate(names), every, clusters, count)


_ARRAYS = tuple(name for name in Index.__annotations__ if name not in ("corpus", "model"))


def write(folder: Path, index: Index) -> None:
    """Write an index, its card last; raises `CannotWrite`."""
    atomic.make_folder(folder)
    files: dict[Path, bytes] = {}
    for name in _ARRAYS:
        content = BytesIO()
        np.save(content, np.ascontiguousarray(getattr(index, name)), allow_pickle=False)
        files[folder / f"{name}.npy"] = content.getvalue()
    card = {"edition": EDITION, "corpus": index.corpus, "model": index.model, "items": len(index)}
    files[folder / CARD] = json.dumps(card, indent=1).encode()
    atomic.write_all(files)


def read(folder: Path, corpus: Corpus, model_digest: str) -> Index:
    """Open an index; its arrays are mapped into memory and read where they are searched.

    Raises `BadMeasureIndex` where it is missing, damaged, or of another corpus, model or edition.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        theirs = card["edition"], card["corpus"], card["model"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadMeasureIndex(f"{folder} holds no index of training measures.", REMEDY) from error
    if theirs != (EDITION, corpus.digest, model_digest):
        raise BadMeasureIndex(
            f"The index in {folder} speaks of corpus {theirs[1]} and model {theirs[2]}, and here "
            f"are {corpus.digest} and {model_digest}.",
            REMEDY,
        )
    try:
        arrays = {
            # As plain arrays: numpy takes longer over each part of a mapped one.
            name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in _ARRAYS
        }
        index = Index(**arrays, corpus=corpus.digest, model=model_digest)
        _check(index, corpus)
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise BadMeasureIndex(
            f"The index in {folder} is damaged ({str(error).splitlines()[0][:120]}).", REMEDY
        ) from error
    return index


def _check(index: Index, corpus: Corpus) -> None:
    size, known = len(index.notes), len(index.gram_names)
    shapes: dict[str, tuple[Array, type, tuple[int, ...]]] = {
        "columns": (index.columns, np.uint8, (24, size)),
        "notes": (index.notes, np.uint8, (size,)),
        "points": (index.points, np.float32, (size, 2 * int((index.scale > 0).sum()))),
        "squares": (index.squares, np.float32, (size,)),
        "scale": (index.scale, np.float32, (len(index.scale),)),
        "offsets": (index.offsets, np.int64, (size + 1,)),
        "rows": (index.rows, np.int32, (len(index.rows),)),
        "specificity": (index.specificity, np.float32, (size,)),
        "units": (index.units, np.int32, (len(corpus.tunes),)),
        "gram_names": (index.gram_names, np.int64, (known,)),
        "gram_offsets": (index.gram_offsets, np.int64, (known + 1,)),
        "gram_rows": (index.gram_rows, np.int32, (len(index.gram_rows),)),
        "gram_weights": (index.gram_weights, np.float32, (known,)),
        "quantiles": (index.quantiles, np.float32, (len(WINDOWS), CLASSES, LEVELS)),
        "whole": (index.whole, np.float32, (LEVELS,)),
    }
    for name, (array, kind, shape) in shapes.items():
        if array.dtype != kind or array.shape != shape:
            raise ValueError(f"{name} is {array.dtype} {list(array.shape)}")
    for name, rows, offsets in (
        ("rows", index.rows, index.offsets),
        ("gram_rows", index.gram_rows, index.gram_offsets),
    ):
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(corpus):
            raise ValueError(f"{name} names measures that are not there")
        rising = bool((np.diff(offsets) >= 0).all())
        if not rising or offsets[0] != 0 or offsets[-1] != len(rows):
            raise ValueError(f"the offsets of {name} do not fit")
