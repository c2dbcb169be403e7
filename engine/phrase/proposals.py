"""Measures proposed for a place in a song: what fits its neighbours, under gauges that are held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.errors import OutOfRange
from engine.latent.spec import LatentModel
from engine.music.attributes import NAMES
from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import HOLD, Measure
from engine.music.scales import Key
from engine.phrase.context import AFTER, BEFORE, first_index, read_grid, readable
from engine.phrase.drawing import Drawer, rhythm
from engine.phrase.events import METRES, base, events
from engine.phrase.model import PhraseModel, Reading
from engine.phrase.sequences import NOTHING_ASKED, About, Seen, head, steps

LONGEST = 8
"""The most measures that are proposed in a row."""

DRAWS = 6
"""How many measures are drawn for one where gauges are held; the nearest to them is taken."""

PROPOSALS = 4
BITS_WEIGHT = 0.2
"""How much a bit a note counts beside a miss of one in normal scores."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Measures for a span of a song, and the bits of each in its place."""

    measures: tuple[Measure, ...]
    bits: tuple[float, ...]

    @property
    def all_bits(self) -> float:
        """The bits of all."""
        return sum(self.bits)


@dataclass(frozen=True)
class ProposalRequest:
    """What is to be proposed: the measures ``numbers`` (from 0) among ``measures``, in a key.

    ``measures`` are those of the song, None where there is none; those in ``numbers`` are not
    looked at but to vary them. ``held`` are normal scores that the attributes of each measure are
    to have, by name; ``kept`` is what stays in a measure, by its number. With ``varied`` the rhythm
    of the measures in ``numbers`` stays, and new pitches are drawn for it. With ``ends`` the model
    is told that the tune ends with them. Raises `OutOfRange` for a metre that the books do not
    have, for more measures than are proposed at once, and for a gauge that cannot be held.
    """

    measures: Sequence[Measure | None]
    key: Key
    numbers: range
    grid: Grid = FOUR_QUARTERS
    held: Mapping[str, float] = field(default_factory=dict)
    kept: Mapping[int, KeptNotes] = field(default_factory=dict)
    varied: bool = False
    ends: bool = False

    def __post_init__(self) -> None:
        if read_grid(self.grid) is None:
            raise OutOfRange(
                f"Nothing is proposed in {self.grid.metre}: the tune books have no such measures.",
                f"They have {', '.join(METRES)}.",
            )
        if not 1 <= len(self.numbers) <= LONGEST:
            raise OutOfRange(
                f"1 to {LONGEST} measures are proposed at once, not {len(self.numbers)}."
            )
        for name in self.held:
            if name not in NAMES:
                raise OutOfRange(
                    f"No proposal is held to {name!r}.", f"It can be to {', '.join(NAMES)}."
                )

    def keeps(self, at: int) -> KeptNotes:
        """Return what stays in the measure ``at``."""
        own = self.kept.get(at, NOTHING)
        there = self.measures[at] if at < len(self.measures) else None
        if not self.varied or there is None or (read := readable(there)) is None:
            return own
        tokens = dict(rhythm(read).tokens) | dict(own.tokens)
        return KeptNotes(tuple(tokens.items()), own.ends)


def propose(
    model: PhraseModel,
    asked: ProposalRequest,
    latent: LatentModel | None = None,
    *,
    count: int = PROPOSALS,
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda _: None,
) -> tuple[Proposal, ...]:
    """Return proposals, those with the fewest bits first.

    Up to 16 measures before and 8 after are read. Of 6 draws the one is taken that misses the
    held gauges least, at a cost for bits. With the ``latent`` model, which reads measures of four
    quarters, what its gauges make of each draw is a candidate, too. ``on_progress`` is told how
    much is done, 0 to 1. Raises `OutOfRange` for gauges of a metre that has no scores.
    """
    _check_scored(model, asked)
    own = read_grid(asked.grid) or asked.grid
    about, low = About.of(asked.key, own), base(asked.key)
    reading = Reading(model)
    off = _read_around(reading, about, asked, own, low)
    drawer = Drawer(reading, about, own, low)
    random = np.random.default_rng(seed)
    begun = reading.length
    found: list[Proposal] = []
    for number in range(count):
        reading.length = begun
        made: list[Measure] = []
        bits: list[float] = []
        for at in asked.numbers:
            left = asked.numbers.stop - 1 - at if asked.ends else None
            place = Seen(at - off, (), to_end=left)
            best = _best(model, drawer, place, asked, at, latent, random)
            bits.append(drawer.read(place, best))
            made.append(best)
            on_progress((number + len(made) / len(asked.numbers)) / count)
        found.append(Proposal(tuple(made), tuple(bits)))
    return tuple(sorted(found, key=lambda each: each.all_bits))


def _best(
    model: PhraseModel,
    drawer: Drawer,
    place: Seen,
    asked: ProposalRequest,
    at: int,
    latent: LatentModel | None,
    random: np.random.Generator,
) -> Measure:
    kept = asked.keeps(at)
    if not asked.held:
        return drawer.draw(place, random, kept)
    told = (*(asked.held.get(name) for name in NAMES), None)
    telling = replace(place, asked=told)
    drawn = [drawer.draw(telling, random, kept) for _ in range(DRAWS)]
    if latent is not None and drawer.grid == FOUR_QUARTERS and not asked.varied:
        drawn += [kept.of(measure) for measure in turned(latent, drawn, asked.held)]

    def cost(measure: Measure) -> float:
        notes = max(1, sum(token != HOLD for token in measure.tokens))
        a_note = drawer.bits(place, measure) / notes
        return miss(model, measure, asked.held) + BITS_WEIGHT * a_note

    return min(drawn, key=cost)


def turned(
    latent: LatentModel, measures: Sequence[Measure], held: Mapping[str, float]
) -> list[Measure]:
    """Return what the measure model makes of measures when its gauges are set as they are held."""
    moved = [NAMES.index(name) for name in held]
    codes = [list(code) for code in latent.encode(measures)]
    for code in codes:
        for dimension, value in zip(moved, held.values(), strict=True):
            code[dimension] = value
    return latent.decode([tuple(code) for code in codes], moved=moved)


def miss(model: PhraseModel, measure: Measure, held: Mapping[str, float]) -> float:
    """Return the mean distance from held gauges in normal scores."""
    scores = model.scores.scores(measure)
    if scores is None or not held:
        return 0.0
    return sum(abs(scores[NAMES.index(name)] - at) for name, at in held.items()) / len(held)


def _read_around(
    reading: Reading, about: About, asked: ProposalRequest, grid: Grid, low: int
) -> int:
    """Read what lies around the gap, what follows it too, and return what is taken off numbers."""
    measures, numbers = asked.measures, asked.numbers
    last = min(len(measures), numbers.stop + AFTER)
    off = first_index(max(last, numbers.stop) - 1)
    around = (*range(max(off, numbers.start - BEFORE), numbers.start), *range(numbers.stop, last))
    seen = []
    for at in around:
        there = measures[at] if at < len(measures) else None
        found = None if there is None else readable(there)
        if found is not None and found.grid == grid:
            seen.append(Seen(at - off, events(found, low), asked=NOTHING_ASKED))
    reading.read(steps(about, seen) if seen else head(about, numbers.start - off))
    return off


def _check_scored(model: PhraseModel, asked: ProposalRequest) -> None:
    if asked.held and asked.grid.metre not in model.scores.tables:
        raise OutOfRange(
            f"No gauge is held in {asked.grid.metre}: the tune books have too few such measures.",
            f"They have enough in {', '.join(model.scores.tables)}.",
        )
