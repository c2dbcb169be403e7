"""The tunes of the books as the phrase model learns and is judged: all metres, by their key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.corpus.table import OTHER_METRES, Corpus, read
from engine.locations import CORPUS
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.measure import Measure
from engine.music.scales import Key, key_of
from engine.phrase.events import Events, base, events
from engine.phrase.gauge_scores import GaugeScores
from engine.phrase.sequences import About, Seen, lowest_told

Asked = tuple[float | None, ...]


@dataclass(frozen=True, eq=False)
class PhraseTune:
    """A tune: its measures in one metre, in order, and where each stands.

    ``index`` counts measures from 0, and has gaps where the table lacks some. ``paired`` says
    that two printed bars of 2/4 make one measure.
    """

    id: str
    split: str
    key: Key
    grid: Grid
    index: tuple[int, ...]
    measures: tuple[Measure, ...] = field(repr=False)
    paired: bool = False

    def __len__(self) -> int:
        return len(self.measures)

    @cached_property
    def base(self) -> int:
        """The pitch from which the tune's pitches are counted."""
        return base(self.key)

    @cached_property
    def about(self) -> About:
        """What the model is told of it."""
        return About.of(self.key, self.grid)

    @cached_property
    def events(self) -> tuple[Events, ...]:
        """The events of each measure."""
        return tuple(events(measure, self.base) for measure in self.measures)

    @cached_property
    def beside(self) -> tuple[bool, ...]:
        """Whether each measure follows the one before it without a gap."""
        return (False, *(b == a + 1 for a, b in zip(self.index, self.index[1:], strict=False)))

    def seen(self, number: int, **told: object) -> Seen:
        """Return a measure as it stands in a sequence."""
        return replace(Seen(self.index[number], self.events[number]), **told)  # type: ignore[arg-type]

    def gauges(self, scores: GaugeScores) -> tuple[Asked, ...]:
        """Return of each measure what it could be asked for."""
        return tuple(gauges_of(measure, self.base, scores) for measure in self.measures)

    def halved(self) -> PhraseTune:
        """Return the tune of paired bars in measures of 2/4, as it is printed."""
        grid, half = GRIDS["2/4"], FOUR_QUARTERS.ticks // 2
        rows = [
            (2 * index + part, Measure(measure.tokens[part * half : (part + 1) * half], grid))
            for index, measure in zip(self.index, self.measures, strict=True)
            for part in (0, 1)
        ]
        index, measures = zip(*rows, strict=True)
        return replace(self, grid=grid, index=index, measures=measures, paired=False)


def gauges_of(measure: Measure, low: int, scores: GaugeScores) -> Asked:
    """Return what a measure could be asked for: scores where its metre has them, lowest pitch."""
    found = scores.scores(measure) or (None,) * 4
    lowest = None if measure.silent else lowest_told(min(measure.pitches), low)
    return (*found, lowest)


def tables() -> tuple[Corpus, Corpus]:
    """Return the tables of the books that ship: four quarters, and other metres.

    Raises `BadCorpus`.
    """
    return read(CORPUS), read(CORPUS / OTHER_METRES)


def digest_of(corpora: Sequence[Corpus]) -> str:
    """Return a name for the content of tables."""
    return "+".join(corpus.digest for corpus in corpora)


def tunes_of(corpora: Sequence[Corpus], split: str) -> list[PhraseTune]:
    """Return the tunes of a split that have a key, from several tables."""
    found = []
    for corpus in corpora:
        starts = np.searchsorted(corpus.tune, np.arange(len(corpus.tunes) + 1))
        for number, tune in enumerate(corpus.tunes):
            if tune.split != split or not tune.key:
                continue
            rows = range(int(starts[number]), int(starts[number + 1]))
            grid, paired = corpus.grid(number), tune.metre == "2/4"
            found.append(
                PhraseTune(
                    tune.id, split, key_of(tune.key), grid, _indices(corpus.number[rows], paired),
                    tuple(corpus.measure(row) for row in rows), paired,
                )
            )  # fmt: skip
    return found


def _indices(numbers: npt.NDArray[np.int32], paired: bool) -> tuple[int, ...]:
    # Pairs go by two; where they are counted anew, an odd jump is one measure as well.
    step = 2 if paired else 1
    ways = np.diff(numbers)
    jumps = np.maximum(1, np.rint(ways / step)).astype(int)
    first = max(0, (int(numbers[0]) - 1) // step)
    return (first, *(first + int(at) for at in np.cumsum(jumps)))
