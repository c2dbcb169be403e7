"""Who answers questions about influence: a search of measures, one of takes, and the print."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.influence.spec import InfluenceAnswer
from engine.music.measure import Measure

if TYPE_CHECKING:
    # The table and the searches bring numpy, which the first paint does not wait for.
    from engine.corpus.table import Corpus


class MeasureSearch(Protocol):
    """Finds what lies near to measures.

    `engine.influence.measures.search` says what each word means.
    """

    def of(
        self,
        measures: Sequence[Measure],
        at: int,
        *,
        top: int = 10,
        books: Collection[str] | None = None,
        licences: Collection[str] | None = None,
        without_clusters: Collection[int] = (),
    ) -> InfluenceAnswer:
        """Return what lies near to measure ``at`` (from 0), the ones around it considered."""


class TakeSearch(Protocol):
    """Finds what lies near to takes."""

    def of(self, take: str, *, top: int = 10) -> InfluenceAnswer:
        """Return what lies near to a take that is kept."""


class Weighing(Protocol):
    """Asks gradients about the matches of an answer."""

    def weighed(self, found: InfluenceAnswer, measures: Sequence[Measure]) -> InfluenceAnswer:
        """Return the answer about measures with what gradients confirm of its matches."""


class Print(Protocol):
    """The tunes as they stand in print."""

    @property
    def books(self) -> tuple[str, ...]:
        """The books that the tunes are from."""

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences that the books have."""

    def passages(self, tune: int, number: int, count: int) -> list[tuple[Measure, ...]]:
        """Return ``count`` measures of a tune from each that has a number in print.

        Numbers may be left out, and in a few tunes they begin anew.
        """

    def positions(self, tune: int, first: int, count: int) -> tuple[Measure, ...]:
        """Return measures of a tune from its ``first`` (from 1), which begins again at its end."""


class Tunes:
    """The tunes of a corpus, as `Print`."""

    def __init__(self, corpus: Corpus) -> None:
        from engine.influence.licences import licence

        self._corpus = corpus
        self.books = tuple(sorted({tune.book for tune in corpus.tunes}))
        self.licences = tuple(sorted({licence(book) for book in self.books}))

    def passages(self, tune: int, number: int, count: int) -> list[tuple[Measure, ...]]:
        """Return ``count`` measures of a tune from each that has a number in print."""
        rows = self._corpus.rows_of(tune).tolist()
        starts = [at for at, row in enumerate(rows) if int(self._corpus.number[row]) == number]
        return [tuple(map(self._corpus.measure, rows[at : at + count])) for at in starts]

    def positions(self, tune: int, first: int, count: int) -> tuple[Measure, ...]:
        """Return measures of a tune from its ``first`` (from 1), which begins again at its end."""
        rows = self._corpus.rows_of(tune).tolist()
        chosen = (rows[(first - 1 + at) % len(rows)] for at in range(min(count, len(rows))))
        return tuple(map(self._corpus.measure, chosen))


def _measures() -> MeasureSearch:
    from engine.influence.measures.search import open_index

    return open_index()


def _pulls() -> Weighing:
    import torch

    from engine import locations
    from engine.corpus.table import shipped
    from engine.influence.attribution.match_gradients import Pulls
    from engine.latent.weights import load

    # Beside the music one thread is enough.
    torch.set_num_threads(1)
    return Pulls(shipped(), load(locations.MEASURE_VAE))


def _print() -> Print:
    from engine.corpus.table import shipped

    return Tunes(shipped())


@dataclass(frozen=True, slots=True)
class InfluenceParts:
    """How the searches are come by; each is called on a worker's thread, when first needed.

    ``takes`` has no default here: the service that keeps takes brings the search among them.
    """

    takes: Callable[[], TakeSearch]
    measures: Callable[[], MeasureSearch] = _measures
    pulls: Callable[[], Weighing] = _pulls
    tunes: Callable[[], Print] = _print
