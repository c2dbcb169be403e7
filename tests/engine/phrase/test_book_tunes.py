"""The tunes of the books in all their metres, as the phrase model has them."""

from engine.music.grid import GRIDS
from engine.phrase.book_tunes import tables
from engine.phrase.events import events, measure_of
from tests.support import small_phrase


def test_all_metres_are_there_and_a_tune_lies_in_one_split() -> None:
    four, others = tables()
    assert {others.tunes[at].metre for at in others.tune} == {"3/4", "6/8", "9/8", "12/8"}
    splits: dict[str, set[str]] = {}
    for tune in (*four.tunes, *others.tunes):
        splits.setdefault(tune.title.casefold(), set()).add(tune.split)
    apart = [title for title, found in splits.items() if len(found) > 1]
    assert not apart


def test_a_measure_comes_back_from_its_events() -> None:
    for tune in small_phrase.tunes()[::25]:
        for measure in tune.measures:
            assert measure_of(events(measure, tune.base), tune.base, tune.grid) == measure


def test_pairs_of_two_four_come_apart() -> None:
    tune = next(each for each in small_phrase.tunes() if each.paired)
    half = tune.halved()
    assert half.grid == GRIDS["2/4"]
    assert half.index[:2] == (2 * tune.index[0], 2 * tune.index[0] + 1)
    assert len(half) == 2 * len(tune)
    first, second = (each.tokens for each in half.measures[:2])
    assert first + second == tune.measures[0].tokens


def test_indices_rise_and_most_measures_follow_each_other() -> None:
    found = [b for tune in small_phrase.tunes() for b in tune.beside[1:]]
    assert all(list(t.index) == sorted(set(t.index)) for t in small_phrase.tunes())
    assert sum(found) / len(found) > 0.95
