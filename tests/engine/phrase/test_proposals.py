"""Proposals: they fit in, keep what is kept, and lean to what is held."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.latent.spec import Latent, LatentSpec
from engine.music.attributes import NAMES
from engine.music.grid import GRIDS
from engine.music.locks import KeptNotes
from engine.music.measure import HOLD, REST, Measure, silence
from engine.phrase.book_tunes import PhraseTune
from engine.phrase.model import shipped
from engine.phrase.proposals import ProposalRequest, miss, propose, turned
from engine.phrase.surprise import surprise
from tests.support import small_phrase

GRID = GRIDS["4/4"]


def tunes(name: str, count: int = 6) -> list[PhraseTune]:
    return [t for t in small_phrase.tunes() if t.grid.name == name and len(t) >= 16][:count]


def test_what_is_proposed_fits_better_than_another_tunes_measure() -> None:
    model = shipped()
    better = 0
    for tune, other in zip(tunes("6/8"), tunes("6/8")[1:], strict=False):
        found = propose(model, ProposalRequest(tune.measures[:8], tune.key, range(8, 9), tune.grid))
        row = [*tune.measures[:8], other.measures[8]]
        strange = surprise(model, row, tune.key)[8]
        assert strange is not None
        better += found[0].bits[0] < strange.bits
    assert better == 5


def test_the_best_comes_first_and_a_seed_is_a_proposal() -> None:
    model, tune = shipped(), tunes("4/4")[0]
    asked = ProposalRequest(tune.measures[:8], tune.key, range(8, 11), GRID)
    told: list[float] = []
    found = propose(model, asked, count=3, seed=4, on_progress=told.append)
    assert [each.all_bits for each in found] == sorted(each.all_bits for each in found)
    assert all(len(each.measures) == 3 for each in found)
    assert found == propose(model, asked, count=3, seed=4)
    assert found != propose(model, asked, count=3, seed=5)
    assert told[-1] == 1
    assert told == sorted(told)
    # Its bits are those that the surprise of the same measures has.
    row = [*tune.measures[:8], *found[0].measures]
    again = surprise(model, row, tune.key)[8:]
    assert [each.bits for each in again if each] == pytest.approx(list(found[0].bits), abs=0.01)


def test_both_sides_are_read() -> None:
    model, tune = shipped(), tunes("4/4")[0]
    gap = range(5, 6)
    both = propose(model, ProposalRequest(tune.measures, tune.key, gap, GRID), count=1)
    left = propose(model, ProposalRequest(tune.measures[:5], tune.key, gap, GRID), count=1)
    assert both[0].bits != left[0].bits
    # What stands in the gap is not looked at.
    emptied = [None if at == 5 else each for at, each in enumerate(tune.measures)]
    assert both == propose(model, ProposalRequest(emptied, tune.key, gap, GRID), count=1)


@settings(max_examples=10, deadline=None)
@given(
    onset=st.integers(0, 23),
    length=st.integers(1, 24),
    pitch=st.sampled_from([REST, 55, 62, 67, 84]),
    seed=st.integers(0, 999),
)
def test_kept_notes_stay_with_their_length(onset: int, length: int, pitch: int, seed: int) -> None:
    end = min(24, onset + length)
    tokens = ((onset, pitch), *((tick, HOLD) for tick in range(onset + 1, end)))
    kept = KeptNotes(tokens, frozenset({end} - {24}))
    tune = tunes("4/4")[1]
    asked = ProposalRequest(tune.measures[:4], tune.key, range(4, 5), GRID, kept={4: kept})
    (measure,) = propose(shipped(), asked, count=1, seed=seed)[0].measures
    assert kept.of(measure) == measure


def test_a_varied_measure_keeps_its_rhythm() -> None:
    tune = tunes("6/8")[0]
    asked = ProposalRequest(tune.measures, tune.key, range(2, 5), tune.grid, varied=True)
    for found in propose(shipped(), asked):
        for there, measure in zip(tune.measures[2:5], found.measures, strict=True):
            assert [min(t, 2) for t in measure.tokens] == [min(t, 2) for t in there.tokens]
    varied = {found.measures for found in propose(shipped(), asked, count=6)}
    assert len(varied) > 1


class _Deaf:
    """A measure model whose gauges make the same measure of all: eight eighths up and down."""

    spec = LatentSpec("deaf", "0", ())
    made = Measure(tuple(67 + at // 3 if at % 3 == 0 else HOLD for at in range(24)))

    def __init__(self) -> None:
        self.codes: list[Latent] = []
        self.moved: tuple[int, ...] = ()

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        return [(0.0,) * 32 for _ in measures]

    def decode(
        self, latents: Sequence[Latent], *, candidates: int = 32, moved: Sequence[int] = ()
    ) -> list[Measure]:
        self.codes, self.moved, self.candidates = list(latents), tuple(moved), candidates
        return [self.made for _ in latents]


def test_held_gauges_are_told_and_set() -> None:
    model, tune = shipped(), tunes("4/4")[2]
    held = {"note_density": 1.2}
    asked = ProposalRequest(tune.measures[:8], tune.key, range(8, 9), GRID, held)
    free = ProposalRequest(tune.measures[:8], tune.key, range(8, 9), GRID)
    told = propose(model, asked, count=3)
    plain = propose(model, free, count=3)
    assert sum(miss(model, each.measures[0], held) for each in told) < sum(
        miss(model, each.measures[0], held) for each in plain
    )
    deaf = _Deaf()
    assert turned(deaf, tune.measures[:2], held) == [deaf.made] * 2  # type: ignore[arg-type]
    assert deaf.moved == (NAMES.index("note_density"),)
    assert all(code[2] == 1.2 and sum(code) == pytest.approx(1.2) for code in deaf.codes)


def test_in_a_long_song_and_at_its_ends() -> None:
    model, tune = shipped(), tunes("4/4")[0]
    long = tune.measures[:8] * 40
    for numbers in (range(1), range(150, 158), range(319, 320), range(320, 323)):
        (found,) = propose(model, ProposalRequest(long, tune.key, numbers, GRID), count=1)
        assert len(found.measures) == len(numbers)
    (alone,) = propose(model, ProposalRequest([], tune.key, range(2), GRID), count=1)
    assert not any(measure.silent for measure in alone.measures)
    silent = [silence(GRID)] * 4
    assert propose(
        model, ProposalRequest(silent, tune.key, range(1, 2), GRID, varied=True), count=1
    )


def test_what_cannot_be_asked() -> None:
    model, tune = shipped(), tunes("4/4")[0]
    with pytest.raises(OutOfRange, match="5/4"):
        ProposalRequest(tune.measures, tune.key, range(1), GRIDS["5/4"])
    with pytest.raises(OutOfRange, match="1 to 8 measures"):
        ProposalRequest(tune.measures, tune.key, range(9), GRID)
    with pytest.raises(OutOfRange, match="z7"):
        ProposalRequest(tune.measures, tune.key, range(1), GRID, {"z7": 1.0})
    waltz = ProposalRequest([], tune.key, range(1), GRIDS["12/8"], {"note_density": 1.0})
    with pytest.raises(OutOfRange, match="12/8"):
        propose(model, waltz)
