"""The table of measures from old tune books: what is in it, and how it is read and written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from engine import locations
from engine.common import atomic
from engine.errors import BadCorpus, OutOfRange
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.slot import Origin

MEASURES = "measures.safetensors"
TUNES = "tunes.tsv"
NOTICE = "NOTICE"
OTHER_METRES = "other-metres"
"""The folder in a corpus with a table of the measures that are not of four quarters."""

OWN_METRES = ("3/4", "6/8", "9/8", "12/8")
"""The metres of that table."""

SPLITS = ("train", "validation", "test")

Rows = npt.NDArray[np.int64]
"""Numbers of rows of the table, rising."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune of a book: where it stands there, what it is, and which settings it belongs with.

    ``number`` is the tune's number in the book, or its place in the alphabet where the
    source gives none. Tunes of one ``cluster`` are settings of the same tune, or so near
    that they count as such; a cluster lies in one ``split`` as a whole.
    """

    id: str
    book: str
    number: int
    title: str
    metre: str
    key: str
    cluster: int
    split: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measure stands in print: the title, the book, the tune's and measure's number."""

    title: str
    book: str
    number: int
    measure: int


@dataclass(frozen=True, eq=False)
class Corpus:
    """Measures of tunes, one row each, in the order of the books.

    ``tokens`` is uint8 [N, 24], a shorter measure filled up with holds; ``tune`` (a row of
    ``tunes``), ``number`` (of the measure in its tune, from 1) and ``cluster`` (the same in
    measures that are identical up to transposition) are int32 [N]. ``digest`` names the content
    of the files.
    """

    tokens: npt.NDArray[np.uint8]
    tune: npt.NDArray[np.int32]
    number: npt.NDArray[np.int32]
    cluster: npt.NDArray[np.int32]
    tunes: tuple[Tune, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.tokens)

    def measure(self, row: int) -> Measure:
        """Return the measure of a row; raises `OutOfRange` where there is none."""
        grid = self.grid(int(self.tune[self._checked(row)]))
        return Measure(tuple(int(token) for token in self.tokens[row, : grid.ticks]), grid)

    def grid(self, tune: int) -> Grid:
        """Return the grid of a tune's measures: that of four quarters, or of its own metre."""
        metre = self.tunes[tune].metre
        return GRIDS[metre] if metre in OWN_METRES else FOUR_QUARTERS

    def origin(self, row: int) -> Place:
        """Return where the measure of a row stands in print; raises `OutOfRange`."""
        tune = self.tunes[self.tune[self._checked(row)]]
        return Place(tune.title, tune.book, tune.number, int(self.number[row]))

    def rows_of(self, tune: int) -> Rows:
        """Return the rows of one tune, in order; raises `OutOfRange` for a tune that is not."""
        if not 0 <= tune < len(self.tunes):
            raise OutOfRange(f"There is no tune {tune}: the corpus has {len(self.tunes)}, from 0.")
        return cast(Rows, np.flatnonzero(self.tune == tune))

    def search(self, query: str) -> tuple[int, ...]:
        """Return the tunes whose title, book and number hold every word of ``query``."""
        words = query.casefold().split()
        return tuple(at for at, text in enumerate(self._searched) if all(w in text for w in words))

    def training(self) -> Rows:
        """Return one row for each measure, up to transposition, of the training tunes."""
        return self._distinct("train", unseen_in=())

    def validation(self) -> Rows:
        """Return one row for each measure of the validation tunes that no training tune has.

        "Has" and "each" are up to transposition here and in `test`.
        """
        return self._distinct("validation", unseen_in=("train",))

    def test(self) -> Rows:
        """Return one row for each measure of the test tunes that no other tune has."""
        return self._distinct("test", unseen_in=("train", "validation"))

    @cached_property
    def splits(self) -> npt.NDArray[np.int8]:
        """The place in `SPLITS` of each row's tune."""
        of_tune = np.array([SPLITS.index(tune.split) for tune in self.tunes], dtype=np.int8)
        return of_tune[self.tune]

    @cached_property
    def _searched(self) -> tuple[str, ...]:
        return tuple(f"{t.title} {t.book} {t.number}".casefold() for t in self.tunes)

    def _distinct(self, split: str, unseen_in: tuple[str, ...]) -> Rows:
        chosen = np.flatnonzero(self.splits == SPLITS.index(split))
        known = np.isin(self.splits, [SPLITS.index(name) for name in unseen_in])
        chosen = chosen[~np.isin(self.cluster[chosen], self.cluster[known])]
        _, first = np.unique(self.cluster[chosen], return_index=True)
        return cast(Rows, np.sort(chosen[first]))

    def _checked(self, row: int) -> int:
        if not 0 <= row < len(self):
            raise OutOfRange(f"There is no measure {row}: the corpus has {len(self)}, from 0.")
        return row


