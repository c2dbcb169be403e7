"""The search on the shipped index: what it finds, what it refuses, and a file that is damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine import locations
from engine.corpus.table import shipped
from engine.errors import NoModel, OutOfRange
from engine.influence.measures.candidates import NearRow
from engine.influence.measures.evaluation import self_test
from engine.influence.measures.index import CARD, BadMeasureIndex, place, read
from engine.influence.measures.search import CLOSE, MeasureInfluence, open_index
from engine.influence.spec import InfluenceAnswer, Match, Originality
from engine.latent.weights import load
from engine.music.grid import FOUR_QUARTERS, Grid
from engine.music.measure import SILENCE, Measure
from tests.support import long_tunes


@pytest.fixture(scope="module")
def search() -> MeasureInfluence:
    return open_index()


def tune(search: MeasureInfluence, number: int, by: int = 0) -> list[Measure]:
    rows = search.corpus.rows_of(number)
    return [search.corpus.measure(int(row)).transposed(by) for row in rows]


def test_a_training_tune_is_found_transposed_with_its_place(search: MeasureInfluence) -> None:
    measures = tune(search, 0, by=-1)
    found = search.of(measures, 2, top=5)
    first = found.matches[0]
    assert (first.rank, first.tune, first.title) == (1, 0, search.corpus.tunes[0].title)
    assert (first.raw, first.transposed) == (1.0, -1)
    assert first.latent == pytest.approx(1.0, abs=1e-3)
    assert first.percentile > 90
    assert first.asked <= 3 <= first.asked + first.measures - 1
    assert len(first.pairs) == sum(
        len(m.pitches) for m in measures[first.asked - 1 : first.asked - 1 + first.measures]
    )
    assert found.close
    assert found.originality.value == pytest.approx(0.0)
    assert found.originality.longest_match >= 8
    assert first.licence == "public domain"
    assert first.evidence == "similar"


def test_ranks_are_in_order_and_a_unit_is_named_once(search: MeasureInfluence) -> None:
    found = search.of(tune(search, 3), 1, top=40)
    assert [match.rank for match in found.matches] == list(range(1, 41))
    assert len({match.cluster for match in found.matches}) == 40
    assert all(0 <= match.raw <= 1 and 0 <= match.latent <= 1 for match in found.matches)


def test_books_and_units_can_be_left_out(search: MeasureInfluence) -> None:
    measures = tune(search, 0)
    first = search.of(measures, 0, top=1).matches[0]
    other = search.of(measures, 0, top=3, without_clusters={first.cluster})
    assert first.cluster not in {match.cluster for match in other.matches}
    aird = search.of(measures, 0, top=5, books={"Aird's Airs"})
    assert {match.book for match in aird.matches} == {"Aird's Airs"}
    assert search.of(measures, 0, licences={"CC0"}).matches == ()


def test_a_whole_tune_names_itself(search: MeasureInfluence) -> None:
    reported: list[float] = []
    found = search.behind(tune(search, 10), top=3, on_progress=reported.append)
    assert found.matches[0].title == search.corpus.tunes[10].title
    assert reported[-1] == 1.0
    assert found.originality.value == pytest.approx(0.0, abs=1e-6)
    assert 0 < found.originality.low < found.originality.high < 1


def test_a_whole_file_is_answered_as_its_measures_are_one_by_one(
    search: MeasureInfluence,
) -> None:
    measures = [*tune(search, 1200, by=1), SILENCE, *tune(search, 10), *held_out(search)]
    assert search.behind(measures, top=12) == whole(search, measures, top=12)
    alone = search.behind([SILENCE, measures[0]], top=3)
    assert alone.originality == search.of([SILENCE, measures[0]], 1).originality
    assert {match.asked for match in alone.matches} <= {1, 2}


@pytest.mark.long
def test_all_tunes_held_out_are_answered_as_their_measures_are_one_by_one(
    search: MeasureInfluence,
) -> None:
    # The test above in small; here several of the batches that long files are asked in.
    measures = long_tunes.measures(600)
    assert search.behind(measures, top=10) == whole(search, measures, top=10)


def held_out(search: MeasureInfluence) -> list[Measure]:
    corpus = search.corpus
    number = next(at for at, each in enumerate(corpus.tunes) if each.split == "test")
    return tune(search, number)


def whole(search: MeasureInfluence, measures: list[Measure], top: int) -> InfluenceAnswer:
    """Put an answer about measures together from the answers about each of them."""
    places = [at for at, measure in enumerate(measures) if not measure.silent]
    most = max(50, top)
    with pytest.MonkeyPatch.context() as patch:
        # Of fifty matches of each measure hardly any is shown: the others need not be whole.
        patch.setattr(MeasureInfluence, "_match", in_short)
        answers = [search.of(measures, at, top=most) for at in places]
    scores: dict[int, float] = {}
    chosen: dict[int, Any] = {}
    for match in (match for found in answers for match in found.matches):
        scores[match.cluster] = scores.get(match.cluster, 0.0) + match.score / len(places)
        known = chosen.setdefault(match.cluster, match)
        if (match.percentile, match.score) > (known.percentile, known.score):
            chosen[match.cluster] = match
    order = sorted(scores, key=lambda unit: -scores[unit])[:top]
    best = {
        unit: next(
            match
            for match in search.of(measures, chosen[unit].at, top=most).matches
            if match.cluster == unit
        )
        for unit in order
    }
    human, original = search.index.human, [found.originality.value for found in answers]
    low, high = human.whole_range()
    copied = any(match.percentile >= 100 for found in answers for match in found.matches)
    return replace(
        answers[0],
        close=copied or human.whole_percentile(1 - float(np.mean(original))) >= CLOSE,
        matches=tuple(
            replace(best[unit], rank=rank, score=scores[unit]) for rank, unit in enumerate(order, 1)
        ),
        originality=Originality(
            float(np.mean(original)),
            1 - high,
            1 - low,
            max(found.originality.longest_match for found in answers),
        ),
    )


def in_short(self: MeasureInfluence, _: Any, at: int, near: NearRow, score: float, __: int) -> Any:
    """Return what a match is chosen by."""
    return SimpleNamespace(
        cluster=self._search.unit(near.row), score=score, percentile=near.percentile, at=at
    )


def test_what_is_found_of_many_measures_is_put_together_at_the_end(
    search: MeasureInfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    measures, compared = tune(search, 10) * 4, 0
    put_together = MeasureInfluence._match

    def counted(*words: Any) -> Match:
        nonlocal compared
        compared += 1
        return put_together(*words)

    monkeypatch.setattr(MeasureInfluence, "_match", counted)
    assert len(search.behind(measures, top=5).matches) == compared == 5


def test_a_tune_that_is_repeated_names_itself_as_well(search: MeasureInfluence) -> None:
    own = int(search.index.units[0])
    again = search.behind(tune(search, 0) * 3, top=1)
    assert again.matches[0].cluster == own


@pytest.mark.long
def test_the_search_is_what_it_says_on_questions_with_known_answers(
    search: MeasureInfluence,
) -> None:
    found = self_test(search, load(locations.MEASURE_VAE), count=12, seed=1)
    assert found.alone >= 0.9
    assert found.passage >= 0.9
    assert found.overlap < 0.2
    assert found.planted == {1: True, 4: True, 16: True}
    assert found.permuted <= 0.1


def test_every_unit_has_a_place_in_each_ranking(search: MeasureInfluence) -> None:
    found = search.rankings(tune(search, 0), 0)
    assert set(found) == {"raw", "latent", "fused"}
    own = int(search.index.units[0])
    units = {int(search.index.units[t]) for t in search.corpus.tune[search.index.rows]}
    for scores in found.values():
        assert set(scores) == units
        assert scores[own] == max(scores.values())


def test_what_cannot_be_asked_is_told(search: MeasureInfluence) -> None:
    with pytest.raises(OutOfRange, match="no notes"):
        search.of([SILENCE], 0)
    with pytest.raises(OutOfRange, match="1 to 1"):
        search.of([SILENCE], 1)
    with pytest.raises(OutOfRange, match="no notes"):
        search.behind([SILENCE] * 3)
    with pytest.raises(OutOfRange, match="too many"):
        search.behind([SILENCE] * 10_001)
    waltz = other_grid()
    with pytest.raises(NoModel, match=waltz.name):
        search.of([Measure((60, *[0] * (waltz.ticks - 1)), waltz)], 0)


def other_grid() -> Grid:
    return replace(FOUR_QUARTERS, name="3/4", beats=3)


def _shorten(folder: Path) -> None:
    path = folder / "points.npy"
    path.write_bytes(path.read_bytes()[:-1000])


def _out_of_bounds(folder: Path) -> None:
    rows = np.load(folder / "rows.npy")
    rows[0] = 10**6
    np.save(folder / "rows.npy", rows)


def _other_type(folder: Path) -> None:
    np.save(folder / "notes.npy", np.load(folder / "notes.npy").astype(np.int64))


def _objects(folder: Path) -> None:
    np.save(folder / "units.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    "damage",
    [
        _shorten,
        _out_of_bounds,
        _other_type,
        _objects,
        lambda folder: (folder / "gram_rows.npy").unlink(),
        lambda folder: (folder / CARD).write_text("{"),
        lambda folder: (folder / "scale.npy").write_bytes(b"nothing"),
    ],
)
def test_a_damaged_index_is_told_with_its_remedy(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    shutil.copytree(place(), tmp_path / "index")
    damage(tmp_path / "index")
    card = json.loads((place() / CARD).read_text())
    with pytest.raises(BadMeasureIndex) as caught:
        read(tmp_path / "index", shipped(), card["model"])
    assert "corpus index" in caught.value.line()


def test_an_index_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMeasureIndex, match="speaks of"):
        read(place(), shipped(), "another")
    with pytest.raises(BadMeasureIndex, match="no index"):
        read(tmp_path, shipped(), "another")
