"""A training set of five tunes and a search that is arithmetic: the same answers everywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engine.errors import ArmonicaError
from engine.influence.alerts import alert
from engine.influence.licences import licence
from engine.influence.measures.index import BadMeasureIndex
from engine.influence.spec import InfluenceAnswer, Match, Originality
from engine.music.measure import Measure
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.services.analysis.influence_backends import InfluenceParts
from tests.support.measures import eighths
from tests.support.songs import one_track

LOW, HIGH = 0.21, 0.68
CORPUS, MODEL = "c" * 16, "m" * 64


@dataclass(frozen=True)
class FakeTune:
    """A tune: its cluster, title, book, number in print, and measures."""

    cluster: int
    title: str
    book: str
    number: int
    measures: tuple[Measure, ...]


OFTEN = (67, 71, 74, 71, 67, 71, 74, 79)

TUNES = (
    FakeTune(
        10, "The Rakes of Kildare", "O'Neill's Music of Ireland", 1203,
        (eighths(*OFTEN), eighths(66, 69, 72, 69, 66, 69, 72, 78), eighths(*OFTEN)),
    ),
    FakeTune(
        11, "Haste to the Wedding", "Aird's Airs", 64,
        (eighths(62, 66, 69, 66, 62, 66, 69, 74), eighths(64, 67, 71, 67, 64, 67, 71, 76)),
    ),
    FakeTune(
        12, "Whiddon's -- Reel", "Ryan's Mammoth Collection", 317,
        (eighths(67, 69, 71, 72, 74, 76, 78, 79), eighths(79, 78, 76, 74, 72, 71, 69, 67)),
    ),
    FakeTune(
        13, "A Song of Yesterday", "Songs of Today", 3,
        (eighths(60, 60, 67, 67, 69, 69, 67, 67), eighths(65, 65, 64, 64, 62, 62, 60, 60)),
    ),
    FakeTune(
        14, "The Flowers of Edinburgh", "O'Neill's Music of Ireland", 1754,
        (eighths(79, 74, 71, 74, 79, 74, 71, 67), eighths(67, 67, 67, 67, 71, 71, 71, 71)),
    ),
)  # fmt: skip

YESTERDAY = TUNES[3].measures

MISSING_INDEX = BadMeasureIndex("There is no index.", "Make it anew: armonica corpus index.")


class FakePrint:
    """The tunes in print."""

    books = tuple(sorted({tune.book for tune in TUNES}))
    licences = tuple(sorted({licence(tune.book) for tune in TUNES}))

    def passages(self, tune: int, number: int, count: int) -> list[tuple[Measure, ...]]:
        """Return measures of a tune."""
        return [TUNES[tune].measures[number - 1 : number - 1 + count]]

    def positions(self, tune: int, first: int, count: int) -> tuple[Measure, ...]:
        """Return measures of a tune, which begins again at its end."""
        measures = TUNES[tune].measures
        return tuple(measures[(first - 1 + at) % len(measures)] for at in range(count))


@dataclass
class FakeSearch:
    """Compares notes at the same ticks; a tune is as near as its nearest measure.

    ``asked`` keeps what was asked. A measure that lies among others is also compared with
    the one after it, where there is one.
    """

    queries: list[tuple[Measure, ...]] = field(default_factory=list)

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
        """Return the tunes by how near they are."""
        self.queries.append(tuple(measures))
        every = [self._match(tuple(measures), at, row) for row in range(len(TUNES))]
        near = sorted(every, key=lambda match: (-match.raw, match.tune))
        named = [
            match
            for match in near
            if (books is None or match.book in books)
            and (licences is None or match.licence in licences)
            and match.cluster not in without_clusters
        ][:top]
        return found(named, max(match.raw for match in every))

    def _match(self, measures: tuple[Measure, ...], at: int, row: int) -> Match:
        tune, best = TUNES[row], None
        for length in (1, 2):
            for start in range(len(tune.measures) - length + 1):
                ours, theirs = measures[at : at + length], tune.measures[start : start + length]
                if len(ours) < length:
                    continue
                pairs, share = compared(ours, theirs)
                # The longer one of two that are as near says more.
                if best is None or share > best[0] or (share == best[0] > 0 and length > best[2]):
                    best = share, start, length, pairs
        assert best is not None
        share, start, length, pairs = best
        terms = licence(tune.book)
        return Match(
            rank=row + 1,
            cluster=tune.cluster,
            tune=row,
            title=tune.title,
            book=tune.book,
            number=tune.number,
            measure=start + 1,
            measures=length,
            asked=at + 1,
            transposed=0,
            raw=share,
            latent=round(0.5 + share / 2, 3),
            score=share,
            percentile=100 * share,
            licence=terms,
            alert=alert(terms, len(pairs), 100 * share),
            run=len(pairs),
            pairs=pairs,
        )


def compared(
    ours: Sequence[Measure], theirs: Sequence[Measure]
) -> tuple[tuple[tuple[int, int], ...], float]:
    """Return the notes at the same place and pitch, and their share of the larger number."""
    one, other = _notes(ours), _notes(theirs)
    pairs = tuple((one.index(each), other.index(each)) for each in one if each in other)
    return pairs, len(pairs) / max(1, len(one), len(other))


def _notes(measures: Sequence[Measure]) -> list[tuple[Fraction, int]]:
    return [
        (number * 4 + note.onset, note.pitch)
        for number, measure in enumerate(measures)
        for note in measure.notes
    ]


def found(matches: Sequence[Match], nearest: float, unit: str = "measure") -> InfluenceAnswer:
    """Return an answer of matches in order, the nearest of all being as near as that."""
    ranked = [_ranked(match, rank) for rank, match in enumerate(matches, 1)]
    return InfluenceAnswer(
        tuple(ranked),
        Originality(1 - nearest, LOW, HIGH, max((m.run for m in matches), default=0)),
        any(match.raw >= 0.5 for match in ranked),
        CORPUS,
        MODEL,
        2184,
        16743,
        unit,  # type: ignore[arg-type]
    )


def _ranked(match: Match, rank: int) -> Match:
    return replace(match, rank=rank)


class FakePulls:
    """Confirms the first match of each answer by gradients."""

    def weighed(self, found: InfluenceAnswer, measures: Sequence[Measure]) -> InfluenceAnswer:
        """Return the answer with its first match confirmed."""
        first, *others = found.matches
        assert len(measures) >= first.asked
        sure = replace(first, evidence="gradient", pull=99.5)
        return replace(found, matches=(sure, *(replace(each, pull=50.0) for each in others)))


class FakeTakeSearch:
    """Finds the same tunes for every take, each from another second on."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    def of(self, take: str, *, top: int = 10) -> InfluenceAnswer:
        """Return three tunes."""
        self.queries.append(take)
        matches = []
        for row in range(3):
            tune, near = TUNES[row], 0.97 - 0.15 * row
            terms = licence(tune.book)
            matches.append(
                Match(1, tune.cluster, row, tune.title, tune.book, tune.number, 1, 2, 2 * row + 1,
                      3, near, near - 0.1, near, 100 * near, terms,
                      alert=alert(terms, 0, 100 * near))
            )  # fmt: skip
        return found(matches[:top], 0.97, "second")


def parts(
    search: FakeSearch | None = None,
    takes: FakeTakeSearch | None = None,
    *,
    error: ArmonicaError | None = None,
) -> InfluenceParts:
    """Return parts that are fakes, or that cannot be opened."""

    def opened(made: object) -> Callable[[], object]:
        def make() -> object:
            if error is not None:
                raise error
            return made

        return make

    return InfluenceParts(
        measures=opened(search or FakeSearch()),  # type: ignore[arg-type]
        takes=opened(takes or FakeTakeSearch()),  # type: ignore[arg-type]
        tunes=FakePrint,
        pulls=opened(FakePulls()),  # type: ignore[arg-type]
    )


def borrowed_song() -> Song:
    """Return a song of borrowed measures: of a free tune, of one in copyright, and of none."""
    tune = Origin("corpus", "A Tune")
    borrowed = (
        eighths(*OFTEN[:7], 80),
        *YESTERDAY,
        eighths(60, 72, 60, 72, 60, 72, 60, 72),
    )
    slots = tuple(Slot.brought_in(measure, tune) for measure in borrowed)
    return one_track(
        "Borrowed", 96.0, slots=(slots[0], Slot(), *slots[1:3], Slot(), slots[3], Slot())
    )