@lru_cache(maxsize=1)
def shipped() -> Corpus:
    """Return the corpus that ships with the program, read once; raises `BadCorpus`."""
    return read(locations.CORPUS)


def read(folder: Path) -> Corpus:
    """Read a corpus from its two files; raises `BadCorpus` where they are missing or damaged."""
    measures, tunes = (_bytes(folder / name) for name in (MEASURES, TUNES))
    try:
        with safe_open(folder / MEASURES, framework="numpy") as opened:
            expected = (opened.metadata() or {}).get("tunes_sha256")
        tensors = safetensors.numpy.load(measures)
        if expected != hashlib.sha256(tunes).hexdigest():
            raise ValueError(f"{TUNES} is not the one that was written with {MEASURES}")
        corpus = Corpus(
            tokens=tensors["tokens"],
            tune=tensors["tune"],
            number=tensors["number"],
            cluster=tensors["cluster"],
            tunes=_tunes(tunes.decode("utf-8")),
            digest=hashlib.sha256(measures).hexdigest()[:16],
        )
        _check(corpus)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise _bad(folder, f"is damaged ({str(error).splitlines()[0]})") from error
    return corpus


def write(folder: Path, corpus: Corpus, notice: str) -> None:
    """Write a corpus and its notice; the same content gives the same bytes.

    Files are replaced only when all are written, the measures last: they name the digest of
    the tunes, so a pair that does not belong together is refused by `read`. Raises
    `CannotWrite`.
    """
    tunes = _tsv(corpus.tunes).encode("utf-8")
    measures = safetensors.numpy.save(
        {
            name: np.ascontiguousarray(getattr(corpus, name))
            for name in ("tokens", "tune", "number", "cluster")
        },
        # One key only: with several, their order in the file is left to chance.
        metadata={"tunes_sha256": hashlib.sha256(tunes).hexdigest()},
    )
    atomic.make_folder(folder)
    atomic.write_all(
        {
            folder / NOTICE: notice.encode("utf-8"),
            folder / TUNES: tunes,
            folder / MEASURES: measures,
        }
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise _bad(path.parent, f"{reason} ({path.name}: {error.strerror})") from error


def _bad(folder: Path, what: str) -> BadCorpus:
    return BadCorpus(
        f"The table of measures in {folder} {what}.",
        "Install Armonica again, or write it anew: armonica corpus build.",
    )


def _tsv(tunes: tuple[Tune, ...]) -> str:
    names = [field.name for field in fields(Tune)]
    lines = [names, *([str(getattr(tune, name)) for name in names] for tune in tunes)]
    return "".join("\t".join(" ".join(cell.split()) for cell in line) + "\n" for line in lines)


def _tunes(text: str) -> tuple[Tune, ...]:
    header, *lines = (line.split("\t") for line in text.removesuffix("\n").split("\n"))
    if header != [field.name for field in fields(Tune)]:
        raise ValueError(f"{TUNES} has other columns")
    tunes = []
    for line in lines:
        tune_id, book, number, title, metre, key, cluster, split = line
        if split not in SPLITS:
            raise ValueError(f"{TUNES} names a split {split!r}")
        tunes.append(Tune(tune_id, book, int(number), title, metre, key, int(cluster), split))
    return tuple(tunes)


def _check(corpus: Corpus) -> None:
    size = len(corpus.tokens)
    expected = {
        "tokens": (np.dtype(np.uint8), (size, FOUR_QUARTERS.ticks)),
        **{name: (np.dtype(np.int32), (size,)) for name in ("tune", "number", "cluster")},
    }
    for name, (kind, shape) in expected.items():
        array = getattr(corpus, name)
        if array.dtype != kind or array.shape != shape:
            raise ValueError(f"{name} is {array.dtype} {list(array.shape)}")
    if not size:
        raise ValueError("it holds no measures")
    tokens = corpus.tokens
    if not np.all((tokens == HOLD) | (tokens == REST) | ((tokens >= LOWEST) & (tokens <= HIGHEST))):
        raise ValueError("a token is neither hold, rest nor a pitch in range")
    if corpus.tune.min() < 0 or corpus.tune.max() >= len(corpus.tunes):
        raise ValueError("a measure belongs to a tune that is not there")


def corpus_origin(place: Place) -> Origin:
    """Return the origin of a measure of the corpus: title, book, number, and measure."""
    return Origin("corpus", place.title, f"{place.book} {place.number}, measure {place.measure}")
