"""Notes against notes: what the definition says, whatever the transposition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.influence.measures.note_overlap import agreeing, agreement, cardinality
from engine.music.measure import HIGHEST, LOWEST, REST

Tokens = npt.NDArray[np.uint8]

any_token = st.one_of(st.sampled_from([0, 1]), st.integers(LOWEST, HIGHEST))
measures = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 6), st.just(24)),
    elements=any_token,
)


def by_definition(query: Tokens, other: Tokens) -> float:
    ours, theirs = (
        {(at, int(token)) for at, token in enumerate(tokens) if token > REST}
        for tokens in (query, other)
    )
    if not ours or not theirs:
        return 0.0
    moved = [len(ours & {(at, pitch + by) for at, pitch in theirs}) for by in range(-40, 41)]
    return max(moved) / max(len(ours), len(theirs))


def count(tokens: Tokens) -> npt.NDArray[np.uint8]:
    return np.asarray((tokens > REST).sum(axis=1), np.uint8)


@settings(max_examples=150)
@given(measures, measures)
def test_scores_are_those_of_the_definition(queries: Tokens, others: Tokens) -> None:
    for query in queries:
        found = cardinality(query, np.ascontiguousarray(others.T), count(others))
        expected = [by_definition(query, other) for other in others]
        assert np.allclose(found, expected)


@settings(max_examples=100)
@given(measures, st.integers(-29, 29))
def test_a_measure_is_itself_in_any_transposition(tokens: Tokens, by: int) -> None:
    query = tokens[0]
    moved = np.where(query > REST, query.astype(int) + by, query)
    if moved.max(initial=0) > HIGHEST or moved[query > REST].min(initial=LOWEST) < LOWEST:
        return
    other = moved.astype(np.uint8)
    score = cardinality(query, other[:, None], count(other[None]))[0]
    assert score == (1.0 if (query > REST).any() else 0.0)
    transposed, pairs = agreement(query, other)
    if (query > REST).any():
        assert transposed == -by
        assert pairs == tuple((at, at) for at in range(int((query > REST).sum())))


def test_pairs_are_the_notes_that_agree_under_one_transposition() -> None:
    ours, theirs = np.zeros(24, np.uint8), np.zeros(24, np.uint8)
    ours[[0, 6, 12, 18]] = [60, 64, 67, 72]
    theirs[[0, 6, 9, 18]] = [62, 66, 70, 70]
    assert agreement(ours, theirs) == (-2, ((0, 0), (1, 1)))
    assert agreement(ours, np.ones(24, np.uint8)) == (0, ())


def test_a_long_corpus_is_searched_to_its_end() -> None:
    tokens = np.random.default_rng(0).integers(LOWEST, HIGHEST, (70_000, 24)).astype(np.uint8)
    found = cardinality(tokens[-1], np.ascontiguousarray(tokens.T), count(tokens))
    assert int(found.argmax()) == 69_999
    assert found[-1] == 1.0


@settings(max_examples=100)
@given(measures, st.data())
def test_measures_that_are_moved_alike_agree_as_the_passage_does(
    ours: Tokens, data: st.DataObject
) -> None:
    shape = (len(ours), 24)
    theirs = data.draw(arrays.arrays(np.uint8, shape, elements=any_token))
    counts = sum(agreeing(a, b[:, None]) for a, b in zip(ours, theirs, strict=True))
    size = max(1, int((ours > REST).sum()), int((theirs > REST).sum()))
    scores = cardinality(ours.reshape(-1), theirs.reshape(-1, 1), count(theirs.reshape(1, -1)))
    assert scores[0] == np.float32(int(np.max(counts)) / size)
